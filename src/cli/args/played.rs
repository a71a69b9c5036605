//! Commands that play with a server, by the simulator.

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, value_parser};
use secrecy::SecretString;
use std::net::IpAddr;
use std::path::PathBuf;
use url::Url;

/// `demo`
///
/// The demo's database is its own: `DATABASE_URL` and `DB_HOST`, which may name a real one, are
/// left alone.
#[derive(Args, Clone, Debug)]
pub struct DemoArgs {
    /// Keep the data in this folder and resume from it [default: a temporary folder]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Use this database in place of one in the folder; DATABASE_URL is left alone
    #[arg(long, value_name = "URL")]
    pub database: Option<SecretString>,
    /// Port to listen on; when taken, the next free one [default: API_PORT]
    #[arg(long, value_name = "PORT", value_parser = value_parser!(u16).range(1..))]
    pub port: Option<u16>,
    /// How many calls come in per minute
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = value_parser!(u32).range(1..=60_000))]
    pub calls_per_minute: u32,
    /// Serve by so many processes behind a balancer, on the PostgreSQL of --database; keys 1 to 9
    /// kill one
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u8).range(1..=9))]
    pub nodes: u8,
    /// One call's life as a board sees it, as JSON lines; fails if anything differs
    #[arg(long, conflicts_with = "torture")]
    pub once: bool,
    /// Kill the server every few seconds under load; fails if an event is lost, twice, out of
    /// order or missing
    #[arg(long)]
    #[cfg_attr(not(feature = "proving"), arg(hide = true))]
    pub torture: bool,
    /// Seed of everything random, to repeat a run [default: a new one, which is printed]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// How long the torture lasts
    #[cfg_attr(not(feature = "proving"), arg(hide = true))]
    #[arg(long, value_name = "N", default_value_t = 60, requires = "torture", value_parser = value_parser!(u64).range(1..=86_400))]
    pub seconds: u64,
}

/// `simulate`
#[derive(Args, Clone, Debug)]
pub struct SimulateArgs {
    /// Where webhooks go, such as http://localhost:3001/api/telnyx/webhook
    #[arg(long, value_name = "URL", value_parser = web_address)]
    pub webhook: Url,
    /// File of the Ed25519 key that signs the webhooks; make one with:
    /// openssl genpkey -algorithm ed25519 -out FILE
    #[arg(long, value_name = "FILE")]
    pub private_key: PathBuf,
    /// Port of the simulated REST API of Telnyx; 0: any free one, which is printed
    #[arg(long, value_name = "PORT", default_value_t = 4010)]
    pub port: u16,
    /// Address that it listens on
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    pub host: IpAddr,
    /// API key that it accepts [default: any]
    #[arg(
        long,
        env = "CALLBOARD_SIMULATED_API_KEY",
        hide_env_values = true,
        value_name = "KEY",
        value_parser = api_key
    )]
    pub api_key: Option<SecretString>,
    /// How many calls come in per minute
    #[arg(long, visible_alias = "rate", value_name = "N", default_value_t = 12, value_parser = value_parser!(u32).range(1..=60_000))]
    pub calls_per_minute: u32,
    /// Stop after this many calls [default: go on until stopped]
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    pub calls: Option<u64>,
    /// How many of a hundred webhooks come twice
    #[arg(long, value_name = "PERCENT", default_value_t = 5, value_parser = value_parser!(u8).range(..=100))]
    pub duplicates: u8,
    /// How many of a hundred webhooks are overtaken by a later one
    #[arg(long, value_name = "PERCENT", default_value_t = 5, value_parser = value_parser!(u8).range(..=100))]
    pub reorder: u8,
    /// Seed of everything random, to repeat a run [default: a new one, which is printed]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// `connection_id` of the simulated calls [default: TELNYX_APPLICATION_ID, else one made up]
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub connection_id: Option<String>,
}

/// `watch`
#[derive(Args, Clone, Debug)]
pub struct WatchArgs {
    /// The server, such as http://localhost:3001 or wss://calls.example.com/ws
    #[arg(long, value_name = "URL", value_parser = socket_address)]
    pub url: Url,
    /// Access token of the user whose board it is
    ///
    /// Other users of this machine can read flags: use the variable.
    #[arg(
        long,
        env = "CALLBOARD_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN",
        value_parser = token
    )]
    pub token: SecretString,
    /// Check the protocol's rules one by one and print them as a list
    #[arg(long)]
    #[cfg_attr(not(feature = "proving"), arg(hide = true))]
    pub conformance: bool,
}

/// An empty variable is no token: said here, not by the server.
fn token(text: &str) -> Result<SecretString, &'static str> {
    match text.trim() {
        "" => Err("it is empty; mint one with: callboard token --user UUID"),
        text => Ok(text.into()),
    }
}

fn api_key(text: &str) -> Result<SecretString, &'static str> {
    match text.trim() {
        "" => Err("it is empty; leave it out to accept any"),
        text => Ok(text.into()),
    }
}

fn web_address(text: &str) -> Result<Url, String> {
    address(text, &["http", "https"])
}

fn socket_address(text: &str) -> Result<Url, String> {
    address(text, &["http", "https", "ws", "wss"])
}

fn address(text: &str, schemes: &[&str]) -> Result<Url, String> {
    let expected = || {
        format!(
            "expected an address that begins with {}://",
            schemes.join(":// or ")
        )
    };
    let url = Url::parse(text).map_err(|_| expected())?;
    if schemes.contains(&url.scheme()) {
        Ok(url)
    } else {
        Err(expected())
    }
}
