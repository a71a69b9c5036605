//! One running server, and what can be asked of it.

use super::browser::{Board, refusal_in_words};
use super::patience::{look_again, soon};
use super::retelling::tell;
use super::world::{Tenant, World};
use callboard::app::{App, Listeners};
use callboard::clock::Clock;
use callboard::config::Config;
use callboard::domain::{AgencyId, ReleaseReason, Timestamp};
use callboard::domain::{Call, ClaimId, LegHandle, UserId};
use callboard::journal::{Answer, Append, ClaimAnswer, ClaimAppend, ReleaseAppend};
use callboard_simulator::browser::{BrowserSettings, Position};
use callboard_simulator::{Carrier, CarrierSettings, RetrySchedule};
use secrecy::SecretString;
use serde_json::Value;
use std::net::TcpListener;
use uuid::Uuid;

pub struct Node {
    pub app: App,
    pub url: String,
    /// Asks it, over connections that it keeps.
    pub http: reqwest::Client,
    clock: Clock,
    acme: AgencyId,
}

impl Node {
    pub async fn start(world: &World) -> Self {
        Self::start_with(world, false).await
    }

    /// The same, by choice with `--insecure-unsigned-webhooks`.
    pub async fn start_with(world: &World, unsigned_webhooks: bool) -> Self {
        Self::launch(world, world.config.clone(), unsigned_webhooks).await
    }

    /// One whose settings are not the others'.
    pub async fn start_by(world: &World, config: Config) -> Self {
        Self::launch(world, config, false).await
    }

    async fn launch(world: &World, config: Config, unsigned_webhooks: bool) -> Self {
        let public = TcpListener::bind("127.0.0.1:0").expect("a port");
        let metrics = TcpListener::bind("127.0.0.1:0").expect("a port");
        let listeners = Listeners {
            public,
            metrics: Some(metrics),
        };
        let clock = world.clock.clone();
        let app = App::start(config, clock, listeners, unsigned_webhooks)
            .await
            .expect("a server");
        Self {
            url: format!("http://{}", app.addr),
            app,
            http: client(),
            clock: world.clock.clone(),
            acme: world.acme.id,
        }
    }

    /// The carrier of that agency, which sends each webhook once and says how it went.
    pub fn carrier(&self, tenant: &Tenant) -> Carrier {
        self.carrier_by(tenant, RetrySchedule::once())
    }

    /// The carrier of that agency, which does not let go of a webhook before it is acknowledged.
    pub fn patient_carrier(&self, tenant: &Tenant) -> Carrier {
        let patience = std::time::Duration::from_secs(60);
        self.carrier_by(tenant, RetrySchedule::until_acknowledged(patience))
    }

    fn carrier_by(&self, tenant: &Tenant, schedule: RetrySchedule) -> Carrier {
        let url = format!("{}/api/telnyx/webhook", self.url);
        let mut settings = CarrierSettings::new(
            url.parse().expect("a URL"),
            tenant.key.clone(),
            self.clock.clone(),
        );
        settings.connection_id = Some(tenant.connection.clone());
        settings.schedule = schedule;
        Carrier::new(settings).expect("a carrier")
    }

    /// A board of that person, just opened.
    pub async fn board(&self, world: &World, user: UserId) -> Board {
        self.open(BrowserSettings::new(&self.url, world.token(user)))
            .await
    }

    /// A board of that person, opened again where it stopped.
    pub async fn board_at(&self, world: &World, user: UserId, position: Position) -> Board {
        self.open(BrowserSettings::new(&self.url, world.token(user)).at(position))
            .await
    }

    pub async fn open(&self, settings: BrowserSettings) -> Board {
        soon("a board to open", Board::open(settings)).await
    }

    /// How a board that brings this token is turned away, in words.
    pub async fn turns_away(&self, token: SecretString) -> String {
        self.turns_away_with(BrowserSettings::new(&self.url, token))
            .await
    }

    /// How a board with these settings is turned away, in words.
    pub async fn turns_away_with(&self, settings: BrowserSettings) -> String {
        match soon("a board to be turned away", Board::try_open(settings)).await {
            Ok(_) => "served".to_owned(),
            Err(error) => refusal_in_words(&error),
        }
    }

    /// So many callers ring, many at once; each is acknowledged.
    pub async fn rings(&self, tenant: &Tenant, calls: usize) {
        self.rings_from(tenant, "+15550100", calls).await;
    }

    /// The same, all from that number.
    pub async fn rings_from(&self, tenant: &Tenant, from: &str, calls: usize) {
        use futures_util::StreamExt;
        let carrier = &self.carrier(tenant);
        futures_util::stream::iter(0..calls)
            .for_each_concurrent(64, |_| async move {
                tell(carrier, [&carrier.new_call(from).initiated()]).await;
            })
            .await;
    }

    /// Waits until the metrics page shows this line.
    pub async fn shows_metric(&self, line: &str) {
        let shown = async {
            while !self.metrics().await.lines().any(|shown| shown == line) {
                look_again().await;
            }
        };
        soon(line, shown).await;
    }

    /// An agent takes a call.
    pub async fn claim(&self, user: UserId, name: &str, call_control_id: &str) -> ClaimAnswer {
        // The test itself plays the carrier: no node is to drive this claim.
        let driven_until = self.clock.now().plus_seconds(3600);
        self.claim_driven(user, name, call_control_id, driven_until)
            .await
    }

    async fn claim_driven(
        &self,
        user: UserId,
        name: &str,
        call_control_id: &str,
        driven_until: Timestamp,
    ) -> ClaimAnswer {
        let append = Append::Claim(ClaimAppend {
            agency_id: self.acme,
            handle: handle(call_control_id),
            claim_id: ClaimId(Uuid::new_v4()),
            user_id: user,
            user_name: Some(name.into()),
            at: self.clock.now(),
            most: None,
            driven_until,
        });
        match self.app.journal.append(append).await {
            Ok(Answer::Claim(answer)) => answer,
            other => panic!("not a claim's answer: {other:?}"),
        }
    }

    /// An agent takes a call and gets it.
    pub async fn wins(&self, user: UserId, name: &str, handle: &str) -> (ClaimId, Call) {
        match self.claim(user, name, handle).await {
            ClaimAnswer::Won { claim_id, call } => (claim_id, *call),
            other => panic!("{name} did not win: {other:?}"),
        }
    }

    /// An agent gets a call by a process that is lost before it has asked the carrier for anything.
    pub async fn wins_and_is_lost(&self, user: UserId, name: &str, handle: &str) {
        let driven_until = self.clock.steady().plus_seconds(15);
        let answer = self.claim_driven(user, name, handle, driven_until).await;
        assert!(matches!(answer, ClaimAnswer::Won { .. }), "{answer:?}");
    }

    /// A claim is let go of.
    pub async fn releases(&self, claim: ClaimId, reason: ReleaseReason, by: Option<UserId>) {
        let append = Append::Release(ReleaseAppend {
            agency_id: self.acme,
            claim_id: claim,
            reason,
            by,
            at: self.clock.now(),
        });
        let answer = self.app.journal.append(append).await;
        assert!(matches!(answer, Ok(Answer::Done(true))), "{answer:?}");
    }

    /// What a signed-in person reads at a path.
    pub async fn get(&self, world: &World, user: UserId, path: &str) -> (u16, Value) {
        use secrecy::ExposeSecret;
        let token = world.token(user);
        let response = self
            .http
            .get(format!("{}{path}", self.url))
            .bearer_auth(token.expose_secret())
            .send()
            .await
            .expect("an answer");
        let status = response.status().as_u16();
        (status, response.json().await.expect("JSON"))
    }

    /// What a signed-in person gets who posts this to a path.
    pub async fn post(
        &self,
        world: &World,
        user: UserId,
        path: &str,
        body: &Value,
    ) -> (u16, Value) {
        use secrecy::ExposeSecret;
        let token = world.token(user);
        let response = self
            .http
            .post(format!("{}{path}", self.url))
            .bearer_auth(token.expose_secret())
            .json(body)
            .send()
            .await
            .expect("an answer");
        let status = response.status().as_u16();
        (status, response.json().await.expect("JSON"))
    }

    /// One number of the metrics page.
    pub async fn metric(&self, name: &str) -> Option<u64> {
        let page = self.metrics().await;
        let value = page.lines().find_map(|line| line.strip_prefix(name))?;
        value.trim().parse().ok()
    }

    /// The metrics page.
    pub async fn metrics(&self) -> String {
        let addr = self.app.metrics_addr.expect("a metrics listener");
        let url = format!("http://{addr}/metrics");
        let response = self.http.get(url).send().await;
        response.expect("an answer").text().await.expect("text")
    }
}

/// An HTTP client that gives up in time.
pub fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .timeout(std::time::Duration::from_secs(20))
        .build()
        .expect("a client")
}

/// The leg of that name at the carrier of the stories.
pub fn handle(id: impl Into<String>) -> LegHandle {
    LegHandle::new(callboard::domain::Carrier::Telnyx, id)
}
