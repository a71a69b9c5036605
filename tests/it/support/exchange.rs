//! A server with a carrier that takes commands: phones ring, callers hear, and faults come on demand.

use super::node::Node;
use super::world::World;
use callboard::domain::{ClaimId, CredentialKey, User, UserId};
use callboard::simulator::{Caller, Carrier, CarrierSettings, Exchange, ExchangeSettings, Request};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::sync::Arc;

/// The key of Acme's account at the carrier.
pub const API_KEY: &str = "KEY0123456789ABCDEF_of_acme";
/// What Acme shows where a caller's own number may not be shown.
pub const CALLER_ID: &str = "+15550109000";

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
    fn carrier_to(&self, node: &Node) -> Carrier {
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

    /// The claim that holds this call.
    pub async fn claim_of(&self, call: &Caller) -> ClaimId {
        let store = &self.node.app.store;
        let acme = self.world.acme.id;
        let call = store.call_of_leg(acme, call.id().to_owned()).await;
        let call = call.expect("the database").expect("a call");
        let claim = store.open_claim(acme, call.id).await;
        claim.expect("the database").expect("an open claim").id
    }

    /// The requests of that kind so far.
    pub fn asked(&self, action: &str) -> Vec<Request> {
        let mut requests = self.exchange.requests();
        requests.retain(|request| request.action == action);
        requests
    }
}
