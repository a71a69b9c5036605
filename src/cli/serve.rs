//! `callboard serve`: listen and serve until a signal, then drain.

#[cfg(feature = "demo")]
mod held;
mod listeners;
mod systemd;

use super::args::ServeArgs;
use super::stop::StopSignals;
use super::words::line;
use super::{CliError, Out};
use crate::app::{App, raise_limit};
use crate::clock::Clock;
use crate::config::Config;
use crate::telemetry::LostLines;
use listeners::bind;
use std::time::Duration;
use systemd::Systemd;

/// Serves until SIGTERM or SIGINT, then drains.
pub(super) async fn run(
    args: ServeArgs,
    config: Config,
    clock: Clock,
    lost: LostLines,
    out: Out<'_>,
) -> Result<(), CliError> {
    #[cfg(feature = "demo")]
    if args.held {
        let mut config = config;
        let held = held::Held::by_stdin(&mut config).map_err(CliError::Holder)?;
        return tokio::select! {
            served = serve(args, config, clock, lost, out) => served,
            () = held.until_let_go() => {
                tracing::info!("Whoever held this server is gone: stopped");
                Ok(())
            }
        };
    }
    serve(args, config, clock, lost, out).await
}

async fn serve(
    args: ServeArgs,
    config: Config,
    clock: Clock,
    lost: LostLines,
    out: Out<'_>,
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
    let delay = config.listener.drain_delay;
    let systemd = Systemd::new();
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
    if let Some(link) = app.setup_link().await? {
        tracing::info!(
            "Nobody can sign in yet: the link that follows makes the first owner, once and within 30 \
             minutes; each start prints another"
        );
        line(out, &format!("SETUP {link}"))?;
    }
    let address = app.addr;
    systemd.serves(&format!("Serving on http://{address}"));
    let (health, clock) = (app.health(), app.clock.clone());
    tokio::select! {
        ended = until_stopped(app, &mut signals, &systemd, delay) => ended,
        never = systemd.lives(&health, &clock) => match never {},
    }
}

/// Serves until a signal, then leaves and drains. While it leaves another signal makes it drain,
/// while it drains stop at once.
async fn until_stopped(
    app: App,
    signals: &mut StopSignals,
    systemd: &Systemd,
    delay: Duration,
) -> Result<(), CliError> {
    let signal = tokio::select! {
        signal = signals.next() => signal,
        duty = app.given_up() => return Err(CliError::GivenUp(duty)),
    };
    systemd.stops(delay);
    tracing::info!("{signal}: draining; a second signal stops at once");
    tokio::select! {
        () = app.leave(delay) => {}
        signal = signals.next() => tracing::info!("{signal}: no longer waiting for load balancers"),
        duty = app.given_up() => return Err(CliError::GivenUp(duty)),
    }
    tokio::select! {
        () = app.drain() => {
            tracing::info!("Drained");
            Ok(())
        }
        _ = signals.next() => Err(CliError::StoppedAtOnce),
    }
}
