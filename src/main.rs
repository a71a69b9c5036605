//! Parses the command line, runs it, and maps the error to an exit code.

use callboard::cli::args::Cli;
use callboard::cli::{self, CliError};
use callboard::clock::Clock;
use callboard::config::load_dotenv;
use clap::Parser;
use std::process::ExitCode;
use tokio::runtime::Builder;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}

fn run() -> Result<(), CliError> {
    // First of all, while there is one thread: the environment belongs to the whole process.
    load_dotenv()?;
    let (settings, command) = Cli::parse().into_parts();
    let config = settings.validate()?;
    let runtime = Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(CliError::Runtime)?;
    let done = runtime.block_on(cli::run(command, config, Clock::system()));
    // All that matters has been waited for; what has not (a second signal) must not keep us.
    runtime.shutdown_background();
    done
}
