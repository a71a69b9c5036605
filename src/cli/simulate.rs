//! `callboard simulate`: the simulated carrier alone, against any server.

use super::args::SimulateArgs;
use super::stop::StopSignals;
use super::words::line;
use super::{CliError, Out};
use crate::clock::Clock;
use crate::config::Config;
use callboard_simulator::{
    Carrier, CarrierSettings, Dice, Exchange, ExchangeSettings, Habit, Load, SigningKey, Totals,
    Traffic,
};
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the totals are told.
const EVERY: Duration = Duration::from_secs(10);

/// How long a phone rings before somebody answers it.
const PICKED_UP: Duration = Duration::from_secs(3);

/// Plays calls until their number is reached or a signal comes; then what is on its way is
/// delivered, and a second signal stops at once.
pub(super) async fn run(
    args: &SimulateArgs,
    config: &Config,
    clock: Clock,
    out: Out<'_>,
) -> Result<(), CliError> {
    let mut signals = StopSignals::listen().map_err(CliError::Signal)?;
    let key = SigningKey::read(&args.private_key)?;
    let seed = args.seed.unwrap_or_else(|| Dice::by_chance().roll());
    line(out, &format!("public key  {}", key.public_key()))?;
    line(out, &format!("webhooks    {}", args.webhook))?;
    line(out, &format!("seed        {seed}"))?;
    tracing::info!(
        "The server believes these webhooks once it knows the public key: \
         `callboard credentials set --agency ID telnyx_public_key={}`",
        key.public_key()
    );
    let mut settings = CarrierSettings::new(args.webhook.clone(), key, clock.clone());
    settings.connection_id = connection_id(args, config, seed);
    let carrier = Arc::new(Carrier::new(settings)?);
    let exchange = opened(args, Arc::clone(&carrier), seed)?;
    line(out, &format!("telnyx      {}", exchange.api_base()))?;
    line(out, &format!("ultravox    {}", exchange.ultravox_base()))?;
    tracing::info!(
        "The server's commands come here once it is told so: TELNYX_API_BASE={} \
         ULTRAVOX_API_BASE={}",
        exchange.api_base(),
        exchange.ultravox_base()
    );
    let load = Load::new(carrier, traffic(args, seed)).on(&exchange);

    let stop = CancellationToken::new();
    let playing = load.run(stop.clone());
    tokio::pin!(playing);
    let totals = loop {
        tokio::select! {
            totals = &mut playing => break totals,
            () = clock.sleep(EVERY) => line(out, &in_words(&load.totals()))?,
            signal = signals.next() => {
                if stop.is_cancelled() {
                    line(out, &in_words(&load.totals()))?;
                    return Err(CliError::StoppedAtOnce);
                }
                tracing::info!("{signal}: delivering what is on its way; a second signal stops at once");
                stop.cancel();
            }
        }
    };
    line(out, &in_words(&totals))?;
    match totals {
        Totals {
            refused: 0,
            lost: 0,
            ..
        } => Ok(()),
        Totals { refused, lost, .. } => Err(CliError::Undelivered { refused, lost }),
    }
}

/// The carrier's own side. Phones are answered, so that a transfer comes to something.
fn opened(args: &SimulateArgs, carrier: Arc<Carrier>, seed: u64) -> Result<Exchange, CliError> {
    let settings = ExchangeSettings {
        api_key: args.api_key.clone(),
        seed,
        phones: Habit::Answers(PICKED_UP),
        duplicates: args.duplicates,
        reorder: args.reorder,
        ..ExchangeSettings::default()
    };
    let address = SocketAddr::from((args.host, args.port));
    let listener = TcpListener::bind(address);
    let exchange = listener.and_then(|listener| Exchange::listen(listener, carrier, settings));
    exchange.map_err(|error| CliError::Listen {
        address: address.to_string(),
        setting: if error.kind() == ErrorKind::AddrNotAvailable {
            "--host"
        } else {
            "--port"
        },
        error,
    })
}

fn traffic(args: &SimulateArgs, seed: u64) -> Traffic {
    Traffic {
        calls_per_minute: f64::from(args.calls_per_minute),
        seed,
        duplicates: args.duplicates,
        reorder: args.reorder,
        max_calls: args.calls,
        ..Traffic::default()
    }
}

/// Whose calls they are: what was asked for, what the settings say, or one made up, which a server
/// without connection ids of its own takes as well.
fn connection_id(args: &SimulateArgs, config: &Config, seed: u64) -> Option<String> {
    let made_up = || {
        let digits = Dice::seeded(seed).below(1_000_000_000_000_000_000);
        format!("1{digits:018}")
    };
    let asked = args.connection_id.clone();
    let set = config.agency_defaults.telnyx_application_id.clone();
    Some(asked.or(set).unwrap_or_else(made_up))
}

fn in_words(totals: &Totals) -> String {
    let Totals {
        calls,
        webhooks,
        acknowledged,
        repeats,
        out_of_order,
        retries,
        refused,
        lost,
    } = totals;
    format!(
        "calls {calls}  webhooks {webhooks}  acknowledged {acknowledged}  repeats {repeats}  \
         out of order {out_of_order}  retries {retries}  refused {refused}  lost {lost}"
    )
}

#[cfg(test)]
mod tests {
    use super::{connection_id, in_words, opened, run};
    use crate::cli::CliError;
    use crate::cli::args::SimulateArgs;
    use crate::cli::testing::{config_in, said};
    use crate::clock::Clock;
    use callboard_simulator::{Carrier, CarrierSettings, SigningKey, Totals};
    use std::path::Path;
    use std::sync::Arc;

    fn args() -> SimulateArgs {
        SimulateArgs {
            webhook: "http://127.0.0.1:9/".parse().unwrap(),
            private_key: "/nowhere/key.pem".into(),
            port: 0,
            host: [127, 0, 0, 1].into(),
            api_key: None,
            calls_per_minute: 1,
            calls: Some(1),
            duplicates: 0,
            reorder: 0,
            seed: Some(1),
            connection_id: None,
        }
    }

    #[test]
    fn the_connection_is_the_one_asked_for_or_set_or_made_up_alike_for_a_seed() {
        let mut config = config_in(Path::new("/nowhere"));
        let mut args = args();
        let made_up = connection_id(&args, &config, 7).unwrap();
        assert_eq!(made_up.len(), 19);
        assert_eq!(connection_id(&args, &config, 7), Some(made_up));
        config.agency_defaults.telnyx_application_id = Some("42".into());
        assert_eq!(connection_id(&args, &config, 7).as_deref(), Some("42"));
        args.connection_id = Some("43".into());
        assert_eq!(connection_id(&args, &config, 7).as_deref(), Some("43"));
    }

    #[tokio::test]
    async fn without_a_key_nothing_is_played() {
        let config = config_in(Path::new("/nowhere"));
        let mut out = Vec::new();
        let refused = run(&args(), &config, Clock::system(), &mut out).await;
        assert!(matches!(refused, Err(CliError::Key(_))));
        assert_eq!(said(&mut out), "");
    }

    #[tokio::test]
    async fn the_api_is_where_it_was_asked_for_or_says_what_is_in_the_way() {
        let mut args = args();
        let key = SigningKey::from_seed([7; 32]).unwrap();
        let settings = CarrierSettings::new(args.webhook.clone(), key, Clock::system());
        let carrier = Arc::new(Carrier::new(settings).unwrap());
        let exchange = opened(&args, Arc::clone(&carrier), 1).unwrap();
        let base = exchange.api_base();
        assert_eq!((base.host_str(), base.path()), (Some("127.0.0.1"), "/v2"));
        args.port = base.port().unwrap();
        let taken = opened(&args, carrier, 1).unwrap_err().to_string();
        assert!(
            taken.contains(&format!("127.0.0.1:{}", args.port)),
            "{taken}"
        );
        assert!(taken.contains("--port"), "{taken}");
    }

    #[test]
    fn the_totals_stand_on_one_line() {
        let totals = Totals {
            calls: 3,
            webhooks: 12,
            ..Totals::default()
        };
        assert!(in_words(&totals).starts_with("calls 3  webhooks 12  acknowledged 0  "));
    }
}
