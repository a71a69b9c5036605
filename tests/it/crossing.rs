//! Who crosses which line: every route, by every key and by the people of another agency. Made from
//! the list of routes, so that a new one is asked for without anyone's memory.

use crate::support::World;
use crate::support::http::{Reply, reply};
use crate::support::node::Node;
use crate::support::patience::look_again;
use crate::support::retelling::tell;
use callboard::app::all_routes;
use callboard::domain::{AgencyKey, Audience, KeyId, KeyRight, Role, UserId};
use callboard::http::{Door, Route};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Bodies that would do something, so that nobody is refused for what they sent.
fn body(route: &Route) -> Option<Value> {
    match (route.method.name(), route.path) {
        ("PATCH", "/api/users/{id}") => Some(json!({ "name": "Taken over" })),
        ("PATCH", "/api/call-logs/{id}") => Some(json!({ "notes": "Taken over" })),
        _ => None,
    }
}

async fn asks(node: &Node, route: &Route, path: &str, bearer: &str) -> Reply {
    let request = node.ask(route.method.name(), path).bearer_auth(bearer);
    match body(route) {
        Some(body) => reply(request.json(&body)).await,
        None => reply(request).await,
    }
}

async fn a_key_of_each_right_opens_the_routes_of_its_right_and_no_others(world: World) {
    let node = world.node().await;
    for right in KeyRight::ALL {
        let wanted = json!({ "name": "Key", "rights": [right.name()] });
        let made = node
            .does(
                &world,
                world.olivia,
                "POST",
                "/api/agency/keys",
                Some(wanted),
            )
            .await;
        let key = made.json()["key"].as_str().expect("a key").to_owned();
        let like_it = AgencyKey {
            id: KeyId(Uuid::nil()),
            agency_id: world.acme.id,
            name: String::new(),
            rights: vec![right],
            prefix: String::new(),
            created_at: world.clock.now(),
            created_by: world.olivia,
            last_used_at: None,
        };
        assert_eq!(
            like_it.audience() == Audience::Masked,
            right == KeyRight::Display
        );
        let mut opened = 0;
        for route in all_routes() {
            let Door::For(needed) = route.door else {
                continue;
            };
            let path = route.path.replace(['{', '}'], "");
            let answer = asks(&node, route, &path, &key).await;
            let what = format!("{} {} by {}", route.method.name(), route.path, right.name());
            let may = like_it.may(needed);
            assert_eq!(answer.status == 403, !may, "{what}: {}", answer.text());
            assert!(
                ![401, 429, 500].contains(&answer.status),
                "{what}: {}",
                answer.text()
            );
            opened += usize::from(may);
        }
        assert!(opened > 1, "{right:?}");
    }
}

/// What is Acme's, as it stands in paths.
struct Acmes {
    call: String,
    handle: String,
    recording: String,
    key: String,
    log: String,
}

impl Acmes {
    async fn of(world: &World, node: &Node) -> Self {
        let carrier = node.carrier(&world.acme);
        let call = carrier.new_call("+15550100");
        tell(
            &carrier,
            [
                &call.initiated(),
                &call.hung_up(callboard_simulator::HangupCause::NormalClearing),
            ],
        )
        .await;
        let open = carrier.new_call("+15550101");
        tell(&carrier, [&open.initiated()]).await;
        let listed = node.reads(world, world.anna, "/api/calls").await;
        let logs = node.reads(world, world.anna, "/api/call-logs").await.json();
        let wanted = json!({ "name": "Key", "rights": ["display"] });
        let key = node
            .does(
                world,
                world.olivia,
                "POST",
                "/api/agency/keys",
                Some(wanted),
            )
            .await
            .json();
        Self {
            call: listed.calls("id")[0].clone(),
            handle: open.call_control_id.clone(),
            recording: Uuid::new_v4().to_string(),
            key: key["id"].as_str().expect("an id").to_owned(),
            log: logs["call_logs"][0]["id"]
                .as_str()
                .expect("an id")
                .to_owned(),
        }
    }

    /// The path with what is Acme's in it; nothing where what stands in it is no agency's.
    fn path(&self, route: &Route, user: UserId) -> Option<String> {
        let path = route.path;
        let id = match path {
            _ if path.starts_with("/api/calls/") => &self.call,
            _ if path.starts_with("/api/call-logs/") => &self.log,
            _ if path.starts_with("/api/agency/keys/") => &self.key,
            _ if path.starts_with("/api/users/") => &user.to_string(),
            _ if path.starts_with("/api/telnyx/calls/") => &self.handle,
            // Names that every agency has, and one's own sessions.
            _ if path.starts_with("/api/agency/credentials/")
                || path.starts_with("/api/ultravox/")
                || path.starts_with("/api/me/sessions/") =>
            {
                return None;
            }
            _ => panic!("say what stands in {path}"),
        };
        let path = path.replace("{id}", id).replace("{call_control_id}", id);
        Some(path.replace("{recording_id}", &self.recording))
    }
}

/// The path with what nobody has in it.
fn nobodys(route: &Route) -> String {
    let id = Uuid::new_v4().to_string();
    let path = route
        .path
        .replace("{id}", &id)
        .replace("{recording_id}", &id);
    path.replace("{call_control_id}", "v3:nobody")
}

async fn what_is_another_agencys_is_answered_as_what_is_not_there_by_every_role(world: World) {
    let node = world.node().await;
    let acmes = Acmes::of(&world, &node).await;
    let state = async || {
        let mut all = Vec::new();
        for path in [
            "/api/users",
            "/api/calls",
            "/api/call-logs",
            "/api/agency/keys",
            "/api/agency",
        ] {
            let mut read = node.reads(&world, world.olivia, path).await.json();
            if let Some(keys) = read["keys"].as_array_mut() {
                keys.iter_mut()
                    .for_each(|key| key["last_used_at"] = Value::Null);
            }
            all.push(read);
        }
        all
    };
    let before = state().await;
    let mut crossed = BTreeSet::new();
    for role in Role::ALL {
        world
            .changes_user(world.mallory, |it| it.role = Some(role))
            .await;
        let sees = async || {
            let me = node.reads(&world, world.mallory, "/api/me").await.json();
            me["role"] == role.name()
        };
        let limit = std::time::Duration::from_secs(5);
        let learnt = async {
            while !sees().await {
                look_again().await;
            }
        };
        world.within(limit, "the role", learnt).await;
        for route in all_routes().filter(|route| route.path.contains('{')) {
            let Door::For(_) = route.door else {
                continue;
            };
            let Some(theirs) = acmes.path(route, world.anna) else {
                continue;
            };
            let token = world.token(world.mallory);
            let what = format!("{} {} as {}", route.method.name(), route.path, role.name());
            let crossing = asks(&node, route, &theirs, token.expose_secret()).await;
            let nowhere = asks(&node, route, &nobodys(route), token.expose_secret()).await;
            assert_eq!(
                (crossing.status, crossing.text()),
                (nowhere.status, nowhere.text()),
                "{what}"
            );
            assert!(
                [403, 404].contains(&crossing.status),
                "{what}: {}",
                crossing.status
            );
            crossed.insert(what);
        }
    }
    assert!(crossed.len() > 30, "{crossed:?}");
    assert_eq!(state().await, before);
}

/// A page of somebody else can have a browser send a form, or fetch without reading; it has no token,
/// and nothing here takes a cookie for one.
async fn a_page_of_somebody_else_has_browsers_do_nothing(world: World) {
    let world = crate::accounts::house::with_accounts(world);
    let node = world.node().await;
    for route in all_routes().filter(|route| route.method.name() != "GET") {
        let path = route.path.replace(['{', '}'], "");
        if path.starts_with("/api/telnyx/webhook") {
            // Believed for its signature alone.
            continue;
        }
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
        ] {
            let request = node
                .ask(route.method.name(), &path)
                .header("origin", "https://evil.example")
                .header("cookie", "sb-callboard-auth-token=x; session=x")
                .header("content-type", kind)
                .body("{\"token\":\"x\",\"password\":\"correct horse battery\"}");
            let answer = reply(request).await;
            let what = format!("{} {} as {kind}", route.method.name(), route.path);
            assert!(
                (400..500).contains(&answer.status),
                "{what}: {}",
                answer.status
            );
            let may = answer.header("access-control-allow-credentials");
            assert_eq!(may, None, "{what}");
        }
    }
    for route in all_routes().filter(|route| route.method.name() == "GET") {
        let path = route.path.replace(['{', '}'], "");
        let answer = reply(node.ask("GET", &path)).await;
        assert_eq!(answer.header("set-cookie"), None, "{path}");
    }
}

on_each_database!(
    a_key_of_each_right_opens_the_routes_of_its_right_and_no_others,
    what_is_another_agencys_is_answered_as_what_is_not_there_by_every_role,
    a_page_of_somebody_else_has_browsers_do_nothing,
);
