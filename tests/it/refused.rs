//! Webhooks that cannot be stored as they are: what one of them costs the others.

use crate::support::World;
use crate::support::retelling::tell;
use callboard::config::DatabaseUrl;
use callboard::domain::Timestamp;
use callboard::journal::{Append, AppendError, Meaning, WebhookAppend};
use callboard::simulator::HangupCause;
use callboard::store::batch::StoredWebhook;
use futures_util::future::join_all;
use serde_json::json;

const BAD_NUMBER: &str = "+15550666";

on_every_database! {
    async fn one_webhook_that_the_database_refuses_costs_the_others_nothing(world: World) {
        refuse_the_bad_number(&world).await;
        let node = world.node().await;
        let carrier = node.carrier(&world.acme);
        let mut anna = node.board(&world, world.anna).await;
        let calls: Vec<_> = (0..100)
            .map(|place| carrier.new_call(if place == 37 { BAD_NUMBER } else { "+15550100" }))
            .collect();

        let told = calls.iter().map(async |call| tell(&carrier, [&call.initiated()]).await);
        join_all(told).await;

        assert_eq!(anna.hears_lives(99).await.len(), 99);
        assert_eq!(world.last_seq(&world.acme).await, 99);
        let failed = "SELECT body FROM webhook_events WHERE outcome = 'failed'";
        let failed = world.database.texts(failed).await;
        assert!(failed.len() == 1 && failed[0].contains(BAD_NUMBER), "{failed:?}");
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

    async fn an_append_larger_than_the_room_is_refused_without_harm(world: World) {
        let node = world.node().await;
        let carrier = node.carrier(&world.acme);
        let call = carrier.new_call("+15550100");
        let moment = Timestamp::default();
        let huge = Append::Webhook(WebhookAppend {
            webhook: StoredWebhook {
                agency_id: world.acme.id,
                webhook_id: "huge".into(),
                event_type: "call.sang".into(),
                call_control_id: None,
                connection_id: None,
                occurred_at: moment,
                received_at: moment,
                body: "x".repeat(33 * 1024 * 1024),
            },
            meaning: Meaning::Nothing,
        });

        let answer = node.app.journal.append(huge).await;

        assert!(matches!(answer, Err(AppendError::Overloaded)), "{answer:?}");
        tell(&carrier, [&call.initiated()]).await;
        assert_eq!(world.database.texts("SELECT webhook_id FROM webhook_events").await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_refuses_at_once_and_takes_again_when_there_is_room() {
    let world = World::on_sqlite().await;
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let large = json!({ "lyrics": "la".repeat(500_000) });
    let songs: Vec<_> = (0..40)
        .map(|_| {
            let song = large.as_object().unwrap().clone();
            carrier.new_call("+15550100").event("call.sang", song)
        })
        .collect();

    // Nothing is committed while another process holds the file, so the queue fills.
    let mut lock = Some(world.database.locked_by_another());
    let mut refused = 0;
    let mut deliveries: futures_util::stream::FuturesUnordered<_> =
        songs.iter().map(|song| carrier.deliver(song)).collect();
    while let Some(delivery) = futures_util::StreamExt::next(&mut deliveries).await {
        if delivery.status == Some(503) {
            refused += 1;
            lock.take();
        }
    }

    assert!((1..40).contains(&refused), "{refused}");
    let metrics = node.metrics().await;
    let overloaded = r#"callboard_journal_errors_total{kind="overloaded"} 0"#;
    assert!(!metrics.contains(overloaded), "{metrics}");
    tell(&carrier, &songs).await;
    let stored = "SELECT webhook_id FROM webhook_events";
    assert_eq!(world.database.texts(stored).await.len(), 40);
}

/// A trigger that refuses every call from one number.
async fn refuse_the_bad_number(world: &World) {
    let trigger = match &world.database.url {
        DatabaseUrl::Sqlite { .. } => format!(
            "CREATE TRIGGER refuse BEFORE INSERT ON inbound_calls
             WHEN NEW.from_number = '{BAD_NUMBER}'
             BEGIN SELECT RAISE(ABORT, 'not this number'); END"
        ),
        DatabaseUrl::Postgres(_) => format!(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
               IF NEW.from_number = '{BAD_NUMBER}' THEN RAISE EXCEPTION 'not this number'; END IF;
               RETURN NEW;
             END $$;
             CREATE TRIGGER refuse BEFORE INSERT ON inbound_calls
             FOR EACH ROW EXECUTE FUNCTION refuse()"
        ),
    };
    world.database.execute(&trigger).await;
}
