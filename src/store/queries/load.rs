//! What a batch reads: all that bears on the calls concerned.

use super::super::schema::{
    agency_heads, call_legs, claims, commands, inbound_calls, webhook_events,
};
use super::super::{BEGIN_BATCH, BEGIN_WRITE, Line, locked, locked_if_free, rows_by, together};
use super::search::{Asks, Found, Key, Search};
use crate::domain::AgencyId;
use crate::store::batch::{BatchKeys, Heads, Loaded, WebhookOutcome};
use crate::store::claim_rows::{ClaimRow, CommandRow};
use crate::store::journal_rows::HeadRow;
use crate::store::named::Named;
use crate::store::places::Places;
use crate::store::rows::{CallRow, LegRow};
use crate::store::{StoreError, parse_agency};
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

/// Begins the transaction and reads what the database holds of these keys, under the lock of their
/// agencies; and the places of the rows that may be replaced.
pub(super) async fn load(line: Line<'_>, keys: BatchKeys) -> Result<(Loaded, Places), StoreError> {
    let agencies: Vec<String> = keys.agencies.iter().map(AgencyId::to_string).collect();
    let webhooks = keys.webhook_ids.iter();
    let webhooks: Vec<Key<Named>> = webhooks
        .map(|(agency, carrier, id)| (*agency, Named::by(*carrier, id)))
        .collect();
    let holders = keys.holders.iter();
    let holders: Vec<Key<String>> = holders
        .map(|(agency, user)| (*agency, user.to_string()))
        .collect();
    let mut search = Search::of(&keys);
    let first = search.asks();
    let ((), heads, repeats, held, found) = together!(
        line;
        begin(keys.heads),
        lock_heads(&agencies, keys.heads),
        known_webhooks(&webhooks),
        calls_held_by(&holders),
        look_up(&first)
    );
    search.take(found)?;
    search.take_calls(held)?;
    let mut agents = keys.agents;
    let mut asks = search.asks();
    while !asks.is_empty() {
        search.take(look_up(line, &asks).await?)?;
        asks = search.asks();
    }
    agents.extend(search.holders()?);
    let mut loaded = Loaded {
        agents: super::agents::load(line, &agents, &keys.looked_at).await?,
        ..Loaded::default()
    };
    for row in heads {
        let (agency, head) = row.head()?;
        loaded.heads.insert(agency, head);
    }
    if keys.heads == Heads::Free && loaded.heads.len() < agencies.len() {
        for agency in known_agencies(line, &agencies).await? {
            let agency = parse_agency(&agency)?;
            if !loaded.heads.contains_key(&agency) {
                loaded.held.insert(agency);
            }
        }
    }
    for (agency, id, carrier, outcome) in repeats {
        let known_as = Named::of((id, carrier));
        let known = if outcome == WebhookOutcome::Failed.name() {
            &mut loaded.failed
        } else {
            &mut loaded.repeats
        };
        let carrier = known_as.carrier("webhook_events.carrier")?;
        known.insert((parse_agency(&agency)?, carrier, known_as.name));
    }
    search.finish(loaded)
}

async fn begin(line: Line<'_>, heads: Heads) -> Result<(), StoreError> {
    let begin = match heads {
        Heads::All => BEGIN_BATCH,
        Heads::Free => BEGIN_WRITE,
    };
    { line }.batch_execute(begin).await?;
    Ok(())
}

/// Those of these agencies that are there, whoever holds their heads.
async fn known_agencies(
    mut line: Line<'_>,
    agencies: &[String],
) -> Result<Vec<String>, StoreError> {
    let heads = agency_heads::table.filter(agency_heads::agency_id.eq_any(agencies));
    let ids = heads.select(agency_heads::agency_id);
    Ok(ids.load(&mut line).await?)
}

/// Everything of an agency is serialised by this one lock; taken in the order of the ids, so that
/// two nodes cannot wait for each other.
async fn lock_heads(
    mut line: Line<'_>,
    agencies: &[String],
    which: Heads,
) -> Result<Vec<HeadRow>, StoreError> {
    let heads = agency_heads::table;
    Ok(match agencies {
        [] => Vec::new(),
        [agency] => {
            let head = heads.filter(agency_heads::agency_id.eq(agency));
            match which {
                Heads::All => locked!(head).load(&mut line).await?,
                Heads::Free => locked_if_free!(head).load(&mut line).await?,
            }
        }
        agencies => {
            let heads = heads
                .filter(agency_heads::agency_id.eq_any(agencies))
                .order(agency_heads::agency_id);
            match which {
                Heads::All => locked!(heads).load(&mut line).await?,
                Heads::Free => locked_if_free!(heads).load(&mut line).await?,
            }
        }
    })
}

/// Everything that these keys name, one look-up for each kind of key.
///
/// Each look-up has one key and so one index. Asked for in one statement with `OR`, SQLite reads
/// every row of the agency instead.
async fn look_up(line: Line<'_>, asks: &Asks) -> Result<Found, StoreError> {
    let (by_handle, by_leg_id, by_session, by_claim, called, claimed) = together!(
        line;
        legs_by_handle(&asks.handles),
        legs_by_leg_id(&asks.leg_ids),
        legs_by_session(&asks.sessions),
        legs_by_claim(&asks.claims),
        calls_of_legs(&asks.callers),
        calls_claimed(&asks.claims)
    );
    let mut found = Found {
        legs: [by_handle, by_leg_id, by_session, by_claim].concat(),
        ..Found::default()
    };
    for (call, claim, command) in called.into_iter().chain(claimed) {
        found.calls.push(call);
        found.claims.extend(claim);
        found.commands.extend(command);
    }
    Ok(found)
}

/// A call with one of its claims, and one of that claim's commands.
type CallAndClaim = (CallRow, Option<ClaimRow>, Option<CommandRow>);

/// A look-up of rows by columns that are unique, or nearly so, within an agency.
macro_rules! look_ups {
    ($($name:ident by $key:ty: $row:ty = $rows:expr, $table:ident $columns:tt;)+) => {$(
        async fn $name(mut line: Line<'_>, keys: &[Key<$key>]) -> Result<Vec<$row>, StoreError> {
            Ok(rows_by!(&mut line, $rows, $table, $columns, keys))
        }
    )+};
}

look_ups! {
    known_webhooks by Named: (String, String, String, String) = webhook_events::table
        .select((
            webhook_events::agency_id,
            webhook_events::webhook_id,
            webhook_events::carrier,
            webhook_events::outcome,
        )),
        webhook_events [webhook_id, carrier];
    legs_by_handle by Named: LegRow = call_legs::table, call_legs [call_control_id, carrier];
    legs_by_leg_id by Named: LegRow = call_legs::table, call_legs [call_leg_id, carrier];
    legs_by_session by Named: LegRow = call_legs::table, call_legs [call_session_id, carrier];
    legs_by_claim by String: LegRow = call_legs::table, call_legs [claim_id];
    calls_held_by by String: CallRow = inbound_calls::table
        .filter(inbound_calls::status.eq_any(["answering", "answered"])),
        inbound_calls [answered_by];
    calls_of_legs by Named: CallAndClaim = inbound_calls::table
        .left_join(claims::table.on(claims::call_id.eq(inbound_calls::id)))
        .left_join(commands::table.on(commands::claim_id.eq(claims::id.nullable()))),
        inbound_calls [call_control_id, carrier];
    calls_claimed by String: CallAndClaim = inbound_calls::table
        .left_join(claims::table.on(claims::call_id.eq(inbound_calls::id)))
        .left_join(commands::table.on(commands::claim_id.eq(claims::id.nullable()))),
        claims [id];
}
