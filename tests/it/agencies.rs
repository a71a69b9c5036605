//! Whose webhook it is: the path's agency, the connection's, or the default one's; and nobody else's
//! key opens it.

use crate::support::World;
use crate::support::http::{Reply, bent};
use crate::support::world::Tenant;
use callboard::domain::{AgencyId, CredentialKey};
use callboard_simulator::{HangupCause, SignedRequest};
use uuid::Uuid;

/// The same request to the address of that agency.
fn to_agency(mut request: SignedRequest, agency: impl ToString) -> SignedRequest {
    let path = format!("/api/telnyx/webhook/{}", agency.to_string());
    request.url.set_path(&path);
    request
}

/// The statuses of the agency's calls.
async fn statuses(world: &World, agency: &Tenant) -> Vec<&'static str> {
    let board = world.store.board(agency.id).await.expect("a board");
    let calls = board.expect("an agency").calls;
    calls.iter().map(|call| call.status.name()).collect()
}

fn status_of(replies: &[Reply]) -> Vec<u16> {
    replies.iter().map(|reply| reply.status).collect()
}

/// The one agency that there is.
async fn only_agency(world: &World) -> AgencyId {
    let agencies = world.store.agencies().await.expect("agencies");
    let [only] = &agencies[..] else {
        panic!("{} agencies", agencies.len())
    };
    assert!(only.agency.is_default);
    only.agency.id
}

async fn an_agency_that_is_not_there_is_told_like_a_bad_signature(world: World) {
    let node = world.node().await;
    let (acme, rival) = (node.carrier(&world.acme), node.carrier(&world.rival));
    let webhook = acme.new_call("+15550100").initiated();
    let strangers = rival.sign(webhook.body(1, "https://a/b"));
    let mut unsigned = strangers.clone();
    unsigned.signature = None;

    let bad = node
        .takes(&to_agency(strangers.clone(), world.acme.id))
        .await
        .undated();
    for (request, agency) in [
        (strangers.clone(), Uuid::new_v4().to_string()),
        (unsigned.clone(), Uuid::new_v4().to_string()),
        (unsigned, world.acme.id.to_string()),
        (strangers.clone(), "acme".to_owned()),
        (strangers, "%00".to_owned()),
    ] {
        assert_eq!(node.takes(&to_agency(request, agency)).await.undated(), bad);
    }
    assert_eq!(
        (bad.status, world.outcomes(world.acme.id).await.len()),
        (401, 0)
    );
}

async fn the_path_outranks_the_connection(world: World) {
    let node = world.node().await;
    let rival = node.carrier(&world.rival);
    // Rival's carrier names Rival's connection, at Acme's address and at Rival's.
    let request = rival.request(&rival.new_call("+15550199").initiated(), 1);

    let at_acme = node.takes(&to_agency(request.clone(), world.acme.id)).await;
    let at_rival = node.takes(&to_agency(request, world.rival.id)).await;

    assert_eq!(status_of(&[at_acme, at_rival]), [401, 200]);
    assert_eq!(statuses(&world, &world.rival).await, ["incoming"]);
    assert!(statuses(&world, &world.acme).await.is_empty());
}

async fn a_connection_leads_to_its_agency_alone(world: World) {
    let node = world.node().await;
    let (acme, rival) = (node.carrier(&world.acme), node.carrier(&world.rival));
    let call = acme.new_call("+15550100");

    let own = node.takes(&acme.request(&call.initiated(), 1)).await;
    let forged = node
        .takes(&rival.sign(call.answered().body(1, "https://a/b")))
        .await;

    assert_eq!(status_of(&[own, forged]), [200, 401]);
    assert_eq!(statuses(&world, &world.acme).await, ["incoming"]);
    assert!(statuses(&world, &world.rival).await.is_empty());
}

async fn without_a_default_agency_a_nameless_webhook_is_nobodys(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let webhook = carrier.new_call("+15550100").initiated();
    for connection in [None, Some("999")] {
        let body = bent(&webhook, |data| {
            data["payload"]["connection_id"] = connection.into();
        });
        assert_eq!(node.receives(&world.acme, body).await.status, 401);
    }
}

async fn an_application_id_is_the_connection_until_connections_are_listed(world: World) {
    world
        .unsets(&world.acme, CredentialKey::TelnyxConnectionIds)
        .await;
    world
        .sets(&world.acme, CredentialKey::TelnyxApplicationId, "777")
        .await;
    let node = world.node().await;
    let mut acme = world.acme.clone();
    acme.connection = "777".into();
    let carrier = node.carrier(&acme);
    let webhook = carrier.new_call("+15550100").initiated();
    assert_eq!(node.takes(&carrier.request(&webhook, 1)).await.status, 200);

    world
        .sets(&world.acme, CredentialKey::TelnyxConnectionIds, "888, 999")
        .await;
    node.learns(&world).await;

    assert_eq!(node.takes(&carrier.request(&webhook, 1)).await.status, 401);
    acme.connection = "999".into();
    let carrier = node.carrier(&acme);
    let webhook = carrier.new_call("+15550101").initiated();
    assert_eq!(node.takes(&carrier.request(&webhook, 1)).await.status, 200);
}

async fn events_of_another_connection_are_stored_and_change_nothing(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let call = carrier.new_call("+15550100");
    let foreign = |body: String| to_agency(carrier.sign(body), world.acme.id);
    let elsewhere = |data: &mut serde_json::Value| data["payload"]["connection_id"] = "999".into();
    let mut anna = node.board(&world, world.anna).await;

    let ringing = node
        .takes(&foreign(bent(&call.initiated(), elsewhere)))
        .await;
    let nameless = bent(&call.initiated(), |data| {
        data["payload"]
            .as_object_mut()
            .unwrap()
            .remove("connection_id");
    });
    let counted = node.takes(&foreign(nameless)).await;
    let ended = call.hung_up(HangupCause::NormalClearing);
    let ending = node.takes(&foreign(bent(&ended, elsewhere))).await;

    assert_eq!(status_of(&[ringing, counted, ending]), [200, 200, 200]);
    assert_eq!(
        anna.hears_words(1).await,
        ["1 call.incoming +15550100 incoming"]
    );
    assert_eq!(statuses(&world, &world.acme).await, ["incoming"]);
    let mut outcomes = world.outcomes(world.acme.id).await;
    outcomes.sort();
    assert_eq!(
        outcomes,
        ["applied", "other_connection", "other_connection"]
    );
}

async fn with_no_connection_configured_all_count(world: World) {
    world
        .unsets(&world.acme, CredentialKey::TelnyxConnectionIds)
        .await;
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let request = carrier.request(&carrier.new_call("+15550100").initiated(), 1);
    let reply = node.takes(&to_agency(request, world.acme.id)).await;
    assert_eq!(reply.status, 200);
    assert_eq!(statuses(&world, &world.acme).await, ["incoming"]);
}

async fn one_webhook_id_at_two_agencies_is_two_webhooks(world: World) {
    let node = world.node().await;
    let (acme, rival) = (node.carrier(&world.acme), node.carrier(&world.rival));
    let ours = acme.new_call("+15550100").initiated();
    let mut theirs = rival.new_call("+15550199").initiated();
    theirs.id = ours.id;
    for (carrier, webhook) in [(&acme, &ours), (&rival, &theirs)] {
        assert_eq!(node.takes(&carrier.request(webhook, 1)).await.status, 200);
    }
    assert_eq!(statuses(&world, &world.acme).await, ["incoming"]);
    assert_eq!(statuses(&world, &world.rival).await, ["incoming"]);
}

async fn settings_alone_make_one_default_agency_and_only_once(world: World) {
    let mut world = world;
    world.is_emptied().await;
    let key = world.acme.key.public_key();
    world.config.agency_defaults.telnyx_public_key = Some(key);
    drop(world.node().await);
    let made = only_agency(&world).await;

    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let request = carrier.request(&carrier.new_call("+15550100").initiated(), 1);
    assert_eq!(node.takes(&request).await.status, 200);

    assert_eq!(only_agency(&world).await, made);
    assert_eq!(world.outcomes(made).await, ["applied"]);
}

async fn settings_make_no_agency_where_one_exists(world: World) {
    let mut world = world;
    let key = world.acme.key.public_key();
    world.config.agency_defaults.telnyx_public_key = Some(key);
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let webhook = carrier.new_call("+15550100").initiated();
    let nameless = bent(&webhook, |data| {
        data["payload"]["connection_id"] = "999".into();
    });

    assert_eq!(node.receives(&world.acme, nameless).await.status, 401);
    assert_eq!(world.store.agencies().await.unwrap().len(), 2);
}

async fn the_default_agencys_stored_key_outranks_the_settings(world: World) {
    let mut world = world;
    let rivals = world.rival.key.public_key();
    world.config.agency_defaults.telnyx_public_key = Some(rivals);
    let sql = format!(
        "UPDATE agencies SET is_default = (id = '{}')",
        world.acme.id
    );
    world.database.execute(&sql).await;
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let body = bent(&carrier.new_call("+15550100").initiated(), |data| {
        data["payload"]["connection_id"] = serde_json::Value::Null;
    });

    let stored = node.receives(&world.acme, body.clone()).await;
    let of_settings = node.receives(&world.rival, body).await;
    assert_eq!(status_of(&[stored, of_settings]), [200, 401]);
}

async fn a_user_who_is_moved_or_removed_is_so_within_five_seconds(world: World) {
    let node = world.node().await;
    let me = async || node.reads(&world, world.anna, "/api/me").await;
    assert_eq!(me().await.json()["agency"]["id"], world.acme.id.to_string());
    let sql = format!("DELETE FROM users WHERE id = '{}'", world.anna);
    world.database.execute(&sql).await;
    node.learns(&world).await;
    assert_eq!(me().await.status, 403);
}

on_each_database!(
    an_agency_that_is_not_there_is_told_like_a_bad_signature,
    the_path_outranks_the_connection,
    a_connection_leads_to_its_agency_alone,
    without_a_default_agency_a_nameless_webhook_is_nobodys,
    an_application_id_is_the_connection_until_connections_are_listed,
    events_of_another_connection_are_stored_and_change_nothing,
    with_no_connection_configured_all_count,
    one_webhook_id_at_two_agencies_is_two_webhooks,
    settings_alone_make_one_default_agency_and_only_once,
    settings_make_no_agency_where_one_exists,
    the_default_agencys_stored_key_outranks_the_settings,
    a_user_who_is_moved_or_removed_is_so_within_five_seconds,
);
