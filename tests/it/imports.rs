//! `import-telnyx-to-ultravox`: each row of its document, and the same for the other carriers.

use crate::support::World;
use crate::support::http::reply;
use crate::support::ultravox::{APPLICATION, FUNCTION, TELNYX_KEY, ULTRAVOX_KEY};
use callboard::config::TelephonyEndpoint;
use callboard::domain::{CredentialKey, Role};
use callboard_simulator::ultravox::{Fault, Provider};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

const WHOLE: &str = "/api/accounts/me/telephony_config";
const SCOPED: &str = "/api/telephony_configs/telnyx";
const AGENT: &str = "3c90c3cc-0d44-4b50-8888-8dd25736052a";

/// The four that the document requires, in its order.
const REQUIRED: [CredentialKey; 4] = [
    CredentialKey::UltravoxApiKey,
    CredentialKey::TelnyxApiKey,
    CredentialKey::TelnyxPublicKey,
    CredentialKey::TelnyxApplicationId,
];

fn success() -> Value {
    json!({"success": true, "telnyx_configured_in_ultravox": true, "application_id": APPLICATION})
}

/// The methods and paths that were asked.
fn lines(ultravox: &callboard_simulator::ultravox::Ultravox) -> Vec<String> {
    let asked = ultravox.asked().into_iter();
    asked
        .map(|asked| format!("{} {}", asked.method, asked.path))
        .collect()
}

async fn an_owner_imports_telnyx_and_may_do_so_again(world: World) {
    let (world, ultravox) = world.with_ultravox().await;
    let node = world.node().await;
    for _ in 0..2 {
        let answer = node.imports(&world).await;
        assert_eq!((answer.status, answer.json()), (200, success()));
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert!(world.is_marked().await);
    }
    let asked = ultravox.asked();
    assert_eq!(asked.len(), 4);
    assert!(
        asked
            .iter()
            .all(|asked| asked.key.as_deref() == Some(ULTRAVOX_KEY))
    );
    assert_eq!(
        (asked[1].method.as_str(), asked[1].path.as_str()),
        ("PATCH", WHOLE)
    );
    let sent = json!({"telnyx": {
        "accountSid": "acme-organisation", "apiKey": TELNYX_KEY,
        "publicKey": world.acme.key.public_key(), "applicationSid": APPLICATION,
        "callCreationAllowAllAgents": true,
    }});
    assert_eq!(asked[1].body, sent);
    assert_eq!(asked[3].body, sent);
    let also = node
        .does(
            &world,
            world.olivia,
            "POST",
            "/api/ultravox/import-telnyx",
            None,
        )
        .await;
    assert_eq!((also.status, also.json()), (200, success()));
}

async fn the_accounts_mapping_and_number_stay_and_other_carriers_too(world: World) {
    let (world, ultravox) = world.with_ultravox().await;
    world
        .unsets(&world.acme, CredentialKey::TelnyxAccountSid)
        .await;
    let twilio = json!({"accountSid": "AC9", "authToken": "theirs"});
    ultravox.is_given(ULTRAVOX_KEY, Provider::Twilio, twilio.clone());
    ultravox.is_given(
        ULTRAVOX_KEY,
        Provider::Telnyx,
        json!({
            "accountSid": "known-there", "apiKey": "old", "publicKey": "old", "applicationSid": "7",
            "callCreationAllowedAgentIds": [AGENT],
            "requestContextMapping": {"From": "user.phone_number"},
        }),
    );
    let node = world.node().await;
    assert_eq!(node.imports(&world).await.json(), success());
    let held = ultravox.holds(ULTRAVOX_KEY, Provider::Telnyx).unwrap();
    assert_eq!(
        held["requestContextMapping"],
        json!({"From": "user.phone_number"})
    );
    assert_eq!(
        (&held["accountSid"], &held["apiKey"]),
        (&json!("known-there"), &json!(TELNYX_KEY))
    );
    assert_eq!(ultravox.holds(ULTRAVOX_KEY, Provider::Twilio), Some(twilio));
}

async fn any_method_but_post_is_405_before_anyone_is_asked_who_they_are(world: World) {
    let node = world.node().await;
    for method in ["GET", "PUT", "PATCH", "DELETE", "HEAD"] {
        let answer = reply(node.ask(method, FUNCTION)).await;
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, Some("POST")),
            "{method}"
        );
        if method != "HEAD" {
            assert!(answer.error().starts_with("Method not allowed"));
        }
    }
}

async fn whoever_is_not_signed_in_is_401_in_all_three_shapes(world: World) {
    let (world, ultravox) = world.with_ultravox().await;
    let node = world.node().await;
    let anon = world.odd_token(
        world.olivia,
        json!({"sub": null, "aud": null, "role": "anon"}),
    );
    let shapes = [
        None,
        Some(anon.expose_secret()),
        Some("sb_publishable_abcdefghijklmnop"),
    ];
    for shape in shapes {
        let mut request = node
            .ask("POST", FUNCTION)
            .header("apikey", "sb_publishable_abcdefg");
        if let Some(token) = shape {
            request = request.bearer_auth(token);
        }
        let answer = reply(request).await;
        assert_eq!(
            (answer.status, answer.header("access-control-allow-origin")),
            (401, Some("*"))
        );
        assert!(!answer.error().is_empty());
    }
    assert!(ultravox.asked().is_empty());
}

async fn whoever_is_no_owner_is_403(world: World) {
    let (world, ultravox) = world.with_ultravox().await;
    let node = world.node().await;
    world
        .changes_user(world.ben, |ben| ben.role = Some(Role::Admin))
        .await;
    let sql = format!(
        "UPDATE users SET agency_id = NULL WHERE id = '{}'",
        world.mallory
    );
    world.database.execute(&sql).await;
    for (person, sentence) in [
        (
            world.anna,
            "Only the agency's owner (role agency_owner) may do this",
        ),
        (
            world.ben,
            "Only the agency's owner (role agency_owner) may do this",
        ),
        (world.mallory, "This user does not belong to an agency. Ask"),
    ] {
        let answer = node.does(&world, person, "POST", FUNCTION, None).await;
        assert_eq!(answer.status, 403);
        assert!(answer.error().starts_with(sentence), "{}", answer.error());
    }
    assert!(ultravox.asked().is_empty());
}

async fn what_is_missing_is_named_in_the_documents_order(world: World) {
    let (world, ultravox) = world.with_ultravox().await;
    let node = world.node().await;
    let missing = async || {
        let answer = node.imports(&world).await;
        assert_eq!(
            (answer.status, answer.error()),
            (400, "Missing required credentials".into())
        );
        answer.json()["missing"].clone()
    };
    for blank in ["", "  "] {
        world
            .sets(&world.acme, CredentialKey::TelnyxApiKey, blank)
            .await;
        assert_eq!(missing().await, json!(["telnyx_api_key"]));
    }
    let mut names = vec![];
    for key in REQUIRED.iter().rev() {
        world.unsets(&world.acme, *key).await;
        names.insert(0, key.name());
        let mut named = names.clone();
        if !named.contains(&"telnyx_api_key") {
            named.insert(0, "telnyx_api_key");
        }
        assert_eq!(missing().await, json!(named));
    }
    assert_eq!(
        names,
        [
            "ultravox_api_key",
            "telnyx_api_key",
            "telnyx_public_key",
            "telnyx_application_id"
        ]
    );
    assert!(ultravox.asked().is_empty() && !world.is_marked().await);
}

async fn credentials_that_cannot_be_read_are_500(world: World) {
    let (world, ultravox) = world.with_ultravox().await;
    let node = world.node().await;
    let unread = async || {
        let answer = node.imports(&world).await;
        let words = (answer.status, answer.error());
        assert_eq!(words, (500, "Failed to retrieve agency credentials".into()));
    };
    // A row that was tampered with: the sealed text of another credential.
    let row = |key| format!("agency_id = '{}' AND name = '{key}'", world.acme.id);
    let copied = format!(
        "UPDATE agency_credentials SET sealed = \
         (SELECT sealed FROM agency_credentials WHERE {}) WHERE {}",
        row("telnyx_sip_server"),
        row("telnyx_api_key")
    );
    world
        .sets(
            &world.acme,
            CredentialKey::TelnyxSipServer,
            "sip.example.com",
        )
        .await;
    world.database.execute(&copied).await;
    unread().await;
    // One that is not needed does not stand in the way.
    world
        .sets(&world.acme, CredentialKey::TelnyxApiKey, TELNYX_KEY)
        .await;
    let flipped = format!(
        "UPDATE agency_credentials SET sealed = 'AQID' WHERE {}",
        row("telnyx_sip_server")
    );
    world.database.execute(&flipped).await;
    assert_eq!(node.imports(&world).await.status, 200);
    // The table is gone.
    world
        .database
        .execute("ALTER TABLE agency_credentials RENAME TO gone")
        .await;
    unread().await;
    world
        .database
        .execute("ALTER TABLE gone RENAME TO agency_credentials")
        .await;
    // The wrong key.
    drop(node);
    drop(ultravox.asked());
    let world = world.configured(|config| {
        config.encryption_key = Some("/////////////////////////////////////////wE=".into());
    });
    let node = world.node().await;
    let answer = node.imports(&world).await;
    assert_eq!(
        (answer.status, answer.error()),
        (500, "Failed to retrieve agency credentials".into())
    );
    assert!(ultravox.asked().is_empty());
}

async fn whatever_goes_wrong_upstream_is_502_in_ultravoxs_words(world: World) {
    let (world, ultravox) = world.with_ultravox().await;
    let node = world.node().await;
    let echo = format!("{{\"detail\":\"bad key {TELNYX_KEY} or {ULTRAVOX_KEY}\"}}");
    let nested = json!({"telnyx": {"accountSid": ["This field is required."]}});
    for (fault, sentence) in [
        (
            Fault::says(401, r#"{"detail":"Invalid API key."}"#),
            "Invalid API key.",
        ),
        (
            Fault::says(403, "{}"),
            "Ultravox refused the API key (HTTP 403)",
        ),
        (
            Fault::says(400, nested),
            "telnyx.accountSid: This field is required. Store telnyx_account_sid as it \
            should be, under Settings or with PUT /api/agency/credentials, and try again",
        ),
        (Fault::says(422, "no JSON"), "no JSON"),
        (Fault::says(400, &echo), "bad key [redacted] or [redacted]"),
        (Fault::too_many(60), "Request was throttled."),
        (Fault::html(302), "Ultravox answered HTTP 302"),
        (
            Fault::html(200),
            "127.0.0.1 answered something that cannot be read",
        ),
    ] {
        ultravox.fails(fault);
        let answer = node.imports(&world).await;
        assert_eq!((answer.status, answer.error()), (502, sentence.to_owned()));
        ultravox.recovers();
    }
    assert!(!world.is_marked().await);
    // A limit that is soon over is waited for.
    ultravox.fails(Fault::too_many(2).to("PATCH").times(1));
    assert_eq!(node.imports(&world).await.status, 200);
}

async fn an_ultravox_that_is_down_is_502_and_soon_not_asked(world: World) {
    let (world, ultravox) = world.with_ultravox().await;
    let node = world.node().await;
    ultravox.fails(Fault::html(502));
    for _ in 0..5 {
        let answer = node.imports(&world).await;
        assert_eq!(
            (answer.status, answer.error()),
            (502, "Ultravox answered HTTP 502".into())
        );
    }
    drop(ultravox.asked());
    let answer = node.imports(&world).await;
    assert_eq!(answer.status, 502);
    assert!(
        answer
            .error()
            .starts_with("Ultravox has not been answering"),
        "{}",
        answer.error()
    );
    assert_eq!(answer.header("retry-after"), None);
    assert!(ultravox.asked().is_empty());
    ultravox.recovers();
    world.wind(std::time::Duration::from_secs(11)).await;
    assert_eq!(node.imports(&world).await.json(), success());
    drop(ultravox);
    let unreachable = node.imports(&world).await;
    assert_eq!(unreachable.status, 502);
}

async fn an_account_endpoint_that_is_gone_gives_way_to_the_carriers(world: World) {
    let (world, ultravox) = world.with_ultravox().await;
    let node = world.node().await;
    for gone in [404, 405, 410] {
        ultravox.fails(Fault::html(gone).below(WHOLE));
        assert_eq!(node.imports(&world).await.json(), success());
        ultravox.recovers();
    }
    assert_eq!(
        lines(&ultravox),
        [
            format!("GET {WHOLE}"),
            format!("PATCH {WHOLE}"),
            format!("PATCH {SCOPED}"),
            format!("POST {SCOPED}"),
            format!("GET {WHOLE}"),
            format!("PATCH {WHOLE}"),
            format!("PATCH {SCOPED}"),
            format!("GET {WHOLE}"),
            format!("PATCH {WHOLE}"),
            format!("PATCH {SCOPED}"),
        ]
    );
    // One that can be written and not read will do.
    ultravox.fails(Fault::html(405).below(WHOLE).to("GET"));
    assert_eq!(node.imports(&world).await.json(), success());
    assert_eq!(
        lines(&ultravox),
        [format!("GET {WHOLE}"), format!("PATCH {WHOLE}")]
    );
}

async fn the_carriers_endpoint_may_be_chosen(world: World) {
    let (world, ultravox) = world.with_ultravox().await;
    let world = world.configured(|config| {
        config.providers.ultravox_endpoint = TelephonyEndpoint::Provider;
    });
    let node = world.node().await;
    assert_eq!(node.imports(&world).await.json(), success());
    assert_eq!(
        lines(&ultravox),
        [format!("PATCH {SCOPED}"), format!("POST {SCOPED}")]
    );
    // A list from before would stand beside allow-all, which Ultravox refuses.
    ultravox.is_given(
        ULTRAVOX_KEY,
        Provider::Telnyx,
        json!({
            "accountSid": "a", "apiKey": "b", "publicKey": "c", "applicationSid": "7",
            "callCreationAllowedAgentIds": [AGENT],
        }),
    );
    assert_eq!(node.imports(&world).await.json(), success());
    let held = ultravox.holds(ULTRAVOX_KEY, Provider::Telnyx).unwrap();
    assert_eq!(
        (
            &held["callCreationAllowedAgentIds"],
            &held["applicationSid"]
        ),
        (&json!([]), &json!(APPLICATION))
    );
}

async fn a_success_that_changed_nothing_is_none(world: World) {
    let (world, ultravox) = world.with_ultravox().await;
    let node = world.node().await;
    for (whole, words) in [
        (
            json!({"telnyx": null}),
            "has no Telnyx configuration afterwards. See that ultravox_api_key",
        ),
        (json!({}), "has no Telnyx configuration afterwards"),
        (
            json!({"telnyx": {"applicationSid": ""}}),
            "has no Telnyx configuration afterwards",
        ),
        (
            json!({"telnyx": {"applicationSid": "7"}}),
            "has another applicationSid than telnyx_application_id",
        ),
    ] {
        ultravox.fails(Fault::says(200, &whole).to("PATCH").times(1));
        let answer = node.imports(&world).await;
        assert_eq!(answer.status, 502, "{whole}");
        assert!(
            answer.error().contains(words) && answer.error().ends_with("then import again"),
            "{}",
            answer.error()
        );
        assert!(!world.is_marked().await, "{whole}");
    }
    let says = Fault::says(200, json!({"twilio": {"accountSid": "AC-another"}}));
    ultravox.fails(says.to("PATCH").times(1));
    let path = "/api/ultravox/import-twilio";
    let answer = node.does(&world, world.olivia, "POST", path, None).await;
    assert_eq!(
        (answer.status, world.is_marked().await),
        (502, false),
        "{}",
        answer.text()
    );
}

async fn a_field_that_ultravox_names_comes_with_the_credential_to_store(world: World) {
    let (world, ultravox) = world.with_ultravox().await;
    let node = world.node().await;
    for (status, body, advice) in [
        (
            400,
            json!({"telnyx": {"accountSid": ["This field is required."]}}),
            "required. Store telnyx_account_sid as it",
        ),
        (
            400,
            json!({"telnyx": {"publicKey": ["Not a key."], "apiKey": ["Too old."]}}),
            "Store telnyx_api_key and telnyx_public_key as it",
        ),
    ] {
        ultravox.fails(Fault::says(status, &body).to("PATCH").times(1));
        let answer = node.imports(&world).await;
        assert_eq!(answer.status, 502, "{body}");
        assert!(answer.error().contains(advice), "{}", answer.error());
        assert!(!answer.error().contains(".."), "{}", answer.error());
    }
    // What is another carrier's, or nothing of ours, is left as Ultravox says it.
    let other = json!({"twilio": {"accountSid": ["No."]}, "requestContextMapping": ["No."]});
    ultravox.fails(Fault::says(400, &other).to("PATCH").times(1));
    let answer = node.imports(&world).await;
    assert!(!answer.error().contains("Store"), "{}", answer.error());
}

async fn of_several_public_keys_the_first_is_imported(world: World) {
    let (world, ultravox) = world.with_ultravox().await;
    let (first, second) = (world.acme.key.public_key(), world.rival.key.public_key());
    let both = format!(" {first} ,{second}");
    world
        .sets(&world.acme, CredentialKey::TelnyxPublicKey, &both)
        .await;
    let node = world.node().await;
    assert_eq!(node.imports(&world).await.status, 200);
    let held = ultravox.holds(ULTRAVOX_KEY, Provider::Telnyx).unwrap();
    assert_eq!(held["publicKey"], json!(first));
}

async fn twilio_and_plivo_are_imported_alike(world: World) {
    let (world, ultravox) = world.with_ultravox().await;
    let node = world.node().await;
    let import = async |name: &str| {
        let path = format!("/api/ultravox/import-{name}");
        node.does(&world, world.olivia, "POST", &path, None).await
    };
    assert_eq!(
        import("twilio").await.json(),
        json!({
        "success": true, "twilio_configured_in_ultravox": true, "account_sid": "AC0123456789abcdef"})
    );
    assert_eq!(
        import("plivo").await.json(),
        json!({
        "success": true, "plivo_configured_in_ultravox": true, "auth_id": "MA0123456789ABCDEFGH"})
    );
    assert!(world.is_marked().await);
    let held = ultravox.holds(ULTRAVOX_KEY, Provider::Plivo).unwrap();
    assert_eq!(held["authToken"], "plivos-own-secret");
    for (name, keys) in [
        ("twilio", ["twilio_account_sid", "twilio_auth_token"]),
        ("plivo", ["plivo_auth_id", "plivo_auth_token"]),
    ] {
        for key in keys {
            world
                .unsets(&world.acme, CredentialKey::from_name(key).unwrap())
                .await;
        }
        assert_eq!(import(name).await.json()["missing"], json!(keys));
    }
    assert_eq!(import("exotel").await.status, 404);
}

async fn every_answer_may_be_read_by_every_page(world: World) {
    let (world, _ultravox) = world.with_ultravox().await;
    let node = world.node().await;
    let asked = "authorization,x-client-info,apikey,content-type,sentry-trace,x-of-tomorrow";
    let preflight = node
        .ask("OPTIONS", FUNCTION)
        .header("origin", "https://app.example.com")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", asked);
    let preflight = reply(preflight).await;
    assert_eq!(preflight.status, 204);
    let allowed = preflight.header("access-control-allow-headers").unwrap();
    assert_eq!(allowed, asked);
    assert_eq!(
        preflight.header("vary"),
        Some("Access-Control-Request-Headers")
    );
    assert!(
        preflight
            .header("access-control-allow-methods")
            .unwrap()
            .contains("POST")
    );
    let bare = reply(node.ask("OPTIONS", "/functions/v1/nothing")).await;
    let there = node.imports(&world).await;
    let huge = reply(
        node.ask("POST", FUNCTION)
            .bearer_auth(world.token(world.olivia).expose_secret())
            .body(vec![0; 2 << 20]),
    )
    .await;
    let elsewhere = reply(node.ask("POST", "/functions/v1/nothing")).await;
    let wrong = reply(node.ask("GET", FUNCTION).header("origin", "null")).await;
    let statuses = [
        preflight.status,
        bare.status,
        there.status,
        huge.status,
        elsewhere.status,
        wrong.status,
    ];
    assert_eq!(statuses, [204, 204, 200, 413, 404, 405]);
    for answer in [preflight, bare, there, huge, elsewhere, wrong] {
        assert_eq!(
            answer.header("access-control-allow-origin"),
            Some("*"),
            "{}",
            answer.status
        );
    }
    let beside = reply(
        node.ask("GET", "/api/me")
            .header("origin", "https://app.example.com"),
    )
    .await;
    assert_eq!(beside.header("access-control-allow-origin"), None);
}

on_each_database!(
    an_owner_imports_telnyx_and_may_do_so_again,
    the_accounts_mapping_and_number_stay_and_other_carriers_too,
    any_method_but_post_is_405_before_anyone_is_asked_who_they_are,
    whoever_is_not_signed_in_is_401_in_all_three_shapes,
    whoever_is_no_owner_is_403,
    what_is_missing_is_named_in_the_documents_order,
    credentials_that_cannot_be_read_are_500,
    whatever_goes_wrong_upstream_is_502_in_ultravoxs_words,
    an_ultravox_that_is_down_is_502_and_soon_not_asked,
    an_account_endpoint_that_is_gone_gives_way_to_the_carriers,
    the_carriers_endpoint_may_be_chosen,
    a_success_that_changed_nothing_is_none,
    a_field_that_ultravox_names_comes_with_the_credential_to_store,
    of_several_public_keys_the_first_is_imported,
    twilio_and_plivo_are_imported_alike,
    every_answer_may_be_read_by_every_page,
);
