//! Who is there to take a call: everybody sees it of everybody, it follows calls and sockets, and it
//! does not flicker.

mod eyes;
mod nodes;
mod people;
mod statistics;

use crate::support::World;
use crate::support::exchange::ANNAS_PHONE;
use crate::support::node::Node;
use crate::support::patience::{look_again, soon};
use crate::support::retelling::tell;
use callboard::config::{DatabaseUrl, Watching};
use callboard::domain::{AgencyChange, Role, UserId};
use callboard_simulator::HangupCause;
use callboard_simulator::browser::Position;
use eyes::Eyes;
use serde_json::{Value, json};
use std::num::NonZeroU32;

impl World {
    /// The same world, in which it is shown who is there.
    fn watching(self) -> Self {
        self.configured(|config| config.calls.presence = Watching::On)
    }

    /// Acme's people write about a call for so long.
    async fn wraps_up_for(&self, seconds: u16) {
        let change = AgencyChange {
            wrap_up_s: Some(seconds),
            ..AgencyChange::default()
        };
        let changed = self.store.change_agency(self.acme.id, change).await;
        assert!(changed.expect("a change"));
    }
}

impl Node {
    /// What somebody gets who wants to be that.
    async fn says(&self, world: &World, user: UserId, wish: Value) -> (u16, Value) {
        use secrecy::ExposeSecret;
        let token = world.token(user);
        let url = format!("{}/api/me/state", self.url);
        let put = self.http.put(url).bearer_auth(token.expose_secret());
        let answer = put.json(&wish).send().await.expect("an answer");
        let status = answer.status().as_u16();
        (status, answer.json().await.expect("JSON"))
    }
}

/// Anna and Ben have their boards open, Olivia has not.
async fn two_boards(world: &World, node: &Node) -> (Eyes, Eyes) {
    let mut anna = node.eyes(world, world.anna).await;
    let mut ben = node.eyes(world, world.ben).await;
    let both = ["Anna available", "Ben available", "Olivia offline"];
    anna.sees(&both).await;
    ben.sees(&both).await;
    anna.knows_all();
    ben.knows_all();
    (anna, ben)
}

async fn two_people_see_each_other_there_and_one_takes_a_call(world: World) {
    let line = world.watching().line().await;
    let (mut anna, mut ben) = two_boards(&line.world, &line.node).await;

    let (caller, phone) = line.talk(line.world.anna, ANNAS_PHONE).await;
    let busy = ben.hears().await;

    assert_eq!(
        (busy.kind.as_str(), busy.agent.state.as_str()),
        ("agent.updated", "busy")
    );
    assert_eq!(busy.agent.phone, "other");
    assert_eq!(
        busy.actor.and_then(|actor| actor.name).as_deref(),
        Some("Anna")
    );
    caller.hangs_up();
    ben.sees(&["Anna available", "Ben available", "Olivia offline"])
        .await;
    anna.sees(&["Anna available", "Ben available", "Olivia offline"])
        .await;
    drop(phone);
    // Each change of hers was one event, beside those of the call.
    let told = line.world.database.texts(
        "SELECT event_type FROM call_events WHERE event_type LIKE 'agent.%' AND seq > 5 ORDER BY seq",
    );
    assert_eq!(told.await, ["agent.updated", "agent.updated"]);
}

async fn taking_a_call_and_being_busy_are_one_commit(world: World) {
    let world = world.watching();
    let node = world.node().await;
    let (mut anna, _ben) = two_boards(&world, &node).await;
    let call = node.carrier(&world.acme).new_call("+15550100");
    tell(&node.carrier(&world.acme), [&call.initiated()]).await;
    node.wins(world.anna, "Anna", &call.call_control_id).await;
    anna.sees(&["Anna busy", "Ben available", "Olivia offline"])
        .await;

    let moments = world.database.texts(
        "SELECT CAST(recorded_at AS TEXT) FROM call_events WHERE event_type = 'call.answering'
         OR (event_type = 'agent.updated' AND event LIKE '%busy%') ORDER BY seq",
    );
    let moments = moments.await;
    assert_eq!((moments.len(), &moments[0]), (2, &moments[1]));
    let over = call.hung_up(HangupCause::OriginatorCancel);
    tell(&node.carrier(&world.acme), [&over]).await;
    // A phone that only rang leaves nothing to write about.
    anna.sees(&["Anna available", "Ben available", "Olivia offline"])
        .await;
}

async fn whoever_is_away_says_why_in_the_agencys_words_and_taking_a_call_ends_it(world: World) {
    let line = world.watching().line().await;
    let (node, world) = (&line.node, &line.world);
    let (mut anna, mut ben) = two_boards(world, node).await;

    let (status, said) = node
        .says(
            world,
            world.anna,
            json!({"state": "away", "reason": "golf"}),
        )
        .await;
    assert_eq!(status, 400, "{said}");
    assert_eq!(said["away_reasons"], json!(["break", "lunch", "meeting"]));
    let (status, said) = node
        .says(
            world,
            world.anna,
            json!({"state": "away", "reason": "lunch"}),
        )
        .await;
    assert_eq!(
        (status, &said["state"], &said["reason"]),
        (200, &json!("away"), &json!("lunch"))
    );

    let away = ben.hears().await;
    assert_eq!(away.agent.reason.as_deref(), Some("lunch"));
    assert_eq!(
        away.actor.and_then(|actor| actor.name).as_deref(),
        Some("Anna")
    );
    anna.sees(&["Anna away (lunch)", "Ben available", "Olivia offline"])
        .await;
    let (caller, _phone) = line.talk(world.anna, ANNAS_PHONE).await;
    ben.sees(&["Anna busy", "Ben available", "Olivia offline"])
        .await;
    caller.hangs_up();
    ben.sees(&["Anna available", "Ben available", "Olivia offline"])
        .await;
}

async fn a_wrap_up_ends_when_its_time_is_over_or_earlier_by_a_word(world: World) {
    let world = world.watching();
    world.wraps_up_for(30).await;
    let line = world.line().await;
    let (mut anna, mut ben) = two_boards(&line.world, &line.node).await;

    let (caller, _phone) = line.talk(line.world.anna, ANNAS_PHONE).await;
    caller.hangs_up();
    ben.sees(&["Anna wrap_up", "Ben available", "Olivia offline"])
        .await;
    let after = ben.sees(&["Anna available", "Ben available", "Olivia offline"]);
    let seconds = line.world.passes_until(after).await;
    assert!((29..=33).contains(&seconds), "{seconds}");

    let (caller, _phone) = line.talk(line.world.anna, ANNAS_PHONE).await;
    caller.hangs_up();
    anna.sees(&["Anna wrap_up", "Ben available", "Olivia offline"])
        .await;
    let (status, said) = line
        .node
        .says(&line.world, line.world.anna, json!({"state": "available"}))
        .await;
    assert_eq!((status, &said["state"]), (200, &json!("available")));
    anna.sees(&["Anna available", "Ben available", "Olivia offline"])
        .await;
}

async fn a_second_call_is_refused_to_whoever_is_busy(world: World) {
    let one = NonZeroU32::new(1);
    let line = world
        .watching()
        .configured(|config| config.calls.per_agent = one)
        .line()
        .await;
    let (_anna, mut ben) = two_boards(&line.world, &line.node).await;
    let (_caller, _phone) = line.talk(line.world.anna, ANNAS_PHONE).await;
    let second = line.exchange.rings("+15550101").await;

    let (status, said) = line.acts(line.world.anna, "answer", &second).await;

    assert_eq!(status, 409, "{said}");
    ben.sees(&["Anna busy", "Ben available", "Olivia offline"])
        .await;
}

async fn a_reload_does_not_flicker_and_a_lid_that_is_closed_does_after_half_a_minute(world: World) {
    let world = world.watching();
    let node = world.node().await;
    let (anna, mut ben) = two_boards(&world, &node).await;
    let position = anna.leaves().await;
    world.passes(20).await;
    let anna = node.eyes_at(&world, world.anna, position).await;
    world.passes(60).await;
    let both = ["Anna available", "Ben available", "Olivia offline"];
    ben.sees(&both).await;
    assert_eq!(events_of_people(&world).await, 5);

    anna.leaves().await;
    let began = world.clock.now();
    let gone = ben.sees(&["Anna offline", "Ben available", "Olivia offline"]);
    let seconds = world.passes_until(gone).await;
    assert!((30..=40).contains(&seconds), "{seconds}");
    let seen = world.store.agents(world.acme.id).await.unwrap();
    let last_seen = seen[&world.anna].last_seen.expect("a time");
    let seconds = last_seen.micros_since(began) / 1_000_000;
    assert!((0..=3).contains(&seconds), "{seconds}");
}

async fn what_somebody_chose_is_still_so_when_they_come_back(world: World) {
    let world = world.watching();
    let node = world.node().await;
    let (anna, mut ben) = two_boards(&world, &node).await;
    let wish = json!({"state": "away", "reason": "meeting"});
    assert_eq!(node.says(&world, world.anna, wish).await.0, 200);
    anna.leaves().await;
    let gone = ben.sees(&["Anna offline", "Ben available", "Olivia offline"]);
    world.passes_until(gone).await;

    let _anna = node.eyes(&world, world.anna).await;

    ben.sees(&["Anna away (meeting)", "Ben available", "Olivia offline"])
        .await;
}

async fn a_board_hears_of_people_from_where_it_stopped(world: World) {
    let world = world.watching();
    let node = world.node().await;
    let (anna, ben) = two_boards(&world, &node).await;
    let beginning = Position {
        epoch: anna.leaves().await.epoch,
        seq: 0,
    };
    drop(ben);
    drop(node);

    // Nobody has watched since: all of it is read from the journal, and then the board from its rows.
    let node = world.node().await;
    let mut anna = node.eyes_at(&world, world.anna, beginning).await;
    anna.sees(&["Anna available", "Ben available", "Olivia offline"])
        .await;
    let ben = node.eyes(&world, world.ben).await;
    assert_eq!(
        ben.people(),
        ["Anna available", "Ben available", "Olivia offline"]
    );
}

async fn whoever_sees_no_numbers_sees_people_all_the_same(world: World) {
    let world = world.watching();
    world.masks_numbers_for(vec![Role::Member]).await;
    let node = world.node().await;
    let (anna, _ben) = two_boards(&world, &node).await;

    let carrier = node.carrier(&world.acme);
    tell(&carrier, [&carrier.new_call("+15550100").initiated()]).await;
    let mut socket = node.socket(&world, world.anna).await;
    let snapshot = socket.hears(1).await.remove(0);

    assert!(
        !snapshot.contains("5550100") && snapshot.contains("\"Anna\""),
        "{snapshot}"
    );
    drop(anna);
}

async fn where_nobody_is_watched_there_is_nobody_and_nothing_can_be_said(world: World) {
    let world = world.watching();
    let node = world.node().await;
    drop(two_boards(&world, &node).await);
    drop(node);

    let world = world.configured(|config| config.calls.presence = Watching::Off);
    let node = world.node().await;
    let cleared = async {
        while !world.store.agents(world.acme.id).await.unwrap().is_empty() {
            look_again().await;
        }
    };
    soon("everybody to be let be", cleared).await;
    let board = node.eyes(&world, world.anna).await;
    assert_eq!(board.people(), Vec::<String>::new());
    let (status, said) = node
        .says(&world, world.anna, json!({"state": "available"}))
        .await;
    assert_eq!(status, 409, "{said}");
}

async fn a_fault_of_what_people_are_is_not_taken_for_a_webhooks(world: World) {
    let world = world.watching();
    let node = world.node().await;
    let _boards = two_boards(&world, &node).await;
    let carrier = node.carrier(&world.acme);
    let call = carrier.new_call("+15550100");
    tell(&carrier, [&call.initiated()]).await;
    node.wins(world.anna, "Anna", &call.call_control_id).await;

    let (breaks, mends) = match &world.database.url {
        DatabaseUrl::Sqlite { .. } => (
            "CREATE TRIGGER fault BEFORE INSERT ON agents
             BEGIN SELECT RAISE(ABORT, 'not today'); END",
            "DROP TRIGGER fault",
        ),
        DatabaseUrl::Postgres(_) => (
            "ALTER TABLE agents ADD CONSTRAINT fault CHECK (state = 'never') NOT VALID",
            "ALTER TABLE agents DROP CONSTRAINT fault",
        ),
    };
    let over = call.hung_up(HangupCause::OriginatorCancel);
    world.database.execute(breaks).await;
    assert_eq!(carrier.deliver(&over).await.status, Some(503));
    world.database.execute(mends).await;

    let taken = async {
        while carrier.deliver(&over).await.status != Some(200) {
            look_again().await;
        }
    };
    soon("the webhook to be taken", taken).await;
    let outcomes = world.outcomes(world.acme.id).await;
    assert!(
        outcomes.iter().all(|outcome| outcome == "applied"),
        "{outcomes:?}"
    );
}

/// How many events of Acme's people there are.
async fn events_of_people(world: &World) -> usize {
    let sql = format!(
        "SELECT event_type FROM call_events WHERE event_type LIKE 'agent.%' AND agency_id = '{}'",
        world.acme.id
    );
    world.database.texts(&sql).await.len()
}

on_each_database!(
    two_people_see_each_other_there_and_one_takes_a_call,
    taking_a_call_and_being_busy_are_one_commit,
    whoever_is_away_says_why_in_the_agencys_words_and_taking_a_call_ends_it,
    a_wrap_up_ends_when_its_time_is_over_or_earlier_by_a_word,
    a_second_call_is_refused_to_whoever_is_busy,
    a_reload_does_not_flicker_and_a_lid_that_is_closed_does_after_half_a_minute,
    what_somebody_chose_is_still_so_when_they_come_back,
    a_board_hears_of_people_from_where_it_stopped,
    whoever_sees_no_numbers_sees_people_all_the_same,
    where_nobody_is_watched_there_is_nobody_and_nothing_can_be_said,
    a_fault_of_what_people_are_is_not_taken_for_a_webhooks,
);
