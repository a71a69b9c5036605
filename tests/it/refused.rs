//! Webhooks that cannot be stored as they are: what one of them costs the others.

use crate::support::World;
use crate::support::node::Node;
use crate::support::patience::{look_again, soon};
use crate::support::retelling::tell;
use crate::support::wiretap::Wiretap;
use callboard::config::DatabaseUrl;
use callboard::domain::{
    Carrier, Direction, LegEvent, LegHandle, LegNews, Mark, Moment, Timestamp,
};
use callboard::journal::{Answer, Append, AppendError, Meaning, Taken, WebhookAppend};
use callboard::store::batch::{StoredWebhook, WebhookOutcome};
use callboard_simulator::HangupCause;
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use serde_json::json;
use std::time::Duration;
use tracing::Level;

const BAD_NUMBER: &str = "+15550666";
const MIB: usize = 1024 * 1024;

async fn one_webhook_that_the_database_refuses_costs_the_others_nothing(world: World) {
    refuse_the_bad_number(&world).await;
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let mut anna = node.board(&world, world.anna).await;
    let calls: Vec<_> = (0..100)
        .map(|place| carrier.new_call(if place == 37 { BAD_NUMBER } else { "+15550100" }))
        .collect();

    let told = calls
        .iter()
        .map(async |call| tell(&carrier, [&call.initiated()]).await);
    join_all(told).await;

    assert_eq!(anna.hears_lives(99).await.len(), 99);
    assert_eq!(world.last_seq(&world.acme).await, 99);
    let failed = "SELECT body FROM webhook_events WHERE outcome = 'failed'";
    let failed = world.database.texts(failed).await;
    assert!(
        failed.len() == 1 && failed[0].contains(BAD_NUMBER),
        "{failed:?}"
    );
    let applied = "SELECT webhook_id FROM webhook_events WHERE outcome = 'applied'";
    assert_eq!(world.database.texts(applied).await.len(), 99);
}

async fn a_refused_webhooks_repeat_is_acknowledged_and_its_hangup_is_held(world: World) {
    refuse_the_bad_number(&world).await;
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let call = carrier.new_call(BAD_NUMBER);
    let initiated = call.initiated();

    let hung_up = call.hung_up(HangupCause::OriginatorCancel);
    tell(&carrier, [&initiated, &initiated, &hung_up]).await;

    let outcomes = "SELECT outcome FROM webhook_events ORDER BY outcome";
    assert_eq!(world.database.texts(outcomes).await, ["failed", "held"]);
    assert_eq!(world.last_seq(&world.acme).await, 0);
}

async fn a_failed_webhooks_repeat_is_applied_once_it_can_be(world: World) {
    refuse_the_bad_number(&world).await;
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let mut anna = node.board(&world, world.anna).await;
    let initiated = carrier.new_call(BAD_NUMBER).initiated();
    tell(&carrier, [&initiated]).await;
    assert_eq!(world.outcomes(world.acme.id).await, ["failed"]);

    refuse_nobody(&world).await;
    tell(&carrier, [&initiated, &initiated]).await;

    assert_eq!(
        anna.hears_words(1).await,
        ["1 call.incoming +15550666 incoming"]
    );
    assert_eq!(world.outcomes(world.acme.id).await, ["applied"]);
    assert_eq!(world.last_seq(&world.acme).await, 1);
}

async fn a_failed_webhook_is_taken_up_again_by_the_server_itself(world: World) {
    refuse_the_bad_number(&world).await;
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let (left, waits) = (carrier.new_call(BAD_NUMBER), carrier.new_call(BAD_NUMBER));
    tell(
        &carrier,
        [
            &left.initiated(),
            &left.hung_up(HangupCause::OriginatorCancel),
        ],
    )
    .await;
    let ring = waits.initiated();
    let tap = Wiretap::listens_for(vec![format!("Webhook {} kept raw as failed", ring.id)]);
    tell(&carrier, [&ring]).await;
    failed_are(&world, &node, 2).await;
    // Twice more it is taken up in vain.
    let tried_again = async {
        while tap.heard(Level::ERROR).len() < 3 {
            look_again().await;
        }
    };
    world
        .wind_until(Duration::from_millis(200), tried_again)
        .await;

    refuse_nobody(&world).await;

    // The pauses between tries double, so that a bad one is not tried for ever at once.
    let applied = async {
        while world.outcomes(world.acme.id).await != ["applied"; 3] {
            look_again().await;
        }
    };
    world.wind_until(Duration::from_millis(200), applied).await;
    failed_are(&world, &node, 0).await;
    assert_eq!(world.last_seq(&world.acme).await, 3);
}

async fn a_failed_webhook_is_taken_up_again_by_the_next_server(world: World) {
    refuse_the_bad_number(&world).await;
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    tell(&carrier, [&carrier.new_call(BAD_NUMBER).initiated()]).await;
    drop(node);
    refuse_nobody(&world).await;

    let _node = world.node().await;

    let applied = async {
        while world.outcomes(world.acme.id).await != ["applied"] {
            look_again().await;
        }
    };
    soon("the webhook to be applied", applied).await;
    assert_eq!(world.last_seq(&world.acme).await, 1);
}

async fn an_append_larger_than_the_room_is_refused_without_harm(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);

    let answer = node
        .app
        .journal
        .append(song(&world, "huge", 33 * MIB))
        .await;

    assert!(matches!(answer, Err(AppendError::Overloaded)), "{answer:?}");
    tell(&carrier, [&carrier.new_call("+15550100").initiated()]).await;
    assert_eq!(
        world
            .database
            .texts("SELECT webhook_id FROM webhook_events")
            .await
            .len(),
        1
    );
}

on_each_database!(
    one_webhook_that_the_database_refuses_costs_the_others_nothing,
    a_refused_webhooks_repeat_is_acknowledged_and_its_hangup_is_held,
    a_failed_webhooks_repeat_is_applied_once_it_can_be,
    a_failed_webhook_is_taken_up_again_by_the_server_itself,
    a_failed_webhook_is_taken_up_again_by_the_next_server,
    an_append_larger_than_the_room_is_refused_without_harm,
);

/// How many are missing from the board, as its owner reads; nobody else may, and no other agency's
/// are counted.
async fn failed_are(world: &World, node: &Node, count: u64) {
    let path = "/api/agency/webhooks";
    let counted = async |user| node.get(world, user, path).await;
    assert_eq!(
        counted(world.olivia).await,
        (200, json!({ "failed": count }))
    );
    assert_eq!(counted(world.mallory).await, (200, json!({ "failed": 0 })));
    assert_eq!(counted(world.anna).await.0, 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_postgres_cannot_hold_is_kept_raw_and_costs_the_others_nothing() {
    let world = World::on_postgres().await;
    let overflows = format!(
        "ALTER TABLE inbound_calls ADD CONSTRAINT overflows CHECK (CASE
         WHEN from_number = '{BAD_NUMBER}' THEN 2147483647 + length(from_number) > 0
         ELSE true END)"
    );
    world.database.execute(&overflows).await;
    let node = world.node().await;
    let number = |place| match place {
        3 => "+1555\0",
        11 => BAD_NUMBER,
        _ => "+15550100",
    };

    let rings = (0..20).map(|place| node.app.journal.append(ring(&world, place, number(place))));
    let answers = join_all(rings).await;

    for (place, answer) in answers.into_iter().enumerate() {
        let Ok(Answer::Webhook(answer)) = answer else {
            panic!("{place}: {answer:?}");
        };
        let Taken::Now(outcome) = answer.taken else {
            panic!("{place}: {answer:?}");
        };
        let bad = place == 3 || place == 11;
        assert_eq!(
            outcome == WebhookOutcome::Failed,
            bad,
            "{place}: {outcome:?}"
        );
    }
    assert_eq!(world.last_seq(&world.acme).await, 18);
    failed_are(&world, &node, 2).await;
}

/// A call that rings, past the door where texts are cut.
fn ring(world: &World, place: usize, from: &str) -> Append {
    let Append::Webhook(mut append) = song(world, &place.to_string(), 2048) else {
        panic!("a song is a webhook");
    };
    let moment = Timestamp::default();
    append.meaning = Meaning::Leg(LegEvent {
        handle: LegHandle::new(Carrier::Telnyx, format!("v3:{place}")),
        news: LegNews::Initiated(Direction::Incoming),
        moment: Moment {
            occurred: moment,
            received: moment,
        },
        session: None,
        leg_id: None,
        from: Some(from.into()),
        to: None,
        caller_name: None,
        mark: Mark::Absent,
    });
    Append::Webhook(append)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_refuses_at_once_and_takes_again_when_there_is_room() {
    let world = World::on_sqlite().await;
    let node = world.node().await;
    let journal = node.app.journal.clone();
    let names: Vec<String> = (0..40).map(|number| number.to_string()).collect();

    // Nothing is committed while another process holds the file, so the 32 MiB fill up.
    let mut lock = Some(world.database.locked_by_another());
    let appends = names.iter().map(|name| song(&world, name, MIB));
    let mut answers: FuturesUnordered<_> = appends.map(|append| journal.append(append)).collect();
    let (mut stored, mut refused) = (0, 0);
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(_) => stored += 1,
            Err(AppendError::Overloaded) => refused += 1,
            Err(error) => panic!("{error}"),
        }
        lock.take();
    }
    assert_eq!((stored, refused), (32, 8));

    for name in &names {
        let answer = journal.append(song(&world, name, MIB)).await;
        assert!(answer.is_ok(), "{answer:?}");
    }
    let stored = "SELECT webhook_id FROM webhook_events";
    assert_eq!(world.database.texts(stored).await.len(), 40);
}

/// A webhook that takes so many bytes of the queue, its fixed part included.
fn song(world: &World, name: &str, bytes: usize) -> Append {
    let moment = Timestamp::default();
    Append::Webhook(WebhookAppend {
        webhook: StoredWebhook {
            agency_id: world.acme.id,
            carrier: Carrier::Telnyx,
            webhook_id: name.into(),
            event_type: "call.sang".into(),
            leg: None,
            connection_id: None,
            occurred_at: moment,
            received_at: moment,
            body: "x".repeat(bytes - 1024),
        },
        meaning: Meaning::Nothing,
    })
}

/// The constraint is gone.
async fn refuse_nobody(world: &World) {
    let sql = match &world.database.url {
        DatabaseUrl::Sqlite { .. } => "DROP TRIGGER refuse; DROP TABLE refused",
        DatabaseUrl::Postgres(_) => "ALTER TABLE inbound_calls DROP CONSTRAINT refused",
    };
    world.database.execute(sql).await;
}

/// A constraint that calls from one number do not meet.
async fn refuse_the_bad_number(world: &World) {
    let trigger = match &world.database.url {
        DatabaseUrl::Sqlite { .. } => format!(
            "CREATE TABLE refused (number TEXT CHECK (number <> '{BAD_NUMBER}'));
             CREATE TRIGGER refuse BEFORE INSERT ON inbound_calls
             BEGIN INSERT INTO refused VALUES (NEW.from_number); END"
        ),
        DatabaseUrl::Postgres(_) => format!(
            "ALTER TABLE inbound_calls
             ADD CONSTRAINT refused CHECK (from_number <> '{BAD_NUMBER}')"
        ),
    };
    world.database.execute(&trigger).await;
}
