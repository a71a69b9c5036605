//! A database of the previous release, from its dump: the next release opens it, migrates it, and
//! goes on where the other one stopped.
//!
//! `tests/it/previous/` holds a dump of each kind and what was shown of it on the day that it was
//! made. `record` makes them again when a release is out (see CONTRIBUTING.md).

mod anatomy;
mod dump;
mod record;
mod traffic;

use crate::support::World;
use crate::support::browser::words_of;
use crate::support::command::{callboard, prepared};
use crate::support::exchange::{API_KEY, Line};
use crate::support::patience::{look_again, soon};
use crate::support::process::{address, url_of};
use crate::support::retelling::tell;
use crate::support::world::Tenant;
use callboard::clock::Clock;
use callboard::domain::{AgencyId, Timestamp, UserId};
use callboard_simulator::browser::{Message, Position};
use callboard_simulator::{Direction, Exchange, ExchangeSettings, HangupCause, Leg, SigningKey};
use serde_json::Value;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;
use traffic::BAD_NUMBER;

const STEP: Duration = Duration::from_millis(50);

/// What is left of the previous release: its database, and what was seen of it.
struct Previous {
    world: World,
    seen: Value,
    /// Where the carrier is; it answers nothing yet.
    carrier: TcpListener,
}

impl Previous {
    /// A second after the last word of the dump, migrated by the command that operators run.
    async fn opened(empty: World) -> Self {
        let kind = dump::kind(&empty.database);
        let seen = dump::seen(kind);
        let at = Timestamp::parse(text(&seen["at"])).expect("a time");
        let clock = Clock::by_hand(at.plus_seconds(1));
        let mut world = restored(kind, clock).await;
        let carrier = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = carrier.local_addr().expect("an address").port();
        let base = format!("http://127.0.0.1:{port}/v2");
        world.config.providers.telnyx_api_base = base.parse().expect("a URL");
        let migrated = callboard(&["migrate"], &url_of(&world)).await;
        assert_eq!(migrated.code, 0, "{}", migrated.said);
        Self {
            world,
            seen,
            carrier,
        }
    }

    /// A server of this release, and the carrier that knows the legs of old.
    async fn goes_on(self) -> (Line, Value) {
        let node = self.world.node().await;
        let carrier = Arc::new(self.world.carrier_to(&node));
        let settings = ExchangeSettings {
            api_key: Some(API_KEY.into()),
            ..ExchangeSettings::default()
        };
        let exchange = Exchange::listen(self.carrier, Arc::clone(&carrier), settings);
        let line = Line {
            world: self.world,
            node,
            exchange: exchange.expect("serves"),
            carrier,
        };
        for name in self.seen["legs"].as_object().expect("legs").keys() {
            line.exchange.registers(leg(&line, &self.seen, name));
        }
        (line, self.seen)
    }
}

/// The database as the previous release left it, which nobody has migrated, by the machine's clock.
pub async fn left_behind() -> World {
    restored("postgres", Clock::system()).await
}

async fn restored(kind: &str, clock: Clock) -> World {
    let (database, seen) = (dump::restored(kind).await, dump::seen(kind));
    let tenants = [tenant(&seen["acme"]), tenant(&seen["rival"])];
    let people = ["Anna", "Ben", "Olivia", "Mallory"].map(|name| person(&seen, name));
    World::found(database, clock, tenants, people).await
}

async fn a_database_of_the_previous_release_shows_what_it_showed(empty: World) {
    let Previous { world, seen, .. } = Previous::opened(empty).await;
    let checked = callboard(&["migrate", "--check"], &url_of(&world)).await;
    assert_eq!(checked.code, 0, "{}", checked.said);

    let node = world.node().await;

    let pages = seen["pages"].as_array().expect("pages");
    assert!(pages.len() > 20, "{}", pages.len());
    for page in pages {
        let path = text(&page["path"]);
        let who = person(&seen, text(&page["who"]));
        let (status, now) = node.get(&world, who, path).await;
        assert_eq!(status, 200, "{path}: {now}");
        is_still_there(&page["body"], &now, path);
    }
    for (who, shown) in seen["boards"].as_object().expect("boards") {
        let board = node.board(&world, person(&seen, who)).await;
        // What had failed is on the board by now, or will be in a moment.
        let mut shows = board.shows();
        shows.retain(|call| !call.starts_with(BAD_NUMBER));
        assert_eq!(serde_json::json!(shows), *shown, "{who}");
    }
}

async fn what_is_made_anew_keeps_its_rows_indexes_triggers_and_references(empty: World) {
    let kind = dump::kind(&empty.database);
    let database = dump::restored(kind).await;
    let columns = anatomy::columns(&database).await;
    let rows = anatomy::rows(&database, &columns).await;
    let parts = anatomy::parts(&database).await;
    assert!(rows.len() > 80 && parts.len() > 40, "{rows:#?} {parts:#?}");

    let migrated = callboard(&["migrate"], &address(&database)).await;

    assert_eq!(migrated.code, 0, "{}", migrated.said);
    assert_eq!(anatomy::rows(&database, &columns).await, rows);
    let now = anatomy::parts(&database).await;
    let lost: Vec<&String> = parts.iter().filter(|part| !now.contains(part)).collect();
    assert_eq!(lost, [""; 0]);
    assert_eq!(anatomy::orphans(&database).await, [""; 0]);
}

async fn the_previous_releases_calls_are_as_their_webhooks_say(empty: World) {
    let previous = Previous::opened(empty).await;
    // What failed then is all that is wrong with it.
    let before = verified(&previous.world).await;
    let only_the_failed = ": 0 differing, 0 too old to check; 2 webhooks could not be applied";
    assert!(before.1.contains(only_the_failed), "{}", before.1);

    let (line, _) = previous.goes_on().await;
    let failed = "SELECT webhook_id FROM webhook_events WHERE outcome = 'failed'";
    let applied = async {
        while !line.world.database.texts(failed).await.is_empty() {
            look_again().await;
        }
    };
    line.world.wind_until(STEP, applied).await;
    line.settled().await;

    let (code, said) = verified(&line.world).await;
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains(": 0 differing, 0 too old to check\n"),
        "{said}"
    );
}

async fn what_the_previous_release_owed_to_the_carrier_is_done(empty: World) {
    let (line, seen) = Previous::opened(empty).await.goes_on().await;
    let mut board = line.olivias_board().await;
    let ringing = &seen["calls"]["ringing"];

    let released = async {
        loop {
            let event = board.hears().await;
            if event.kind == "call.released" && event.call.id() == text(ringing) {
                return event;
            }
        }
    };
    let released = line.world.wind_until(STEP, released).await;

    // Anna's phone was ringing; of it nothing has been heard since.
    assert_eq!(released.reason.as_deref(), Some("timed_out"));
    // A transfer of which no answer had come is sent again, and is known by its id.
    let (owed, asked) = (&seen["owed"], line.asked("transfer"));
    let again = asked
        .iter()
        .find(|asked| asked.command_id.as_deref() == owed["transfer"].as_str());
    let again = again.unwrap_or_else(|| panic!("no {owed} in {asked:#?}"));
    assert_eq!(
        again.leg.as_deref(),
        seen["legs"]["mid-command"]["call_control_id"].as_str()
    );
    // A phone that nobody was to answer is hung up.
    let silenced = async {
        while !line
            .asked("hangup")
            .iter()
            .any(|asked| asked.leg.as_deref() == owed["hangup"].as_str())
        {
            look_again().await;
        }
    };
    line.world.wind_until(STEP, silenced).await;
}

async fn a_client_of_the_previous_release_resumes_where_it_was(empty: World) {
    let Previous { world, seen, .. } = Previous::opened(empty).await;
    let node = world.node().await;
    let epoch = text(&seen["epoch"]).to_owned();
    let last = seen["seq"].as_u64().expect("a number");

    for seq in [0, last / 2, last - 1] {
        let position = Position {
            epoch: epoch.clone(),
            seq,
        };
        let mut board = node.board_at(&world, world.olivia, position).await;
        let greeting = format!("{:?}", board.greeting());
        assert!(
            matches!(board.greeting(), Message::Resumed(_)),
            "{greeting}"
        );
        for number in seq + 1..=last {
            let event = board.hears().await;
            let was = &seen["events"][number.to_string()];
            assert_eq!(words_of(&event), text(&was["words"]));
            assert_eq!(event.call.id(), text(&was["call"]));
        }
    }
}

async fn a_new_webhook_of_an_old_call_joins_it(empty: World) {
    let (line, seen) = Previous::opened(empty).await.goes_on().await;
    let mut board = line.olivias_board().await;
    let (world, carrier) = (&line.world, line.node.carrier(&line.world.acme));
    let becomes = async |board: &mut crate::support::browser::Board, kind: &str, name: &str| {
        let id = text(&seen["calls"][name]);
        let comes = async {
            loop {
                let event = board.hears().await;
                if event.kind == kind && event.call.id() == id {
                    return event;
                }
            }
        };
        world.wind_until(Duration::from_millis(1), comes).await
    };

    // The phone that rang is answered: its leg names the claim that was made then.
    let phone = leg(&line, &seen, "ringing phone");
    tell(&carrier, [&phone.answered(), &phone.bridged()]).await;
    let answered = becomes(&mut board, "call.answered", "ringing").await;
    assert_eq!(answered.call.text("answered_by_name"), Some("Anna"));

    // Who talked then hangs up now.
    let talking = leg(&line, &seen, "talking");
    tell(&carrier, [&talking.hung_up(HangupCause::NormalClearing)]).await;
    becomes(&mut board, "call.ended", "talking").await;

    // And what was held then waited for this.
    let mut held = leg(&line, &seen, "held").initiated();
    held.occurred_at = Timestamp::parse(text(&seen["at"]))
        .expect("a time")
        .plus_seconds(-60)
        .into();
    tell(&carrier, [&held]).await;
    let (_, page) = line
        .node
        .get(world, world.olivia, "/api/calls?limit=1000")
        .await;
    let calls = page["calls"].as_array().expect("calls");
    let handle = &seen["legs"]["held"]["call_control_id"];
    let held: Vec<&Value> = calls
        .iter()
        .filter(|call| call["call_control_id"] == *handle)
        .collect();
    assert_eq!(held.len(), 1, "{page}");
    assert_eq!(held[0]["status"], "ended");
}

on_each_database!(
    a_database_of_the_previous_release_shows_what_it_showed,
    what_is_made_anew_keeps_its_rows_indexes_triggers_and_references,
    the_previous_releases_calls_are_as_their_webhooks_say,
    what_the_previous_release_owed_to_the_carrier_is_done,
    a_client_of_the_previous_release_resumes_where_it_was,
    a_new_webhook_of_an_old_call_joins_it,
);

/// All that was shown is shown; there may be more of it, and further fields and rows.
fn is_still_there(was: &Value, now: &Value, place: &str) {
    match (was, now) {
        (Value::Object(fields), Value::Object(_)) => {
            for (name, was) in fields {
                is_still_there(was, &now[name], &format!("{place}.{name}"));
            }
        }
        (Value::Array(rows), Value::Array(all)) => {
            for row in rows {
                let same = all.iter().find(|now| names(now) == names(row));
                let same = same.unwrap_or_else(|| panic!("{place}: no {row} in {all:?}"));
                is_still_there(row, same, place);
            }
        }
        _ => assert_eq!(was, now, "{place}"),
    }
}

/// What a row is known by, or else the whole of it.
fn names(row: &Value) -> &Value {
    let known = ["id", "seq", "key"]
        .into_iter()
        .find_map(|name| row.get(name));
    known.unwrap_or(row)
}

/// How `callboard verify` ends, and what it says, where nothing is too old.
async fn verified(world: &World) -> (i32, String) {
    let mut command = prepared(&["verify"], &url_of(world));
    command.env("CALLBOARD_RETENTION_DAYS", "3650");
    let output = soon("verify", command.output()).await.expect("the binary");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code().expect("a code"), said)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn person(seen: &Value, name: &str) -> UserId {
    UserId(text(&seen["people"][name]).parse().expect("an id"))
}

fn tenant(seen: &Value) -> Tenant {
    Tenant {
        id: AgencyId(text(&seen["id"]).parse().expect("an id")),
        key: SigningKey::from_seed(traffic::seed(text(&seen["name"]))).expect("a key"),
        connection: text(&seen["connection"]).to_owned(),
    }
}

/// A leg that the carrier made in those days.
fn leg(line: &Line, seen: &Value, name: &str) -> Leg {
    let was = &seen["legs"][name];
    let mut leg = line.carrier.new_call(text(&was["from"]));
    leg.call_control_id = text(&was["call_control_id"]).to_owned();
    leg.call_leg_id = text(&was["call_leg_id"]).parse().expect("an id");
    leg.call_session_id = text(&was["call_session_id"]).parse().expect("an id");
    leg.client_state = was["client_state"].as_str().map(str::to_owned);
    leg.to = text(&was["to"]).to_owned();
    if was["outgoing"] == true {
        leg.direction = Direction::Outgoing;
    }
    leg
}
