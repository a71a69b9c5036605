//! The demo's server, started.

use super::DemoError;
use super::folder::Folder;
use super::identity::{Identity, SIP_SERVER};
use super::links::{Login, logins};
use super::nodes::{Cluster, must_be_shared};
use super::port::{listen, port_of};
use super::served::Served;
use super::setup;
use super::setup::API_KEY;
use crate::app::{App, Listeners};
use crate::cli::args::DemoArgs;
use crate::clock::Clock;
use crate::config::{
    AuthSettings, Config, DatabaseUrl, EncryptionSettings, ListenerSettings, ProviderSettings,
    Settings, Watching,
};
use crate::domain::Call;
use callboard_simulator::{
    Caller, Carrier, CarrierSettings, Exchange, ExchangeSettings, Leg, RetrySchedule,
};
use secrecy::ExposeSecret as _;
use std::net::TcpListener;
use std::sync::Arc;
use url::Url;

/// A running server and who plays on it.
pub(super) struct Launched {
    pub(super) served: Served,
    pub(super) identity: Identity,
    pub(super) wanted_port: u16,
    pub(super) port: u16,
    /// The carrier, and what the server asks of it.
    pub(super) carrier: Arc<Carrier>,
    pub(super) exchange: Exchange,
    /// Callers whom a former run left on the line.
    pub(super) left: Vec<Caller>,
    /// Events that former runs left.
    pub(super) events_before: i64,
}

/// A carrier whose webhooks go to the demo's agency on this port.
pub(super) fn carrier(
    identity: &Identity,
    port: u16,
    clock: Clock,
    schedule: RetrySchedule,
) -> Result<Carrier, DemoError> {
    let mut url = local(port);
    url.set_path(&format!("api/telnyx/webhook/{}", identity.agency));
    Ok(Carrier::new(CarrierSettings {
        connection_id: Some(identity.connection_id.clone()),
        schedule,
        ..CarrierSettings::new(url, identity.signing_key()?, clock)
    })?)
}

/// The server's address as a URL.
pub(super) fn local(port: u16) -> Url {
    #[allow(clippy::expect_used)] // A constant address but for its port, which is a number.
    Url::parse(&format!("http://127.0.0.1:{port}/")).expect("a fixed address is well-formed")
}

/// A carrier that takes the commands of the demo's server, and of nobody else.
pub(super) fn exchange(
    carrier: &Arc<Carrier>,
    settings: ExchangeSettings,
) -> Result<Exchange, DemoError> {
    let settings = ExchangeSettings {
        api_key: Some(API_KEY.into()),
        ..settings
    };
    let opened = Exchange::open(Arc::clone(carrier), settings);
    opened.map_err(DemoError::Exchange)
}

/// Starts the demo's carrier, and its server on its database.
pub(super) async fn launch(
    args: &DemoArgs,
    around: &Config,
    folder: &Folder,
    clock: Clock,
    settings: ExchangeSettings,
) -> Result<Launched, DemoError> {
    let mut identity = Identity::read(&folder.identity())?.unwrap_or_else(Identity::new);
    let wanted_port = wanted_port(args, around, &identity);
    let listener = listen(wanted_port)?;
    let port = port_of(&listener)?;
    identity.port = Some(port);
    identity.write(&folder.identity())?;

    let schedule = RetrySchedule::voice();
    let carrier = Arc::new(carrier(&identity, port, clock.clone(), schedule)?);
    let exchange = exchange(&carrier, settings)?;
    let api_base = exchange.api_base();
    let database = database(args, folder)?;
    must_be_shared(args, &database)?;
    let mut config = config(around, &identity, database, port, &api_base)?;
    if args.once {
        // One call's life is the same whoever looks on.
        config.calls.presence = Watching::Off;
    }
    let logins = logins(&identity, clock.now())?.into_iter();
    config.access.sign_in_links = logins.map(Login::sign_in_link).collect();
    let store = setup::prepare(&config, &identity, clock.now()).await?;
    let board = store.board(identity.agency).await?;
    let (events_before, open_calls) = match board {
        Some(board) => (board.head.last_seq, board.calls),
        None => (0, Vec::new()),
    };
    drop(store);
    // Before the server begins, which takes up what it owes these calls.
    let left = open_calls.iter();
    let left = left.map(|call| exchange.registers(leg_of(&carrier, call)));
    let left = left.collect();

    let served = if args.nodes > 1 {
        let cluster = Cluster {
            args,
            folder,
            config: &config,
            identity: &identity,
        };
        Served::Nodes(Box::pin(cluster.open(listener, &clock)).await?)
    } else {
        // Nobody needs the demo's metrics so much that it should not start without.
        let metrics_addr = config.telemetry.metrics_addr;
        let listeners = Listeners {
            public: listener,
            metrics: metrics_addr.and_then(|address| TcpListener::bind(address).ok()),
        };
        let app = Box::pin(App::start(config, clock, listeners, false)).await?;
        Served::Here(Box::new(app))
    };
    Ok(Launched {
        served,
        identity,
        wanted_port,
        port,
        carrier,
        exchange,
        left,
        events_before,
    })
}

/// The caller's leg of a call that a former run left open: the carrier has not forgotten it.
fn leg_of(carrier: &Carrier, call: &Call) -> Leg {
    let mut leg = carrier.new_call(call.from_number.as_deref().unwrap_or("anonymous"));
    leg.call_control_id.clone_from(&call.handle.id);
    leg.started_at = call.created_at.into();
    let session = call.call_session_id.as_deref();
    if let Some(session) = session.and_then(|session| session.parse().ok()) {
        leg.call_session_id = session;
    }
    if call.caller_answered_at.is_some() || call.answered_at.is_some() {
        // It happened in the former run, and was told then.
        drop(leg.answered());
    }
    leg
}

/// The port asked for, else that of the run before, so that open pages find it again, else
/// `API_PORT`.
pub(super) fn wanted_port(args: &DemoArgs, around: &Config, identity: &Identity) -> u16 {
    let asked = args.port.or(identity.port);
    asked.unwrap_or(around.listener.port)
}

/// The database asked for, else the one in the folder.
pub(super) fn database(args: &DemoArgs, folder: &Folder) -> Result<DatabaseUrl, DemoError> {
    match &args.database {
        Some(url) => DatabaseUrl::parse(url.expose_secret().trim()).map_err(DemoError::Database),
        None => Ok(DatabaseUrl::Sqlite {
            path: folder.database(),
        }),
    }
}

/// The configuration of the demo's server. Of the one around it nothing is taken that could lead
/// to real people, calls or costs.
pub(super) fn config(
    around: &Config,
    identity: &Identity,
    database: DatabaseUrl,
    port: u16,
    telnyx_api_base: &Url,
) -> Result<Config, DemoError> {
    // The carrier's server is Ultravox's too.
    let mut ultravox = telnyx_api_base.clone();
    ultravox.set_path("");
    let own = Settings {
        listener: ListenerSettings {
            api_port: Some(port.to_string()),
            ..ListenerSettings::default()
        },
        auth: AuthSettings {
            supabase_jwt_secret: Some(identity.jwt_secret.clone()),
            ..AuthSettings::default()
        },
        encryption: EncryptionSettings {
            encryption_key: Some(identity.encryption_key.clone()),
        },
        providers: ProviderSettings {
            telnyx_api_base: Some(telnyx_api_base.to_string()),
            telnyx_sip_server: Some(SIP_SERVER.to_owned()),
            ultravox_api_base: Some(ultravox.to_string()),
            ..ProviderSettings::default()
        },
        ..Settings::default()
    };
    let mut config = own.validate()?;
    config.database = database;
    // Its agents are played, and whoever looks on plays along under their names.
    config.calls.per_agent = None;
    config
        .listener
        .static_dir
        .clone_from(&around.listener.static_dir);
    config.telemetry = around.telemetry.clone();
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::{config, wanted_port};
    use crate::cli::args::{Cli, Command, DemoArgs};
    use crate::cli::demo::identity::Identity;
    use crate::config::{Config, DatabaseUrl};
    use clap::Parser;

    fn parsed(line: &[&str]) -> (Config, DemoArgs) {
        let line = ["callboard", "demo"].iter().chain(line);
        match Cli::try_parse_from(line).unwrap().into_parts() {
            (settings, Command::Demo(args)) => (settings.validate().unwrap(), args),
            (_, other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_port_is_the_one_asked_for_else_the_last_one_else_the_setting() {
        let mut identity = Identity::new();
        let (around, args) = parsed(&["--api-port", "4000"]);
        assert_eq!(wanted_port(&args, &around, &identity), 4000);
        identity.port = Some(3007);
        assert_eq!(wanted_port(&args, &around, &identity), 3007);
        let (around, args) = parsed(&["--port", "5000"]);
        assert_eq!(wanted_port(&args, &around, &identity), 5000);
    }

    #[test]
    fn a_real_set_up_around_it_is_left_alone() {
        let (around, _) = parsed(&[
            "--supabase-url=https://real.supabase.co",
            "--telnyx-api-key=KEYreal",
            "--api-host=0.0.0.0",
            "--database-url=postgres://real/db",
            "--log-filter=debug",
        ]);
        let path = "demo.db".into();
        let database = DatabaseUrl::Sqlite { path };
        let simulated = "http://127.0.0.1:4712/v2".parse().unwrap();
        let config = config(&around, &Identity::new(), database, 3002, &simulated).unwrap();
        assert!(config.auth.supabase_url.is_none());
        assert!(config.agency_defaults.telnyx_api_key.is_none());
        assert_eq!(config.listener.host, "127.0.0.1");
        assert_eq!(config.listener.port, 3002);
        assert_eq!(config.database.to_string(), "sqlite://demo.db");
        assert_eq!(config.providers.telnyx_api_base, simulated);
        let ultravox = &config.providers.ultravox_api_base;
        assert_eq!(ultravox.as_str(), "http://127.0.0.1:4712/");
        assert_eq!(config.telemetry.log_filter, "debug");
    }
}
