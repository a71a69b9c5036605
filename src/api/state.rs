//! `PUT /api/me/state`: somebody says whether they are there to take calls.

use super::body::json_body;
use crate::domain::{Choice, Right};
use crate::http::{ApiError, Caller, Context, Door, Route, Tag};
use crate::journal::AppendError;
use crate::view::AgentView;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Map, json};
use utoipa::ToSchema;

pub(super) const PUT: Route = Route::put(
    "/api/me/state",
    Door::For(Right::BeThere),
    |route| route.to(put),
    |operation| {
        operation
            .named(Tag::History, "putState", "Say whether I am there to take calls")
            .saying(
                "It ends a wrap-up. What else there is follows by itself: `busy` from calls, `wrap_up` \
                 from the end of one, `offline` from 30 s without a socket. Said while on a call, it \
                 holds once the call is over.",
            )
            .takes::<Wish>(json!({ "state": "away", "reason": "lunch" }))
            .answers::<AgentView<'_>>(200, "What I am now")
            .fails(400, "Neither available nor away, or no reason of the agency's list, which is in `away_reasons`")
            .fails(409, "This server watches nobody (`CALLBOARD_PRESENCE=off`)")
            .fails(415, "Not JSON")
    },
);

/// What somebody wants to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StateWish)]
struct Wish {
    /// `available` or `away`.
    state: String,
    /// Why, of who is away: one of the agency's `away_reasons`; none where it has none.
    #[schema(value_type = String, required = false)]
    reason: Option<String>,
}

async fn put(
    caller: Caller,
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    const EXPECTED: &str = "a state, such as {\"state\":\"away\",\"reason\":\"lunch\"}";
    let wish: Wish = json_body(&request, payload, &context.clock, EXPECTED).await?;
    let choice = wish.choice(&caller.agency.settings.away_reasons)?;
    if !context.presence.is_on() {
        let sentence = "This server watches nobody: CALLBOARD_PRESENCE is off";
        return Err(ApiError::Conflict(sentence.to_owned()));
    }
    let (agency, user) = (caller.agency_id(), caller.user.id);
    let chosen = context.presence.choose(agency, user, choice).await;
    let agent = chosen.map_err(|error| match error {
        AppendError::NoAgency => ApiError::NotFound("There is no such agency any more"),
        error => {
            tracing::warn!("A state is not recorded: {error}");
            ApiError::Unavailable("Your state could not be recorded; try again in a moment")
        }
    })?;
    let agent = agent.ok_or(ApiError::NotFound(
        "You are none of the agency's people any more",
    ))?;
    Ok(HttpResponse::Ok().json(AgentView::from(agent.as_ref())))
}

impl Wish {
    /// What is meant, in an agency with these reasons.
    fn choice(self, reasons: &[String]) -> Result<Choice, ApiError> {
        let reason = self.reason.as_deref().map(str::trim);
        match (self.state.as_str(), reason) {
            ("available", None) => Ok(Choice::Available),
            ("available", Some(_)) => Err(ApiError::BadRequest(
                "reason: only whoever is away has one".to_owned(),
            )),
            ("away", None) if reasons.is_empty() => Ok(Choice::Away(None)),
            ("away", Some(reason)) if reasons.iter().any(|one| one == reason) => {
                Ok(Choice::Away(Some(reason.to_owned())))
            }
            ("away", _) => Err(unknown_reason(reasons)),
            _ => Err(ApiError::BadRequest(
                "state: available or away; what else there is follows from calls and sockets"
                    .to_owned(),
            )),
        }
    }
}

fn unknown_reason(reasons: &[String]) -> ApiError {
    let sentence = if reasons.is_empty() {
        "reason: the agency has none, so leave it out".to_owned()
    } else {
        format!("reason: one of the agency's: {}", reasons.join(", "))
    };
    let mut fields = Map::new();
    fields.insert("away_reasons".into(), json!(reasons));
    ApiError::Detailed {
        status: StatusCode::BAD_REQUEST,
        sentence,
        fields,
    }
}

#[cfg(test)]
mod tests {
    use super::Wish;
    use crate::domain::Choice;

    fn wish(state: &str, reason: Option<&str>, reasons: &[&str]) -> Result<Choice, String> {
        let wish = Wish {
            state: state.into(),
            reason: reason.map(str::to_owned),
        };
        let reasons: Vec<String> = reasons.iter().map(|&one| one.to_owned()).collect();
        wish.choice(&reasons).map_err(|error| error.to_string())
    }

    #[test]
    fn whoever_is_away_says_why_in_the_agencys_words_where_it_has_any() {
        let lunch = Choice::Away(Some("lunch".into()));
        assert_eq!(
            wish("away", Some(" lunch "), &["break", "lunch"]),
            Ok(lunch)
        );
        assert_eq!(wish("away", None, &[]), Ok(Choice::Away(None)));
        assert_eq!(wish("available", None, &["lunch"]), Ok(Choice::Available));
        for (state, reason, reasons, said) in [
            ("away", Some("nap"), &["break", "lunch"][..], "break, lunch"),
            ("away", None, &["lunch"], "one of the agency's: lunch"),
            ("away", Some("nap"), &[], "leave it out"),
            (
                "available",
                Some("lunch"),
                &["lunch"],
                "only whoever is away",
            ),
            ("busy", None, &[], "available or away"),
        ] {
            let why = wish(state, reason, reasons).unwrap_err();
            assert!(why.contains(said), "{why}");
        }
    }
}
