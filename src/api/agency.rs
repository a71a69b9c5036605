//! `/api/agency`: how the agency works, which everybody there may read and its owner changes.

use super::body::json_body;
use crate::domain::{AgencyChange, Right, Role, SettingError, Zone};
use crate::http::{ApiError, Caller, Context, Door, Route, Tag};
use crate::view::{AgencySettingsView, RoleName};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use utoipa::ToSchema;

const PATH: &str = "/api/agency";

pub(super) const READ: Route = Route::get(
    PATH,
    Door::For(Right::KnowOneself),
    |route| route.to(read),
    |operation| {
        operation
            .named(Tag::History, "agency", "How the agency works")
            .answers::<AgencySettingsView>(200, "Its name and what its owner has set")
    },
);

pub(super) const CHANGE: Route = Route::patch(
    PATH,
    Door::For(Right::ChangeAgency),
    |route| route.to(change),
    |operation| {
        operation
            .named(
                Tag::History,
                "changeAgency",
                "Change how the agency works",
            )
            .saying("What is left out stays. A list, and the names of numbers, are replaced as a whole.")
            .takes::<Change>(json!({
                "time_zone": "Europe/Berlin",
                "ring_s": 25,
                "numbers": { "+15559876543": "Sales" },
            }))
            .answers::<AgencySettingsView>(200, "As it works now")
            .fails(400, "A field that is not known or a refused value: nothing is changed, all that is wrong is named")
            .fails(415, "Not JSON")
    },
);

/// What is to be different.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AgencyChange)]
struct Change {
    #[schema(value_type = String, required = false)]
    name: Option<String>,
    /// Where its days begin, by its name in the IANA database.
    #[schema(value_type = String, required = false)]
    time_zone: Option<String>,
    /// The roles for which callers' numbers are masked.
    #[schema(value_type = Vec<RoleName>, required = false)]
    mask_numbers_for: Option<Vec<String>>,
    /// How long an agent has after a call: 0 to 3600 seconds.
    #[schema(value_type = u16, required = false)]
    wrap_up_s: Option<i64>,
    /// Why somebody may be away: at most 20.
    #[schema(value_type = Vec<String>, required = false)]
    away_reasons: Option<Vec<String>>,
    /// How long an agent's phone rings: 5 to 40 seconds.
    #[schema(value_type = u16, required = false)]
    ring_s: Option<i64>,
    /// The longest wait that it promises: 1 to 3600 seconds.
    #[schema(value_type = u16, required = false)]
    service_level_s: Option<i64>,
    /// What its people call its numbers: at most 1000.
    #[schema(value_type = BTreeMap<String, String>, required = false)]
    numbers: Option<BTreeMap<String, String>>,
}

/// How the agency works.
async fn read(caller: Caller) -> HttpResponse {
    answer(&caller)
}

fn answer(caller: &Caller) -> HttpResponse {
    let view = AgencySettingsView::new(&caller.agency.agency, &caller.agency.settings);
    HttpResponse::Ok().json(view)
}

/// Changes how the agency works, and answers how it does now.
async fn change(
    caller: Caller,
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    const EXPECTED: &str = "an object of the agency's settings, such as {\"ring_s\":25}";
    let body: Change = json_body(&request, payload, &context.clock, EXPECTED).await?;
    let change = body.read().map_err(|wrong| {
        ApiError::BadRequest(format!("Nothing was changed. {}", wrong.join("; ")))
    })?;
    if change.is_empty() {
        return Err(ApiError::BadRequest("No setting was given".into()));
    }
    let (agency, user) = (caller.agency_id(), caller.user.id);
    context.store.change_agency(agency, change).await?;
    // This node's next request finds it; the others hear of it at once, or read it within two seconds.
    context.directory.refresh().await?;
    tracing::info!("Settings of agency {agency} changed by {user}");
    let agency = context.directory.agency(agency);
    let agency = agency.ok_or(ApiError::Internal)?;
    Ok(answer(&Caller { agency, ..caller }))
}

impl Change {
    /// What is meant, or everything that is wrong with it.
    fn read(self) -> Result<AgencyChange, Vec<String>> {
        let mut wrong = Vec::new();
        let change = AgencyChange {
            name: self.name,
            time_zone: self
                .time_zone
                .and_then(|name| zone(name.trim(), &mut wrong)),
            mask_numbers_for: self.mask_numbers_for.map(|names| roles(&names, &mut wrong)),
            ring_s: self.ring_s.map(seconds),
            service_level_s: self.service_level_s.map(seconds),
            wrap_up_s: self.wrap_up_s.map(seconds),
            away_reasons: self.away_reasons,
            numbers: self.numbers,
        };
        match change.checked() {
            Ok(change) if wrong.is_empty() => Ok(change),
            Ok(_) => Err(wrong),
            Err(refused) => {
                wrong.extend(refused.iter().map(SettingError::to_string));
                Err(wrong)
            }
        }
    }
}

/// What does not fit is beyond every range.
fn seconds(given: i64) -> u16 {
    u16::try_from(given).unwrap_or(u16::MAX)
}

fn zone(name: &str, wrong: &mut Vec<String>) -> Option<Zone> {
    let zone = Zone::from_name(name);
    if zone.is_none() {
        let sentence = "time_zone: a zone of the IANA database, such as Europe/Berlin or UTC";
        wrong.push(sentence.to_owned());
    }
    zone
}

fn roles(names: &[String], wrong: &mut Vec<String>) -> Vec<Role> {
    let known: Vec<Role> = names
        .iter()
        .filter_map(|name| Role::from_name(name))
        .collect();
    if known.len() < names.len() {
        let names = Role::ALL.map(Role::name).join(", ");
        wrong.push(format!("mask_numbers_for: a list of {names}"));
    }
    known
}
