//! Webhooks come late, twice, at once and out of order.

use crate::support::World;
use callboard::simulator::{HangupCause, Outcome};

on_every_database! {
    async fn twenty_copies_of_one_webhook_at_once_make_one_event(world: World) {
        let node = world.node().await;
        let carrier = node.carrier(&world.acme);
        let mut anna = node.board(&world, world.anna).await;
        let call = carrier.new_call("+15550100");
        let initiated = call.initiated();

        let copies = (0..20).map(|_| carrier.deliver(&initiated));
        for delivery in futures_util::future::join_all(copies).await {
            assert_eq!(delivery.outcome, Outcome::Acknowledged);
        }
        carrier.deliver(&call.hung_up(HangupCause::OriginatorCancel)).await;

        assert_eq!(anna.hears_words(2).await, [
            "1 call.incoming +15550100 incoming",
            "2 call.ended +15550100 ended hangup",
        ]);
    }

    async fn a_hangup_before_its_call_is_shown_when_the_call_is_known(world: World) {
        let node = world.node().await;
        let carrier = node.carrier(&world.acme);
        let mut anna = node.board(&world, world.anna).await;
        let call = carrier.new_call("+15550100");
        let (initiated, hung_up) = (call.initiated(), call.hung_up(HangupCause::OriginatorCancel));

        carrier.deliver(&hung_up).await;
        carrier.deliver(&initiated).await;

        assert_eq!(anna.hears_words(2).await, [
            "1 call.incoming +15550100 incoming",
            "2 call.ended +15550100 ended hangup",
        ]);
    }
}
