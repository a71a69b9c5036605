//! `callboard serve`: listen and serve until a signal, then drain.

mod listeners;

use super::CliError;
use super::args::ServeArgs;
use super::stop::StopSignals;
use crate::app::{App, raise_limit};
use crate::clock::Clock;
use crate::config::Config;
use crate::telemetry::LostLines;
use listeners::bind;

/// Serves until SIGTERM or SIGINT, then drains; a second signal stops at once.
pub(super) async fn run(
    args: ServeArgs,
    config: Config,
    clock: Clock,
    lost: LostLines,
) -> Result<(), CliError> {
    let unsigned = args.insecure_unsigned_webhooks;
    if unsigned && !config.listener.is_loopback() {
        return Err(CliError::UnsignedInPublic(config.listener.host));
    }
    let mut signals = StopSignals::listen().map_err(CliError::Signal)?;
    StopSignals::outlive_full_files().map_err(CliError::Signal)?;
    for finding in config.findings() {
        tracing::warn!("{finding}");
    }
    raise_limit();
    let listeners = bind(&config)?;
    let bound = listeners.public.local_addr();
    // A name like localhost may have been given another address on this machine.
    if unsigned && !bound.is_ok_and(|address| address.ip().is_loopback()) {
        return Err(CliError::UnsignedInPublic(config.listener.host));
    }
    let database = config.database.to_string();
    let app = tokio::select! {
        app = App::start(config, clock, listeners, unsigned) => app?,
        signal = signals.next() => {
            tracing::info!("{signal} while starting: stopped");
            return Ok(());
        }
    };
    app.metrics.count_lost_lines(lost);
    tracing::info!("Listening on http://{}, database {database}", app.addr);
    if let Some(metrics) = app.metrics_addr {
        tracing::info!("Metrics on http://{metrics}/metrics");
    }
    if unsigned {
        tracing::warn!("Unsigned webhooks are accepted: anyone on this machine can make up calls");
    }
    let signal = tokio::select! {
        signal = signals.next() => signal,
        duty = app.given_up() => return Err(CliError::GivenUp(duty)),
    };
    tracing::info!("{signal}: draining; a second signal stops at once");
    tokio::select! {
        () = app.drain() => {
            tracing::info!("Drained");
            Ok(())
        }
        _ = signals.next() => Err(CliError::StoppedAtOnce),
    }
}
