//! The list of routes: each is registered, described and guarded as the list has it.

use crate::support::World;
use crate::support::documents::{Documents, operations};
use crate::support::http::{Reply, reply};
use crate::support::node::Node;
use callboard::app::all_routes;
use callboard::domain::{Right, Role, User, UserId};
use callboard::http::{Door, Route};
use secrecy::ExposeSecret;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use uuid::Uuid;

/// The path with some text in place of its parameters.
fn asked(route: &Route) -> String {
    route.path.replace(['{', '}'], "")
}

/// What is named in the documents, as it stands there.
fn named(route: &Route) -> (String, String) {
    (route.method.name().to_owned(), route.path.to_owned())
}

async fn every_route_is_in_the_document_and_every_path_of_it_is_a_route(world: World) {
    let documents = Documents::of(&world.node().await).await;
    let documented: BTreeSet<_> = operations(&documents.openapi)
        .into_iter()
        .map(|(method, path, _)| (method, path))
        .collect();
    let (described, others): (Vec<_>, Vec<_>) = all_routes().partition(|one| one.is_described());
    let listed: BTreeSet<_> = described.iter().copied().map(named).collect();
    assert_eq!(documented, listed);
    assert_eq!(listed.len(), described.len(), "a route is listed twice");
    // In no document: where an identity provider sends browsers back, and a demo's short links, which are as
    // good as tokens.
    let others: Vec<_> = others.iter().map(|route| route.path).collect();
    assert_eq!(others, ["/auth/v1/callback", "/as/{code}"]);
}

async fn every_path_allows_the_methods_of_its_routes_and_no_others(world: World) {
    let node = world.node().await;
    let mut paths: BTreeMap<String, Vec<&Route>> = BTreeMap::new();
    for route in all_routes().filter(|route| route.is_described()) {
        paths.entry(asked(route)).or_default().push(route);
    }
    for (path, routes) in &paths {
        let refused = reply(node.ask("BREW", path)).await;
        assert_eq!(refused.status, 405, "{path}: {}", refused.text());
        let mut methods: Vec<_> = routes.iter().map(|route| route.method.name()).collect();
        let read = routes.iter().any(|route| route.with_head);
        if read {
            methods.insert(1, "HEAD");
        }
        let allowed = methods.join(", ");
        assert_eq!(refused.header("allow"), Some(&*allowed), "{path}");
        // What may be read may be asked for its headers.
        let head = reply(node.ask("HEAD", path)).await;
        let get = reply(node.ask("GET", path)).await;
        let expected = if read { get.status } else { 405 };
        assert_eq!((head.status, head.body.len()), (expected, 0), "{path}");
    }
    assert!(paths.len() > 25, "{paths:?}", paths = paths.keys());
}

/// People of Acme of every role, one of a role that only a later release knows, and one who belongs to
/// no agency; each with the role, or the reason for which nothing is allowed.
async fn people(world: &World) -> Vec<(UserId, Result<Role, &'static str>)> {
    let mut people = Vec::new();
    let others = [Err("role"), Err("not_an_agency_user")];
    for role in Role::ALL.map(Ok).into_iter().chain(others) {
        let user = User {
            id: UserId(Uuid::new_v4()),
            agency_id: (role != Err("not_an_agency_user")).then_some(world.acme.id),
            role: role.ok(),
            name: None,
            email: None,
            sip_username: None,
        };
        people.push((user.id, role));
        let stored = world.store.put_user(user, world.clock.now()).await;
        stored.expect("a user");
    }
    world
        .database
        .execute(&becomes(people[Role::ALL.len()].0))
        .await;
    people
}

/// Somebody is given a role of tomorrow's.
fn becomes(user: UserId) -> String {
    format!("UPDATE users SET role = 'agency_intern' WHERE id = '{user}'")
}

/// Someone who asks, each time from another address: nobody is told to wait.
struct Asking<'a> {
    world: &'a World,
    node: &'a Node,
    times: u16,
}

impl Asking<'_> {
    async fn asks(&mut self, route: &Route, user: Option<UserId>) -> Reply {
        self.times += 1;
        let [high, low] = self.times.to_be_bytes();
        let request = self.node.ask(route.method.name(), &asked(route));
        let request = request.header("x-forwarded-for", format!("198.18.{high}.{low}"));
        let request = match user {
            Some(user) => request.bearer_auth(self.world.token(user).expose_secret()),
            None => request,
        };
        reply(request).await
    }

    /// Fails unless they are refused with that status, and counted once and for that reason alone.
    async fn is_refused(
        &mut self,
        route: &Route,
        user: Option<UserId>,
        (status, reason): (u16, &str),
    ) {
        let before = self.refusals().await;
        let answer = self.asks(route, user).await;
        let what = format!("{:?}", named(route));
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
        let mut after = self.refusals().await;
        after.retain(|reason, count| before.get(reason) != Some(count));
        let expected = before.get(reason).copied().unwrap_or(0) + 1;
        assert_eq!(
            after,
            BTreeMap::from([(reason.to_owned(), expected)]),
            "{what}"
        );
    }

    /// How often refusals of each reason were counted.
    async fn refusals(&self) -> BTreeMap<String, u64> {
        let page = self.node.metrics().await;
        let counts = page
            .lines()
            .filter_map(|line| line.strip_prefix("callboard_refusals_total{reason=\""));
        let read = |line: &str| {
            let (reason, count) = line.split_once("\"} ")?;
            Some((reason.to_owned(), count.parse().ok()?))
        };
        counts.filter_map(read).collect()
    }
}

async fn every_route_lets_in_whoever_has_its_right_and_refuses_and_counts_the_others(world: World) {
    let world = world.configured(|config| {
        config.access.trusted_proxies = vec!["127.0.0.1".parse().expect("an address")];
    });
    let people = people(&world).await;
    let node = world.node().await;
    let documents = Documents::of(&node).await;
    let mut asking = Asking {
        world: &world,
        node: &node,
        times: 0,
    };
    let mut rights = Vec::new();
    for route in all_routes() {
        let what = format!("{:?}", named(route));
        let Door::For(right) = route.door else {
            // A webhook is refused for its signature, and only to a socket is anything said later.
            let answer = asking.asks(route, None).await;
            let expected: &[u16] = match route.path {
                path if path.starts_with("/api/telnyx/webhook") => &[401, 415],
                "/ws" => &[400],
                "/as/{code}" => &[404],
                // There are no accounts in this world.
                path if path.starts_with("/auth/v1") || path == "/api/setup" => &[404],
                "/api/invitations/accept" => &[415],
                _ => &[200],
            };
            assert!(
                expected.contains(&answer.status),
                "{what}: {}",
                answer.text()
            );
            continue;
        };
        rights.push(right);
        asking.is_refused(route, None, (401, "token_missing")).await;
        for (user, role) in &people {
            match role {
                Err(reason) => {
                    asking.is_refused(route, Some(*user), (403, reason)).await;
                }
                Ok(role) if !role.may(right) => {
                    asking.is_refused(route, Some(*user), (403, "role")).await;
                }
                Ok(role) => {
                    let answer = asking.asks(route, Some(*user)).await;
                    documents.has(route.method.name(), route.path, &answer);
                    assert!(
                        ![401, 403, 429, 500].contains(&answer.status),
                        "{what} as {}: {}",
                        role.name(),
                        answer.text()
                    );
                }
            }
        }
    }
    for right in Right::ALL {
        assert!(rights.contains(&right), "no route asks for {right:?}");
    }
}

async fn the_socket_asks_for_the_right_of_the_lists_of_calls(world: World) {
    let node = world.node().await;
    let asking = Asking {
        world: &world,
        node: &node,
        times: 0,
    };
    for (user, role) in people(&world).await {
        let reason = match role {
            Ok(role) if role.may(Right::ReadCalls) => {
                node.board(&world, user).await.is_served().await;
                continue;
            }
            Ok(_) => "role",
            Err(reason) => reason,
        };
        let end = node.turns_away(world.token(user)).await;
        assert_eq!(end, "4501 forbidden, stay away");
        assert_eq!(asking.refusals().await.get(reason), Some(&1), "{reason}");
    }
}

async fn whoever_loses_the_right_is_put_out(world: World) {
    let node = world.node().await;
    let mut ben = node.board(&world, world.ben).await;
    let mut anna = node.board(&world, world.anna).await;

    world.database.execute(&becomes(world.ben)).await;
    let limit = Duration::from_secs(5);
    let end = world.within(limit, "ben's end", ben.ends()).await;

    assert_eq!(end, "4501 forbidden, stay away");
    let line = r#"callboard_refusals_total{reason="role"} 1"#;
    node.shows_metric(line).await;
    assert_eq!(node.get(&world, world.ben, "/api/calls").await.0, 403);
    anna.is_served().await;
}

on_each_database!(
    the_socket_asks_for_the_right_of_the_lists_of_calls,
    whoever_loses_the_right_is_put_out,
    every_route_is_in_the_document_and_every_path_of_it_is_a_route,
    every_path_allows_the_methods_of_its_routes_and_no_others,
    every_route_lets_in_whoever_has_its_right_and_refuses_and_counts_the_others,
);
