//! A leg that comes in at the phone of one of the agency's own people is no caller.

use crate::support::World;
use crate::support::exchange::ANNAS_PHONE;
use crate::support::http::bent;
use crate::support::node::Node;
use crate::support::world::Tenant;
use callboard::domain::CredentialKey;
use callboard_simulator::{Carrier, HangupCause, Leg, Webhook};
use serde_json::Value;

/// The leg's webhook, to that address, of that connection.
fn to(webhook: &Webhook, address: &str, connection: &str) -> Webhook {
    let mut webhook = webhook.clone();
    webhook.payload["to"] = address.into();
    webhook.payload["connection_id"] = connection.into();
    webhook
}

async fn ring(carrier: &Carrier, leg: &Leg, address: &str) {
    for webhook in [
        leg.initiated(),
        leg.answered(),
        leg.hung_up(HangupCause::NormalClearing),
    ] {
        let told = carrier
            .deliver(&to(&webhook, address, "a-credential-connection"))
            .await;
        assert_eq!(
            told.outcome,
            callboard_simulator::Outcome::Acknowledged,
            "{address}"
        );
    }
}

/// The agency says nothing of its connections, and is the default one: all that comes is its.
async fn has_no_connections(world: &World) {
    let acme = world.acme.clone();
    world
        .unsets(&acme, CredentialKey::TelnyxConnectionIds)
        .await;
    let sql = format!(
        "UPDATE agencies SET is_default = TRUE WHERE id = '{}'",
        acme.id
    );
    world.database.execute(&sql).await;
}

async fn shown(node: &Node, world: &World, tenant: &Tenant) -> Vec<Value> {
    let user = if tenant.id == world.acme.id {
        world.anna
    } else {
        world.mallory
    };
    let (_, page) = node.get(world, user, "/api/calls").await;
    page["calls"].as_array().unwrap().clone()
}

async fn nobody_of_ours_is_a_caller_though_no_connection_is_configured(world: World) {
    let world = world.with_phones().await;
    let acme = world.acme.clone();
    has_no_connections(&world).await;
    world
        .sets(&acme, CredentialKey::TelnyxSipUsername, "FrontDesk")
        .await;
    let node = world.node().await;
    let carrier = node.carrier(&acme);
    for address in [
        ANNAS_PHONE,
        "sip:Ben@SIP.telnyx.com:5061;transport=tls",
        "ben",
        "\"Desk\" <sip:frontdesk@rtc.telnyx.com>",
    ] {
        ring(&carrier, &carrier.new_call("+15550100"), address).await;
        let calls = shown(&node, &world, &acme).await;
        assert!(calls.is_empty(), "{address}: {calls:?}");
    }
    // A customer's address of the same name, a name that nobody has, and a number are callers'.
    for address in [
        "sip:anna@customer.example",
        "sip:mallory@sip.telnyx.com",
        "+15550109999",
    ] {
        let before = shown(&node, &world, &acme).await.len();
        ring(&carrier, &carrier.new_call("+15550100"), address).await;
        assert_eq!(
            shown(&node, &world, &acme).await.len(),
            before + 1,
            "{address}"
        );
    }
}

async fn a_phone_that_is_new_counts_as_soon_as_it_is_known(world: World) {
    let acme = world.acme.clone();
    has_no_connections(&world).await;
    let node = world.node().await;
    let carrier = node.carrier(&acme);
    let address = "sip:gencred7x@sip.telnyx.com";
    ring(&carrier, &carrier.new_call("+15550100"), address).await;
    assert_eq!(shown(&node, &world, &acme).await.len(), 1);

    world.gives_phone(world.ben, "Ben", Some("gencred7x")).await;
    node.learns(&world).await;
    ring(&carrier, &carrier.new_call("+15550100"), address).await;

    assert_eq!(shown(&node, &world, &acme).await.len(), 1);
}

async fn a_number_that_somebody_put_down_as_a_sip_name_still_rings(world: World) {
    let acme = world.acme.clone();
    world
        .sets(&acme, CredentialKey::TelnyxSipUsername, "+15550109999")
        .await;
    let node = world.node().await;
    world
        .gives_phone(world.ben, "Ben", Some("15550109998"))
        .await;
    node.learns(&world).await;
    let carrier = node.carrier(&acme);
    for number in ["+15550109999", "15550109998"] {
        let webhook = bent(&carrier.new_call("+15550100").initiated(), |data| {
            data["payload"]["to"] = number.into();
        });
        assert_eq!(node.receives(&acme, webhook).await.status, 200);
    }
    assert_eq!(shown(&node, &world, &acme).await.len(), 2);
}

on_each_database!(
    nobody_of_ours_is_a_caller_though_no_connection_is_configured,
    a_phone_that_is_new_counts_as_soon_as_it_is_known,
    a_number_that_somebody_put_down_as_a_sip_name_still_rings,
);
