//! Scripted lives, until a command takes over.

use super::{World, words};
use crate::exchange::Hears;
use crate::{Life, Load, Traffic};
use serde_json::json;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

fn one(life: Life) -> Traffic {
    Traffic {
        max_calls: Some(1),
        lives: vec![(life, 1)],
        ..Traffic::default()
    }
}

#[actix_web::test]
async fn a_script_plays_to_its_end_when_nobody_commands() {
    let world = World::by_default();
    let traffic = Traffic {
        speed: f64::INFINITY,
        ..one(Life::Recorded)
    };
    let load =
        Load::new(super::account(&world.receiver, &world.clock, "1"), traffic).on(&world.exchange);
    let totals = load.run(CancellationToken::new()).await;
    assert_eq!((totals.webhooks, totals.acknowledged), (8, 8));
    assert_eq!(
        words(&world.receiver.received()[7]),
        "caller recording.saved"
    );
    assert_eq!(
        world
            .reads("/connections/2900000000000000001/active_calls")
            .await
            .1["data"],
        json!([])
    );
}

#[actix_web::test]
async fn a_command_takes_over_from_the_script_and_the_caller_still_hangs_up() {
    let world = World::by_default();
    let load = Load::new(
        super::account(&world.receiver, &world.clock, "1"),
        one(Life::Transferred),
    );
    let load = load.on(&world.exchange);
    let stop = CancellationToken::new();
    let playing = load.run(stop.clone());
    let commanding = async {
        let ringing = world.hears(1).await;
        let id = super::payload(&ringing)["call_control_id"]
            .as_str()
            .unwrap()
            .to_owned();
        world
            .tells(&id, "transfer", json!({"to": super::ANNA}))
            .await;
        let anna = world.exchange.phone(super::ANNA).rings().await.answers();
        assert_eq!(
            anna.hears(),
            Hears::Party(
                super::payload(&ringing)["from"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            )
        );
        // The caller talks for three minutes at most.
        for _ in 0..600 {
            tokio::task::yield_now().await;
            world.clock.advance(Duration::from_secs(1));
        }
    };
    let (_, ()) = tokio::time::timeout(Duration::from_secs(10), async {
        tokio::join!(playing, commanding)
    })
    .await
    .unwrap();
    let told = world.told().await;
    assert_eq!(
        told[1..],
        [
            "agent initiated",
            "agent answered",
            "agent bridged",
            "caller answered",
            "caller bridged",
            "caller hangup normal_clearing",
            "agent hangup normal_clearing",
        ]
    );
}
