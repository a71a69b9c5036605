//! `GET /api/stats`: the numbers of a wallboard.

use super::page::{bad, moment};
use crate::domain::{AgentStats, Right, Stats};
use crate::http::{ApiError, Caller, Context, Door, Route, Tag, schema};
use crate::view::StatsView;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, web};
use serde::Deserialize;

/// The longest stretch that is counted: a month of any length.
const LONGEST: i64 = 31 * 86_400 * 1_000_000;

pub(super) const STATS: Route = Route::get(
    "/api/stats",
    Door::For(Right::ReadCalls),
    |route| route.to(stats),
    |operation| {
        operation
            .named(Tag::History, "stats", "The numbers of a wallboard")
            .query(
                "since",
                "Where the day begins, within the last 31 days; midnight in the agency's time zone unless said. One later than now begins now.",
                schema::time(),
            )
            .answers::<StatsView>(200, "Who waits now, how calls came out, and how each person does")
            .fails(400, "`since` cannot be read, or is out of range")
    },
);

/// Where the day begins.
#[derive(Debug, Deserialize)]
struct StatsQuery {
    since: Option<String>,
}

/// Who waits now, and how the calls came out that began since `since` and are over.
async fn stats(
    caller: Caller,
    query: web::Query<StatsQuery>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let now = context.clock.now();
    let settings = &caller.agency.settings;
    let since = match moment("since", query.into_inner().since)? {
        Some(since) if now.micros_since(since) > LONGEST => {
            return Err(bad("since: a time of the last 31 days (RFC 3339)"));
        }
        // The asker's clock may be ahead of ours.
        Some(since) => since.min(now),
        None => settings.time_zone.day_began(now),
    };
    let agency = caller.agency_id();
    let waiting = context.store.waiting(agency).await?;
    let promised = settings.service_level_s;
    let hours = context
        .store
        .finished_by_hour(agency, since, promised)
        .await?;
    let stats = Stats::of(&waiting, &hours, since, now, promised);
    let agents = if caller.is_person() {
        let counted = context.store.counted_by_agent(agency, since).await?;
        let agents = context.store.agents(agency).await?;
        AgentStats::of(agents.into_values(), counted, since, now)
    } else {
        Vec::new()
    };
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(StatsView::new(&stats, &agents)))
}
