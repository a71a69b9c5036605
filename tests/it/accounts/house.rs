//! A server with accounts of its own, and what can be asked of it.

use crate::support::World;
use crate::support::http::{Reply, reply};
use crate::support::node::Node;
use callboard::accounts::{Invited, link};
use callboard::domain::{LinkPurpose, Role, UserId};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use std::ops::Deref;
use std::time::Duration;

pub const PASSWORD: &str = "correct horse battery";
pub const MINUTE: Duration = Duration::from_secs(60);
pub const DAY: Duration = Duration::from_secs(24 * 3600);

/// The only issuer is the server itself.
pub fn with_accounts(world: World) -> World {
    world.configured(|config| {
        config.auth.jwt_secret = None;
        config.access.trusted_proxies = vec!["127.0.0.1".parse().expect("an address")];
    })
}

/// The part of a link that is secret.
pub fn token_of(url: &str) -> String {
    let (_, token) = url.split_once('#').expect("a fragment");
    token.to_owned()
}

pub fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

pub struct House<'a> {
    pub world: &'a World,
    pub node: Node,
}

impl Deref for House<'_> {
    type Target = Node;

    fn deref(&self) -> &Node {
        &self.node
    }
}

impl<'a> House<'a> {
    pub async fn open(world: &'a World) -> Self {
        let node = world.node().await;
        Self { world, node }
    }

    pub async fn posts(&self, path: &str, body: Value) -> Reply {
        reply(self.ask("POST", path).json(&body)).await
    }

    /// With somebody's access token.
    pub async fn does(&self, session: &Value, method: &str, path: &str) -> Reply {
        reply(self.bearing(session, method, path)).await
    }

    pub async fn sends(&self, session: &Value, method: &str, path: &str, body: Value) -> Reply {
        reply(self.bearing(session, method, path).json(&body)).await
    }

    fn bearing(&self, session: &Value, method: &str, path: &str) -> RequestBuilder {
        self.ask(method, path)
            .bearer_auth(text(&session["access_token"]))
    }

    pub fn trying(&self, email: &str, password: &str) -> RequestBuilder {
        self.ask("POST", "/auth/v1/token?grant_type=password")
            .json(&json!({ "email": email, "password": password }))
    }

    /// From that network.
    pub async fn tries_from(&self, network: &str, email: &str, password: &str) -> Reply {
        let trying = self.trying(email, password);
        reply(trying.header("x-forwarded-for", network)).await
    }

    pub async fn tries(&self, email: &str, password: &str) -> Reply {
        reply(self.trying(email, password)).await
    }

    /// The session of somebody whose password is the usual one.
    pub async fn signs_in(&self, email: &str) -> Value {
        let answer = self.tries(email, PASSWORD).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    pub async fn refreshes(&self, token: &Value) -> Reply {
        let body = json!({ "refresh_token": token });
        self.posts("/auth/v1/token?grant_type=refresh_token", body)
            .await
    }

    /// The token of a link by which somebody may come in.
    pub async fn invites(&self, role: Role, email: Option<&str>) -> String {
        let invited = Invited {
            agency: self.world.acme.id,
            role,
            name: Some("Nora".into()),
            email: email.map(str::to_owned),
        };
        self.links(LinkPurpose::Invite, (Some(invited), None)).await
    }

    /// The token of a link by which that person may choose another password.
    pub async fn resets(&self, user: UserId) -> String {
        self.links(LinkPurpose::Reset, (None, Some(user))).await
    }

    async fn links(&self, purpose: LinkPurpose, whom: (Option<Invited>, Option<UserId>)) -> String {
        let (store, now) = (&self.world.store, self.world.clock.now());
        let made = link::make(store, "https://board.example", purpose, whom, now).await;
        token_of(&made.expect("a link").url)
    }

    /// Somebody of that role, with an account of that address and the usual password.
    pub async fn employs(&self, role: Role, email: &str) -> Value {
        let token = self.invites(role, Some(email)).await;
        let body = json!({ "token": token, "password": PASSWORD });
        let answer = self.posts("/api/invitations/accept", body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["session"].clone()
    }

    /// How many were refused for that reason.
    pub async fn refused(&self, reason: &str) -> u64 {
        let page = self.metrics().await;
        let start = format!("callboard_refusals_total{{reason=\"{reason}\"}} ");
        let count = page.lines().find_map(|line| line.strip_prefix(&start));
        count.expect("a reason").parse().expect("a number")
    }
}

pub fn user_of(session: &Value) -> UserId {
    text(&session["user"]["id"]).parse().expect("an id")
}
