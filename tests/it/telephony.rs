//! Ultravox's settings by its own field names, and whether both sides agree.

use crate::support::World;
use crate::support::http::Reply;
use crate::support::node::Node;
use crate::support::ultravox::{APPLICATION, TELNYX_KEY, ULTRAVOX_KEY};
use callboard::domain::{CredentialKey, Role};
use callboard_simulator::ultravox::{Fault, Provider};
use serde_json::{Value, json};

const AGENT: &str = "3c90c3cc-0d44-4b50-8888-8dd25736052a";

async fn olivia(
    node: &Node,
    world: &World,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> Reply {
    let path = format!("/api/ultravox/{path}");
    node.does(world, world.olivia, method, &path, body).await
}

async fn a_new_configuration_is_posted_and_a_known_one_patched(world: World) {
    let (world, ultravox) = world.with_ultravox().await;
    let node = world.node().await;
    for (carrier, provider) in [
        ("telnyx", Provider::Telnyx),
        ("twilio", Provider::Twilio),
        ("plivo", Provider::Plivo),
    ] {
        let path = format!("telephony_configs/{carrier}");
        let none = olivia(&node, &world, "GET", &path, None).await;
        assert_eq!(
            (none.status, none.error()),
            (404, "Ultravox has no configuration of this carrier".into())
        );
        let settings = json!({"callCreationAllowedAgentIds": [AGENT],
                              "requestContextMapping": {"From": "user.phone_number"}});
        drop(ultravox.asked());
        let made = olivia(&node, &world, "PATCH", &path, Some(settings.clone())).await;
        assert_eq!(made.status, 200, "{}", made.text());
        assert_eq!(made.json()["callCreationAllowedAgentIds"], json!([AGENT]));
        assert_eq!(ultravox.asked()[1].method, "POST");
        let all = json!({"callCreationAllowAllAgents": true, "callCreationAllowedAgentIds": []});
        let changed = olivia(&node, &world, "PATCH", &path, Some(all)).await;
        assert_eq!(
            (
                changed.status,
                &changed.json()["callCreationAllowAllAgents"]
            ),
            (200, &json!(true))
        );
        let asked = ultravox.asked();
        assert_eq!(asked[1].method, "PATCH");
        let held = ultravox.holds(ULTRAVOX_KEY, provider).unwrap();
        assert_eq!(
            held["requestContextMapping"],
            settings["requestContextMapping"]
        );
        let shown = olivia(&node, &world, "GET", &path, None).await;
        assert_eq!(shown.status, 200);
        for secret in ["apiKey", "publicKey", "authToken"] {
            assert!(shown.json().get(secret).is_none());
            assert!(
                held.get(secret)
                    .is_none_or(|secret| !shown.text().contains(secret.as_str().unwrap()))
            );
        }
        let gone = olivia(&node, &world, "DELETE", &path, None).await;
        assert_eq!((gone.status, gone.body.len()), (204, 0));
        assert_eq!(
            olivia(&node, &world, "DELETE", &path, None).await.status,
            404
        );
    }
}

async fn a_patch_brings_the_stored_secrets_and_leaves_the_application(world: World) {
    let (world, ultravox) = world.with_ultravox().await;
    ultravox.is_given(
        ULTRAVOX_KEY,
        Provider::Telnyx,
        json!({
        "accountSid": "a", "apiKey": "old", "publicKey": "old", "applicationSid": "another"}),
    );
    let node = world.node().await;
    let given = json!({"publicKey": "given"});
    let answer = olivia(
        &node,
        &world,
        "PATCH",
        "telephony_configs/telnyx",
        Some(given),
    )
    .await;
    assert_eq!(
        (answer.status, &answer.json()["applicationSid"]),
        (200, &json!("another"))
    );
    let held = ultravox.holds(ULTRAVOX_KEY, Provider::Telnyx).unwrap();
    assert_eq!(
        (&held["apiKey"], &held["publicKey"]),
        (&json!(TELNYX_KEY), &json!("given"))
    );
}

async fn what_ultravox_would_refuse_is_refused_before_it_is_asked(world: World) {
    let (world, ultravox) = world.with_ultravox().await;
    let node = world.node().await;
    for (settings, words) in [
        (
            json!({"callCreationAllowedAgentIds": vec![AGENT; 101]}),
            "at most 100 agents' ids, not 101",
        ),
        (
            json!({"callCreationAllowedAgentIds": ["7"]}),
            "entry 1 is no UUID",
        ),
        (
            json!({"callCreationAllowedAgentIds": [AGENT], "callCreationAllowAllAgents": true}),
            "may not be set if",
        ),
        (
            json!({"requestContextMapping": {"From": "a..b"}}),
            "dotted paths",
        ),
        (
            json!({"applicationSid": "1".repeat(41)}),
            "1 to 40 characters",
        ),
        (json!({"authToken": "t"}), "knows no such setting of telnyx"),
        (json!([1]), "must be an object"),
    ] {
        let answer = olivia(
            &node,
            &world,
            "PATCH",
            "telephony_configs/telnyx",
            Some(settings.clone()),
        )
        .await;
        assert_eq!(answer.status, 400);
        assert!(answer.error().contains(words), "{}", answer.error());
        let whole = olivia(
            &node,
            &world,
            "PATCH",
            "telephony_config",
            Some(json!({"telnyx": settings})),
        )
        .await;
        assert_eq!(whole.status, 400);
        assert!(whole.error().contains(words), "{}", whole.error());
    }
    assert_eq!(
        olivia(&node, &world, "PATCH", "telephony_configs/telnyx", None)
            .await
            .status,
        415
    );
    assert_eq!(
        olivia(
            &node,
            &world,
            "PATCH",
            "telephony_config",
            Some(json!({"exotel": {}}))
        )
        .await
        .status,
        400
    );
    assert_eq!(
        olivia(&node, &world, "PATCH", "telephony_config", Some(json!({})))
            .await
            .status,
        400
    );
    assert_eq!(
        olivia(&node, &world, "GET", "telephony_configs/exotel", None)
            .await
            .status,
        404
    );
    assert!(ultravox.asked().is_empty());
    world
        .unsets(&world.acme, CredentialKey::TelnyxAccountSid)
        .await;
    let answer = olivia(
        &node,
        &world,
        "PATCH",
        "telephony_configs/telnyx",
        Some(json!({})),
    )
    .await;
    assert_eq!(
        (answer.status, &answer.json()["missing"]),
        (400, &json!(["telnyx_account_sid"]))
    );
    world
        .unsets(&world.acme, CredentialKey::UltravoxApiKey)
        .await;
    for (method, path) in [
        ("GET", "telephony_configs/telnyx"),
        ("DELETE", "telephony_configs/plivo"),
    ] {
        let answer = olivia(&node, &world, method, path, None).await;
        assert_eq!(
            (answer.status, &answer.json()["missing"]),
            (400, &json!(["ultravox_api_key"]))
        );
    }
}

async fn several_carriers_are_changed_in_one(world: World) {
    let (world, ultravox) = world.with_ultravox().await;
    let node = world.node().await;
    ultravox.is_given(
        ULTRAVOX_KEY,
        Provider::Twilio,
        json!({
        "accountSid": "AC9", "authToken": "old", "callCreationAllowedAgentIds": [AGENT],
        "requestContextMapping": {"From": "user.phone_number"}}),
    );
    let all = json!({"telnyx": {"callCreationAllowAllAgents": true},
                     "twilio": {"callCreationAllowAllAgents": true}});
    let answer = olivia(&node, &world, "PATCH", "telephony_config", Some(all)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    assert_eq!(body["telnyx"]["applicationSid"], APPLICATION);
    // What was not named stays: the account that is there, and its mapping.
    assert_eq!(body["twilio"]["accountSid"], "AC9");
    assert_eq!(
        body["twilio"]["requestContextMapping"],
        json!({"From": "user.phone_number"})
    );
    assert_eq!(body["plivo"], Value::Null);
    let held = ultravox.holds(ULTRAVOX_KEY, Provider::Twilio).unwrap();
    assert_eq!(held["authToken"], "twilios-own-secret");

    ultravox.fails(Fault::html(410).below("/api/accounts"));
    let change = json!({"twilio": null, "plivo": {"callCreationAllowedAgentIds": [AGENT]}});
    let answer = olivia(&node, &world, "PATCH", "telephony_config", Some(change)).await;
    assert_eq!(
        (answer.status, &answer.json()["twilio"]),
        (200, &Value::Null)
    );
    assert_eq!(
        answer.json()["plivo"]["callCreationAllowedAgentIds"],
        json!([AGENT])
    );
    assert!(ultravox.holds(ULTRAVOX_KEY, Provider::Twilio).is_none());
}

async fn only_an_owner_touches_it_and_an_admin_may_look(world: World) {
    let (world, ultravox) = world.with_ultravox().await;
    let node = world.node().await;
    let sql = format!(
        "UPDATE users SET agency_id = '{}' WHERE id = '{}'",
        world.acme.id, world.mallory
    );
    world.database.execute(&sql).await;
    world
        .changes_user(world.ben, |ben| ben.role = Some(Role::Admin))
        .await;
    let paths = [
        ("GET", "telephony_configs/telnyx"),
        ("DELETE", "telephony_configs/telnyx"),
        ("PATCH", "telephony_configs/telnyx"),
        ("PATCH", "telephony_config"),
        ("POST", "import-twilio"),
        ("POST", "import-plivo"),
        ("GET", "status"),
    ];
    for (method, path) in paths {
        let path = format!("/api/ultravox/{path}");
        assert_eq!(
            node.does(&world, world.anna, method, &path, None)
                .await
                .status,
            403
        );
        let of_an_admin = node
            .does(&world, world.ben, method, &path, None)
            .await
            .status;
        assert_eq!(
            of_an_admin,
            if path.ends_with("status") { 200 } else { 403 },
            "{path}"
        );
    }
    let asked = ultravox.asked();
    assert!(asked.iter().all(|asked| asked.method == "GET"));
}

async fn the_status_says_what_differs_and_what_to_do(world: World) {
    let (world, ultravox) = world.with_ultravox().await;
    let node = world.node().await;
    let status = async || olivia(&node, &world, "GET", "status", None).await;
    let fresh = status().await.json();
    assert_eq!(
        (
            &fresh["stored"]["telnyx_api_key"],
            &fresh["stored"]["telnyx_caller_id"]
        ),
        (&json!(true), &json!(false))
    );
    assert_eq!(
        (&fresh["telephony_configured"], &fresh["in_sync"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(
        fresh["sync_issues"][0],
        "Telnyx is stored and not known to Ultravox"
    );
    assert_eq!(
        fresh["issues"][0],
        json!({"carrier": "telnyx", "key": null, "kind": "not_imported"})
    );
    assert_eq!(
        fresh["next_steps"][0],
        "Import it: POST /api/ultravox/import-telnyx"
    );

    for carrier in ["telnyx", "twilio", "plivo"] {
        olivia(&node, &world, "POST", &format!("import-{carrier}"), None).await;
    }
    let agreed = status().await;
    assert_eq!(
        (&agreed.json()["in_sync"], &agreed.json()["sync_issues"]),
        (&json!(true), &json!([]))
    );
    assert_eq!(agreed.json()["telephony_configured"], true);
    assert_eq!(
        agreed.json()["ultravox"]["telnyx"]["applicationSid"],
        APPLICATION
    );
    assert!(!agreed.text().contains(TELNYX_KEY));

    ultravox.is_given(ULTRAVOX_KEY, Provider::Telnyx, json!({
        "accountSid": "acme-organisation", "apiKey": "XXXX", "publicKey": world.acme.key.public_key(),
        "applicationSid": "7"}));
    world
        .unsets(&world.acme, CredentialKey::PlivoAuthToken)
        .await;
    let apart = status().await.json();
    assert_eq!(
        apart["sync_issues"],
        json!([
            "Ultravox has another value for telnyx_api_key",
            "Ultravox has another applicationSid than telnyx_application_id",
            "Ultravox lets no agent take calls of Telnyx",
            "Plivo is stored in part: plivo_auth_token missing",
        ])
    );

    let issue = |carrier: &str, key: Value, kind: &str| json!({"carrier": carrier, "key": key, "kind": kind});
    assert_eq!(
        apart["issues"],
        json!([
            issue("telnyx", json!("telnyx_api_key"), "differs"),
            issue("telnyx", json!("telnyx_application_id"), "differs"),
            issue("telnyx", Value::Null, "no_agents"),
            issue("plivo", json!("plivo_auth_token"), "missing"),
        ])
    );

    ultravox.fails(Fault::says(401, r#"{"detail":"Invalid API key."}"#));
    let refused = status().await;
    assert_eq!(
        (refused.status, refused.error()),
        (502, "Invalid API key.".into())
    );
    assert_eq!(refused.json()["stored"]["telnyx_api_key"], true);
    let of_none = |kind: &str| json!([{"carrier": null, "key": "ultravox_api_key", "kind": kind}]);
    assert_eq!(refused.json()["issues"], of_none("no_answer"));
    assert_eq!(refused.json()["ultravox"], Value::Null);
    world
        .unsets(&world.acme, CredentialKey::UltravoxApiKey)
        .await;
    let keyless = status().await;
    assert_eq!(
        (keyless.status, &keyless.json()["ultravox"]),
        (200, &Value::Null)
    );
    assert_eq!(keyless.json()["issues"], of_none("not_asked"));
    assert!(
        keyless.json()["next_steps"][0]
            .as_str()
            .unwrap()
            .contains("ultravox_api_key")
    );
}

on_each_database!(
    a_new_configuration_is_posted_and_a_known_one_patched,
    a_patch_brings_the_stored_secrets_and_leaves_the_application,
    what_ultravox_would_refuse_is_refused_before_it_is_asked,
    several_carriers_are_changed_in_one,
    only_an_owner_touches_it_and_an_admin_may_look,
    the_status_says_what_differs_and_what_to_do,
);
