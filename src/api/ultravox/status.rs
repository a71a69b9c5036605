//! `GET /api/ultravox/status`: which credentials are stored, what Ultravox has, whether they agree,
//! and what to do.

use super::account::{account_of, detailed, of_ultravox, on_main};
use crate::agencies::Credentials;
use crate::domain::{CredentialKey, Right};
use crate::http::{ApiError, Caller, Context, Door, Route, Tag};
use crate::providers::ultravox::{
    Issue, IssueKind, VoiceCarrier, issues as compared, without_secrets,
};
use crate::view::CredentialName;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

pub(in crate::api) const STATUS: Route = Route::get(
    "/api/ultravox/status",
    Door::For(Right::SeeVoiceAgents),
    |route| route.to(status),
    |operation| {
        operation
            .named(Tag::Ultravox, "ultravoxStatus", "How the two sides agree")
            .answers::<UltravoxStatus>(200, "What is stored, what Ultravox has, and what to do")
            .fails(
                502,
                "Ultravox did not answer; what is known without it is beside the sentence",
            )
    },
);

/// The status. When Ultravox does not answer, what is known without it is in the 502.
async fn status(caller: Caller, context: web::Data<Context>) -> Result<HttpResponse, ApiError> {
    let agency = caller.agency_id();
    let credentials = context.directory.credentials(agency).await?;
    let Ok(account) = account_of(agency, &credentials) else {
        return Ok(HttpResponse::Ok().json(view(&credentials, &Seen::NotAsked)));
    };
    let ours = context.clone();
    let whole = on_main(&context, async move {
        let whole = ours.ultravox.whole(&account).await;
        Ok(whole.map(|whole| without_secrets(whole, &account.secrets)))
    });
    match whole.await? {
        Ok(whole) => Ok(HttpResponse::Ok().json(view(&credentials, &Seen::Whole(whole)))),
        Err(error) => {
            let sentence = of_ultravox(&error).to_string();
            let known = view(&credentials, &Seen::Failed(sentence.clone()));
            let fields = match serde_json::to_value(known)? {
                Value::Object(fields) => fields,
                _ => Map::new(),
            };
            Err(detailed(StatusCode::BAD_GATEWAY, &sentence, fields))
        }
    }
}

/// How the agency's carriers stand with Ultravox.
#[derive(Serialize, ToSchema)]
struct UltravoxStatus {
    /// Which credentials are stored and can be opened, by their names.
    stored: BTreeMap<&'static str, bool>,
    /// Whether an import has once succeeded.
    telephony_configured: bool,
    /// What Ultravox has of each carrier, in its own fields (null: nothing); null when it was not
    /// asked or did not answer.
    #[schema(value_type = Option<BTreeMap<String, Option<Object>>>, required)]
    ultravox: Option<BTreeMap<&'static str, Value>>,
    /// Whether it was asked and nothing differs.
    in_sync: bool,
    /// What differs or is missing, as values: what a program decides by.
    issues: Vec<UltravoxIssue>,
    /// The same in sentences, for people.
    sync_issues: Vec<String>,
    /// What to do about it, in sentences.
    next_steps: Vec<String>,
}

/// One thing that is not as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
struct UltravoxIssue {
    /// Of which carrier: `telnyx`, `twilio` or `plivo`; null where it is of none.
    #[schema(required)]
    carrier: Option<&'static str>,
    /// With which credential; null where it is not one.
    #[schema(value_type = Option<CredentialName>, required)]
    key: Option<&'static str>,
    kind: UltravoxIssueKind,
}

/// What is not as it should be. `unreadable`: a credential is stored and cannot be opened.
/// `not_asked`: without its key Ultravox was not asked; `no_answer`: it was, in vain. `missing`: the
/// carrier is stored in part, without this credential. `not_imported`: it is stored and not known to
/// Ultravox. `differs`: Ultravox has another value. `no_agents`: Ultravox lets no agent take its
/// calls. Kinds to come are to be shown by their sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum UltravoxIssueKind {
    Unreadable,
    NotAsked,
    NoAnswer,
    Missing,
    NotImported,
    Differs,
    NoAgents,
}

impl From<IssueKind> for UltravoxIssueKind {
    fn from(kind: IssueKind) -> Self {
        match kind {
            IssueKind::Missing => Self::Missing,
            IssueKind::NotImported => Self::NotImported,
            IssueKind::Differs => Self::Differs,
            IssueKind::NoAgents => Self::NoAgents,
        }
    }
}

/// What was seen of Ultravox.
enum Seen {
    NotAsked,
    Failed(String),
    Whole(Value),
}

fn view(credentials: &Credentials, seen: &Seen) -> UltravoxStatus {
    let stored = CredentialKey::ALL.iter();
    let stored = stored.map(|key| (key.name(), credentials.get(*key).is_some()));
    let judged = judged(credentials, seen);
    let ultravox = match seen {
        Seen::Whole(whole) => {
            let shown = |carrier: VoiceCarrier| {
                let one = whole.get(carrier.name()).cloned().unwrap_or_default();
                (carrier.name(), one)
            };
            Some(VoiceCarrier::ALL.into_iter().map(shown).collect())
        }
        Seen::NotAsked | Seen::Failed(_) => None,
    };
    let in_sync = matches!(seen, Seen::Whole(_)) && judged.issues.is_empty();
    UltravoxStatus {
        stored: stored.collect(),
        telephony_configured: credentials.telephony_configured,
        ultravox,
        in_sync,
        issues: judged.issues,
        sync_issues: judged.sentences,
        next_steps: judged.steps,
    }
}

/// Where the two sides differ, and what to do about it.
#[derive(Default)]
struct Judged {
    issues: Vec<UltravoxIssue>,
    sentences: Vec<String>,
    steps: Vec<String>,
}

impl Judged {
    fn add(&mut self, issues: impl IntoIterator<Item = UltravoxIssue>, what: String, mend: String) {
        self.issues.extend(issues);
        self.sentences.push(what);
        if !self.steps.contains(&mend) {
            self.steps.push(mend);
        }
    }

    fn add_compared(&mut self, issue: Issue) {
        let of = |key| UltravoxIssue {
            carrier: Some(issue.carrier.name()),
            key,
            kind: issue.kind.into(),
        };
        let issues: Vec<UltravoxIssue> = if issue.keys.is_empty() {
            vec![of(None)]
        } else {
            let keys = issue.keys.iter();
            keys.map(|key| of(Some(key.name()))).collect()
        };
        self.add(issues, issue.what, issue.mend);
    }
}

fn judged(credentials: &Credentials, seen: &Seen) -> Judged {
    let of_no_carrier = |kind, key: Option<CredentialKey>| {
        Some(UltravoxIssue {
            carrier: None,
            key: key.map(CredentialKey::name),
            kind,
        })
    };
    let mut judged = Judged::default();
    for (key, why) in &credentials.unopened {
        judged.add(
            of_no_carrier(UltravoxIssueKind::Unreadable, Some(*key)),
            format!("{key} is stored and cannot be opened: {why}"),
            format!("Store {key} again, or restore the key that sealed it"),
        );
    }
    let ultravox = Some(CredentialKey::UltravoxApiKey);
    match seen {
        Seen::NotAsked => judged.add(
            of_no_carrier(UltravoxIssueKind::NotAsked, ultravox),
            "No usable ultravox_api_key is stored, so Ultravox was not asked".into(),
            "Store ultravox_api_key: PUT /api/agency/credentials/ultravox_api_key".into(),
        ),
        Seen::Failed(sentence) => judged.add(
            of_no_carrier(UltravoxIssueKind::NoAnswer, ultravox),
            format!("Ultravox did not answer the question: {sentence}"),
            "See that ultravox_api_key is right and that Ultravox is up, then look again".into(),
        ),
        Seen::Whole(whole) => {
            for issue in compared(whole, &credentials.values) {
                judged.add_compared(issue);
            }
        }
    }
    judged
}
