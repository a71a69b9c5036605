//! An Ultravox for a story, and an owner who has stored what it asks for.

use super::http::{Reply, reply};
use super::node::Node;
use super::world::World;
use callboard::domain::{CredentialKey, UserId};
use callboard_simulator::ultravox::Ultravox;
use secrecy::ExposeSecret;
use serde_json::Value;
use std::net::TcpListener;
use std::time::Duration;

/// Acme's key to its Ultravox account.
pub const ULTRAVOX_KEY: &str = "Ab12Cd34.0123456789abcdefghijklmnopqrstuv";
/// Acme's key to its Telnyx account.
pub const TELNYX_KEY: &str = "KEY0199ABCDEF_acmes";
/// Acme's TeXML application.
pub const APPLICATION: &str = "1684641123236054299";
/// The function, as supabase-js finds it.
pub const FUNCTION: &str = "/functions/v1/import-telnyx-to-ultravox";

impl World {
    /// The world with an Ultravox in it that knows Acme's key, and with Acme's credentials stored.
    pub async fn with_ultravox(self) -> (Self, Ultravox) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let ultravox = Ultravox::start(listener, &[ULTRAVOX_KEY]).expect("an Ultravox");
        let base = ultravox.url().parse().expect("a URL");
        let world = self.configured(|config| config.providers.ultravox_api_base = base);
        for (key, value) in [
            (CredentialKey::UltravoxApiKey, ULTRAVOX_KEY),
            (CredentialKey::TelnyxApiKey, TELNYX_KEY),
            (CredentialKey::TelnyxApplicationId, APPLICATION),
            (CredentialKey::TelnyxAccountSid, "acme-organisation"),
            (CredentialKey::TwilioAccountSid, "AC0123456789abcdef"),
            (CredentialKey::TwilioAuthToken, "twilios-own-secret"),
            (CredentialKey::PlivoAuthId, "MA0123456789ABCDEFGH"),
            (CredentialKey::PlivoAuthToken, "plivos-own-secret"),
        ] {
            world.sets(&world.acme, key, value).await;
        }
        (world, ultravox)
    }

    /// What is stored of Acme says that its carrier is known to Ultravox.
    pub async fn is_marked(&self) -> bool {
        let stored = self.store.get_agency_credentials(self.acme.id).await;
        let stored = stored.expect("the database").expect("an agency");
        stored.telephony_configured
    }
}

impl Node {
    /// What a signed-in person gets by that method at a path, while the clock is wound: what is
    /// tried again waits by it.
    pub async fn does(
        &self,
        world: &World,
        user: UserId,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Reply {
        let token = world.token(user);
        let mut request = self.ask(method, path).bearer_auth(token.expose_secret());
        if let Some(body) = body {
            request = request.json(&body);
        }
        let step = Duration::from_millis(5);
        world.wind_until(step, reply(request)).await
    }

    /// Olivia calls the function.
    pub async fn imports(&self, world: &World) -> Reply {
        self.does(world, world.olivia, "POST", FUNCTION, None).await
    }
}
