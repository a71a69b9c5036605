//! The command line: what can be asked for, one file per command, and all that is printed.
//!
//! Results go to stdout, through a writer that is an argument; logs, hints and progress go to
//! stderr. Each command ends with `Ok` only when all went well.

mod agency;
pub mod args;
#[cfg(feature = "proving")]
pub mod conformance;
mod credentials;
mod database;
#[cfg(feature = "demo")]
pub mod demo;
mod doctor;
mod epoch;
mod error;
mod forget;
mod key_file;
mod migrate;
mod progress;
mod serve;
#[cfg(feature = "demo")]
mod simulate;
#[cfg(feature = "demo")]
mod simulated;
mod stop;
mod text;
mod token;
mod user;
mod verify;
#[cfg(feature = "demo")]
pub mod watch;
mod words;

#[cfg(test)]
mod testing;

pub use error::CliError;

use crate::clock::Clock;
use crate::config::{Config, Relay};
use crate::relay::announce;
use crate::telemetry::{self, LogTarget, Logs};
#[cfg(feature = "demo")]
use args::DemoArgs;
use args::{AgencyCommand, Command, CredentialsCommand, EpochCommand, UserCommand};
use std::io::{self, Write};

/// Where results go.
type Out<'a> = &'a mut (dyn Write + Send);

/// Starts the process's logs as the settings say.
fn start_logs(config: &Config, target: &LogTarget) -> Result<Logs, CliError> {
    let format = config.telemetry.log_format;
    Ok(telemetry::init(
        &config.telemetry.log_filter,
        format,
        target,
    )?)
}

/// Starts the process's logs and does what was asked for. Must be called on a multi-thread runtime.
///
/// # Errors
/// When not all went well; the text says what is wrong and how to mend it.
pub async fn run(command: Command, config: Config, clock: Clock) -> Result<(), CliError> {
    let mut stdout = io::stdout();
    match Box::pin(obey(command, config, clock, &mut stdout)).await {
        // Whoever read the lines has seen enough, as `head` does.
        Err(error) if error.is_closed_pipe() => Ok(()),
        done => done,
    }
}

async fn obey(
    command: Command,
    config: Config,
    clock: Clock,
    out: Out<'_>,
) -> Result<(), CliError> {
    #[cfg(all(feature = "demo", not(feature = "proving")))]
    if is_proof(&command) {
        return Err(CliError::LeftOut("proving"));
    }
    #[cfg(feature = "demo")]
    if let Command::Demo(args) = command {
        return Box::pin(play(args, &config, clock, out)).await;
    }
    let logs = start_logs(&config, &LogTarget::Stderr)?;
    let mut config = config;
    key_file::find(&mut config)?;
    if matches!(command, Command::Serve(_)) {
        key_file::make(&mut config)?;
    }
    let store = || database::open(&config, &clock);
    let changes = changes(&command);
    match command {
        Command::Serve(args) => {
            Box::pin(serve::run(args, config.clone(), clock, logs.lost(), out)).await
        }
        #[cfg(feature = "demo")]
        Command::Demo(args) => Box::pin(play(args, &config, clock, out)).await,
        #[cfg(feature = "demo")]
        Command::Simulate(args) => simulate::run(&args, &config, clock, out).await,
        #[cfg(feature = "proving")]
        Command::Watch(args) if args.conformance => {
            Ok(watch::try_rules(args.url.as_str(), args.token).await?)
        }
        #[cfg(feature = "demo")]
        Command::Watch(args) => Ok(watch::run(args.url.as_str(), args.token).await?),
        #[cfg(not(feature = "demo"))]
        Command::Demo(_) | Command::Simulate(_) | Command::Watch(_) => {
            Err(CliError::LeftOut("demo"))
        }
        Command::Verify => verify::run(&store().await?, &config, &clock, out).await,
        Command::Migrate(args) => migrate::run(args, &config, &clock, out).await,
        Command::Epoch(EpochCommand::Renew) => epoch::renew(&store().await?, out).await,
        Command::Agency(AgencyCommand::Create(args)) => {
            agency::create(&store().await?, args, &clock, out).await
        }
        Command::Agency(AgencyCommand::Set(args)) => agency::set(&store().await?, args).await,
        Command::Agency(AgencyCommand::List(args)) => {
            agency::list(&store().await?, args, out).await
        }
        Command::User(UserCommand::Add(args)) => {
            user::add(&store().await?, args, &clock, out).await
        }
        Command::User(UserCommand::List(args)) => user::list(&store().await?, args, out).await,
        Command::User(UserCommand::Invite(args)) => {
            user::invite(&store().await?, args, &config, &clock, out).await
        }
        Command::User(UserCommand::Reset(args)) => {
            user::reset(&store().await?, args, &config, &clock, out).await
        }
        Command::User(UserCommand::Remove(args)) => user::remove(&store().await?, args, out).await,
        Command::Credentials(CredentialsCommand::Set(args)) => {
            // What was given is judged before the database is so much as opened.
            let set = credentials::Set::read(&args, &config, &mut io::stdin().lock())?;
            set.store(&store().await?, &config, &clock, out).await
        }
        Command::Credentials(CredentialsCommand::List(args)) => {
            credentials::list(&store().await?, args, &config, &clock, out).await
        }
        Command::Credentials(CredentialsCommand::Rotate) => {
            credentials::rotate(&store().await?, &config, &clock, out).await
        }
        Command::Forget(args) => forget::run(&store().await?, args, out).await,
        Command::Token(args) => token::run(args, &config, &clock, out),
        Command::Doctor(args) => Box::pin(doctor::run(args, &config, &clock, out)).await,
    }?;
    if changes {
        tell_the_servers(&config).await;
    }
    Ok(())
}

/// Whether servers should hear that it has been done: they know what it changes, or show it.
fn changes(command: &Command) -> bool {
    match command {
        Command::Agency(AgencyCommand::List(_))
        | Command::User(UserCommand::List(_))
        | Command::Credentials(CredentialsCommand::List(_)) => false,
        Command::Agency(_)
        | Command::User(_)
        | Command::Credentials(_)
        | Command::Epoch(_)
        | Command::Forget(_) => true,
        _ => false,
    }
}

/// They find it soon by themselves: what cannot be told spoils nothing.
async fn tell_the_servers(config: &Config) {
    if matches!(config.relay, Relay::Off) {
        return;
    }
    let told = match database::connect(config).await {
        Ok(store) => announce(config, &store).await,
        Err(error) => Err(error.to_string()),
    };
    if let Err(why) = told {
        tracing::warn!("The servers were not told and find it within seconds: {why}");
    }
}

/// Whether this is one of the proofs, which are in no build without their feature.
#[cfg(all(feature = "demo", not(feature = "proving")))]
fn is_proof(command: &Command) -> bool {
    match command {
        Command::Demo(args) => args.torture,
        Command::Watch(args) => args.conformance,
        _ => false,
    }
}

#[cfg(feature = "demo")]
/// The demo's terminal is for calls: its logs go beside its data.
async fn play(args: DemoArgs, config: &Config, clock: Clock, out: Out<'_>) -> Result<(), CliError> {
    let folder = demo::Folder::open(args.data.as_deref())?;
    let _logs = start_logs(config, &LogTarget::File(folder.log_file()))?;
    Ok(demo::run(args, config, folder, clock, out).await?)
}
