//! The settings: read as text from flags, environment and `.env`, and checked all at once.
//!
//! [`Settings`] is what was written, [`Config`] what it means. Nothing else in the house asks the
//! environment for anything.

mod access;
mod agency_defaults;
mod auth;
mod calls;
mod database;
mod dotenv;
mod duration;
mod encryption;
mod error;
mod foreign;
mod ip_range;
mod keys;
mod limits;
mod listener;
mod mail;
mod oidc;
mod opaque;
mod origin;
mod postgres;
mod project_key;
mod providers;
mod relay;
mod servers;
mod telemetry;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod valkey;
mod warnings;
mod web_url;

pub use access::{Access, AccessSettings, SignInLink};
pub use agency_defaults::{AgencyDefaults, AgencyDefaultsSettings};
pub use auth::{Auth, AuthSettings};
pub use calls::{CallSettings, Calls, Recording, TransferRefused, Watching};
pub use database::{DatabaseSettings, DatabaseUrl};
pub use dotenv::{DotenvError, load_dotenv};
pub use duration::{DurationError, parse_duration};
pub use encryption::EncryptionSettings;
pub use error::{ConfigError, Mistake};
pub use ip_range::{IpRange, IpRangeError};
pub use limits::{LimitSettings, Limits};
pub use listener::{Listener, ListenerSettings};
pub use mail::{Mail, MailSettings, MailTls};
pub use oidc::{Allowed, Oidc, OidcSettings};
pub use origin::Origin;
pub use postgres::{PostgresUrl, TlsMode};
pub use providers::{ProviderSettings, Providers, SIGNALLING_HOST, TelephonyEndpoint};
pub use relay::{Relay, RelaySettings};
pub use telemetry::{LogFormat, Telemetry, TelemetrySettings};
pub use valkey::RedisUrl;
pub use warnings::{About, Finding};
pub(crate) use web_url::is_loopback;

use clap::Args;
use error::Mistakes;
use secrecy::SecretString;

/// Every setting as it was written, each from a flag or a variable. `Settings::default()` has
/// nothing set, and validates to the defaults.
#[derive(Args, Clone, Debug, Default)]
#[group(skip)]
pub struct Settings {
    /// Where to listen.
    #[command(flatten)]
    pub listener: ListenerSettings,
    /// Which database.
    #[command(flatten)]
    pub database: DatabaseSettings,
    /// Who signs in.
    #[command(flatten)]
    pub auth: AuthSettings,
    /// An identity provider.
    #[command(flatten)]
    pub oidc: OidcSettings,
    /// The default agency.
    #[command(flatten)]
    pub agency_defaults: AgencyDefaultsSettings,
    /// Telnyx and Ultravox.
    #[command(flatten)]
    pub providers: ProviderSettings,
    /// The key of the stored credentials.
    #[command(flatten)]
    pub encryption: EncryptionSettings,
    /// The mail server.
    #[command(flatten)]
    pub mail: MailSettings,
    /// Browsers and proxies.
    #[command(flatten)]
    pub access: AccessSettings,
    /// What happens to calls.
    #[command(flatten)]
    pub calls: CallSettings,
    /// Limits.
    #[command(flatten)]
    pub limits: LimitSettings,
    /// Several nodes.
    #[command(flatten)]
    pub relay: RelaySettings,
    /// Logs and metrics.
    #[command(flatten)]
    pub telemetry: TelemetrySettings,
}

/// The settings of one running server, all checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen and what the world calls it.
    pub listener: Listener,
    /// Which database holds the board.
    pub database: DatabaseUrl,
    /// What access tokens are verified with.
    pub auth: Auth,
    /// The identity provider at which people sign in, if there is one.
    pub oidc: Option<Oidc>,
    /// The default agency's own settings.
    pub agency_defaults: AgencyDefaults,
    /// Where Telnyx and Ultravox are.
    pub providers: Providers,
    /// Keys that seal the stored credentials: each the base64 of 32 bytes, with single commas
    /// between them; the first one seals, all open.
    pub encryption_key: Option<SecretString>,
    /// The server that takes mails; none: links are shown to copy.
    pub mail: Option<Mail>,
    /// Origins and proxies.
    pub access: Access,
    /// What happens to calls.
    pub calls: Calls,
    /// How much is kept and how many may come.
    pub limits: Limits,
    /// How nodes hear of each other's events at once.
    pub relay: Relay,
    /// What operators see.
    pub telemetry: Telemetry,
    /// What is odd about values that nothing can check.
    odd_values: Vec<Finding>,
}

impl Config {
    /// Whether there are accounts of our own: for passwords, or for those whom an identity provider
    /// knows, whose sign-in ends in a session of ours.
    #[must_use]
    pub fn has_accounts(&self) -> bool {
        self.oidc.is_some() || self.auth.has_passwords()
    }
}

impl Settings {
    /// Checks every setting and fills in the defaults.
    ///
    /// # Errors
    /// All the mistakes together.
    pub fn validate(self) -> Result<Config, ConfigError> {
        let mut mistakes = Mistakes::default();
        let odd_values = opaque::odd_values(&self);
        let listener = Listener::read(&self.listener, &mut mistakes);
        let database = DatabaseUrl::read(self.database, &mut mistakes);
        let relay = Relay::read(&self.relay, &database, &mut mistakes);
        let auth = Auth::read(self.auth, &mut mistakes);
        let at_project = auth.signs_in_at_the_project();
        let config = Config {
            listener,
            database,
            oidc: Oidc::read(&self.oidc, at_project, &mut mistakes),
            auth,
            agency_defaults: AgencyDefaults::read(&self.agency_defaults, &mut mistakes),
            providers: Providers::read(&self.providers, &mut mistakes),
            encryption_key: encryption::read(&self.encryption, &mut mistakes),
            mail: Mail::read(&self.mail, &mut mistakes),
            access: Access::read(&self.access, &mut mistakes),
            calls: Calls::read(&self.calls, &mut mistakes),
            limits: Limits::read(&self.limits, &mut mistakes),
            relay,
            telemetry: Telemetry::read(&self.telemetry, &mut mistakes),
            odd_values,
        };
        mistakes.none_or(config)
    }
}
