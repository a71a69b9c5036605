//! A server with a carrier that takes commands: phones ring, callers hear, and faults come on demand.

use super::browser::Board;
use super::node::Node;
use super::patience::{look_again, soon};
use super::world::World;
use callboard::domain::CommandId;
use callboard::domain::{ClaimId, CredentialKey, User, UserId};
use callboard_simulator::{
    Caller, Carrier, CarrierSettings, Exchange, ExchangeSettings, Request, Ringing,
};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

/// The key of Acme's account at the carrier.
pub const API_KEY: &str = "KEY0123456789ABCDEF_of_acme";
/// What Acme shows where a caller's own number may not be shown.
pub const CALLER_ID: &str = "+15550109000";
/// Where Anna's and Ben's phones ring.
pub const ANNAS_PHONE: &str = "sip:anna@sip.telnyx.com";
pub const BENS_PHONE: &str = "sip:ben@sip.telnyx.com";
/// How fast time passes while the carrier is asked again and again: more than twice too fast.
const HASTE: Duration = Duration::from_millis(10);

/// A server and the carrier of its agency.
pub struct Line {
    pub world: World,
    pub node: Node,
    pub exchange: Exchange,
    pub carrier: Arc<Carrier>,
}

impl World {
    /// The same world with phones for Anna and Ben, and an account for Acme.
    pub async fn with_phones(self) -> Self {
        for (id, name) in [(self.anna, "Anna"), (self.ben, "Ben")] {
            self.gives_phone(id, name, Some(&name.to_lowercase())).await;
        }
        let acme = self.acme.clone();
        self.sets(&acme, CredentialKey::TelnyxApiKey, API_KEY).await;
        self.sets(&acme, CredentialKey::TelnyxCallerId, CALLER_ID)
            .await;
        self
    }

    /// Gives a person of Acme a SIP name, or takes it away.
    pub async fn gives_phone(&self, id: UserId, name: &str, sip_username: Option<&str>) {
        let user = User {
            id,
            agency_id: Some(self.acme.id),
            role: Some(callboard::domain::Role::Member),
            name: Some(name.into()),
            email: None,
            sip_username: sip_username.map(str::to_owned),
        };
        let put = self.store.put_user(user, self.clock.now());
        put.await.expect("a user");
    }

    /// A server of this world, and the carrier that it commands.
    pub async fn line(self) -> Line {
        self.line_with(ExchangeSettings::default()).await
    }

    /// The same with a carrier of some habits.
    pub async fn line_with(self, mut settings: ExchangeSettings) -> Line {
        settings.api_key = Some(API_KEY.into());
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let base = format!("http://127.0.0.1:{port}/v2");
        let mut world = self.with_phones().await;
        world.config.providers.telnyx_api_base = base.parse().expect("a URL");
        let node = world.node().await;
        let carrier = Arc::new(world.carrier_to(&node));
        let exchange = Exchange::listen(listener, Arc::clone(&carrier), settings).expect("serves");
        Line {
            world,
            node,
            exchange,
            carrier,
        }
    }

    /// Acme's carrier, whose webhooks go to this server.
    pub fn carrier_to(&self, node: &Node) -> Carrier {
        let url = format!("http://{}/api/telnyx/webhook", node.app.addr);
        let url = url.parse().expect("a URL");
        let settings = CarrierSettings::new(url, self.acme.key.clone(), self.clock.clone());
        Carrier::new(CarrierSettings {
            connection_id: Some(self.acme.connection.clone()),
            ..settings
        })
        .expect("a carrier")
    }
}

impl Line {
    /// What a person gets who does something to a call.
    pub async fn acts(&self, user: UserId, action: &str, call: &Caller) -> (u16, Value) {
        let id = call.id().replace(':', "%3A");
        let path = format!("/api/telnyx/calls/{id}/{action}");
        self.node.post(&self.world, user, &path, &json!({})).await
    }

    /// The same, where it must work.
    pub async fn does(&self, user: UserId, action: &str, call: &Caller) -> Value {
        let (status, body) = self.acts(user, action, call).await;
        assert_eq!(status, 200, "{action}: {body}");
        body
    }

    /// What a person gets while time passes.
    pub async fn acts_in_time(&self, user: UserId, action: &str, call: &Caller) -> (u16, Value) {
        let acts = self.acts(user, action, call);
        self.world.wind_until(HASTE, acts).await
    }

    /// Somebody calls, and Olivia's board has heard of it.
    pub async fn rings(&self, from: &str) -> (Board, Caller) {
        let call = self.exchange.rings(from).await;
        (self.olivias_board().await, call)
    }

    /// The next ringing of the phone at this address.
    pub async fn phone_rings(&self, address: &str) -> Ringing {
        soon(address, self.exchange.phone(address).rings()).await
    }

    /// A board that hears what is new.
    pub async fn olivias_board(&self) -> Board {
        self.node.board(&self.world, self.world.olivia).await
    }

    /// The server dies and another one takes over; webhooks still go to the one that died.
    pub async fn restarts(mut self) -> Self {
        drop(self.node);
        self.node = self.world.node().await;
        self
    }

    /// Waits until this is so.
    pub async fn until(&self, what: &str, so: impl Fn() -> bool) {
        let mut pace = tokio::time::interval(Duration::from_millis(2));
        let wait = async {
            while !so() {
                pace.tick().await;
            }
        };
        soon(what, wait).await;
    }

    /// Waits until no webhook is under way. One that had to be tried again waits for the clock.
    pub async fn settled(&self) {
        let step = Duration::from_millis(5);
        self.world.wind_until(step, self.exchange.settled()).await;
    }

    /// Winds the clock until every leg that was to be hung up has been seen to.
    pub async fn has_nothing_to_hang_up(&self) {
        let sql = "SELECT kind FROM errands WHERE kind = 'hang_up'";
        let seen_to = async {
            while !self.world.database.texts(sql).await.is_empty() {
                look_again().await;
            }
        };
        let step = Duration::from_millis(50);
        self.world.wind_until(step, seen_to).await;
    }

    /// The requests of that kind, as soon as there are so many.
    pub async fn is_asked(&self, action: &str, times: usize) -> Vec<Request> {
        let what = format!("{times} × {action}");
        self.until(&what, || self.asked(action).len() >= times)
            .await;
        self.asked(action)
    }

    /// The call as the API shows it to Olivia.
    pub async fn shown(&self, call: &Caller) -> Value {
        let (world, node) = (&self.world, &self.node);
        let (_, page) = node.get(world, world.olivia, "/api/calls").await;
        let calls = page["calls"].as_array().expect("calls");
        let shown = calls
            .iter()
            .find(|shown| shown["call_control_id"] == call.id());
        shown.expect("the call").clone()
    }

    /// The latest claim of this call.
    pub async fn claim_of(&self, call: &Caller) -> ClaimId {
        let sql = format!(
            "SELECT claims.id FROM claims JOIN inbound_calls ON inbound_calls.id = claims.call_id \
             WHERE call_control_id = '{}' ORDER BY ordinal DESC",
            call.id()
        );
        let claims = self.world.database.texts(&sql).await;
        claims.first().expect("a claim").parse().expect("an id")
    }

    /// What the carrier ignores as a repeat of a claim's command.
    pub async fn command_of(&self, call: &Caller, action: &str, n: i32) -> Option<String> {
        let claim = self.claim_of(call).await;
        Some(CommandId::of(claim.0, action, n).0.to_string())
    }

    /// The requests of that kind so far.
    pub fn asked(&self, action: &str) -> Vec<Request> {
        let mut requests = self.exchange.requests();
        requests.retain(|request| request.action == action);
        requests
    }
}
