//! A server in a process of its own, to be killed.

use crate::cli::args::DemoArgs;
use crate::cli::demo::DemoError;
use crate::cli::demo::folder::Folder;
use crate::cli::demo::identity::Identity;
use crate::clock::Clock;
use crate::config::{Config, DatabaseUrl, Settings};
use clap::Args as _;
use secrecy::ExposeSecret as _;
use std::fs::OpenOptions;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// How long a start may take on a slow machine, with a journal to recover.
const UP_SECONDS: i64 = 30;
/// Between two looks whether it listens.
const LOOK: Duration = Duration::from_millis(20);

/// `callboard serve`, as anybody would run it: another process, the same program, settings in the
/// environment, and no way to be told anything but by its sockets.
pub(super) struct Server {
    command: Command,
    port: u16,
    log: PathBuf,
    child: Option<Child>,
}

impl Server {
    /// A server that has not been started.
    pub(super) fn new(
        args: &DemoArgs,
        folder: &Folder,
        config: &Config,
        identity: &Identity,
    ) -> Result<Self, DemoError> {
        let log = folder.server_log();
        let failed = |error: std::io::Error| DemoError::Server {
            what: format!("could not be prepared: {error}"),
            log: log.clone(),
        };
        let program = std::env::current_exe().map_err(failed)?;
        let mut command = Command::new(program);
        command
            .arg("serve")
            // Away from any .env of the folder we are in.
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            // Ctrl-c is for us alone: the server must be up for the last count.
            .process_group(0)
            .kill_on_drop(true);
        for name in our_variables() {
            command.env_remove(name);
        }
        let port = config.listener.port;
        command
            .env("API_HOST", &config.listener.host)
            .env("API_PORT", port.to_string())
            .env("DATABASE_URL", database_url(args, config).map_err(failed)?)
            .env("SUPABASE_JWT_SECRET", identity.jwt_secret.expose_secret())
            .env(
                "CALLBOARD_ENCRYPTION_KEY",
                identity.encryption_key.expose_secret(),
            )
            .env("TELNYX_API_BASE", config.providers.telnyx_api_base.as_str())
            .env(
                "ULTRAVOX_API_BASE",
                config.providers.ultravox_api_base.as_str(),
            )
            // A command takes a call out of the script that says what must become of it.
            .env("CALLBOARD_RECORDING", "off")
            .env("CALLBOARD_CALLS_PER_AGENT", "0")
            .env("CALLBOARD_METRICS_ADDR", "off")
            .env("RUST_LOG", &config.telemetry.log_filter)
            .env("CALLBOARD_LOG", config.telemetry.log_format.name());
        Ok(Self {
            command,
            port,
            log,
            child: None,
        })
    }

    /// Starts it and does not wait.
    pub(super) fn start(&mut self) -> Result<(), DemoError> {
        let log = OpenOptions::new().create(true).append(true).open(&self.log);
        let child = log.and_then(|log| self.command.stderr(Stdio::from(log)).spawn());
        let child = child.map_err(|error| self.failed(format!("could not be started: {error}")))?;
        self.child = Some(child);
        Ok(())
    }

    /// Whether it was started and not killed since.
    pub(super) const fn is_started(&self) -> bool {
        self.child.is_some()
    }

    /// Waits until it listens.
    pub(super) async fn comes_up(&mut self, clock: &Clock) -> Result<(), DemoError> {
        let until = clock.now().plus_seconds(UP_SECONDS);
        while clock.now() < until {
            self.must_live()?;
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))
                .await
                .is_ok()
            {
                return Ok(());
            }
            clock.sleep(LOOK).await;
        }
        Err(self.failed(format!("did not listen within {UP_SECONDS} s")))
    }

    /// Kills it with -9. One that had ended by itself is an error: nobody asked it to.
    pub(super) async fn kill(&mut self) -> Result<(), DemoError> {
        self.must_live()?;
        if let Some(mut child) = self.child.take() {
            let killed = child.kill().await;
            killed.map_err(|error| self.failed(format!("could not be killed: {error}")))?;
        }
        Ok(())
    }

    fn must_live(&mut self) -> Result<(), DemoError> {
        let child = self.child.as_mut();
        match child.and_then(|child| child.try_wait().ok().flatten()) {
            Some(status) => Err(self.failed(format!("ended by itself ({status})"))),
            None => Ok(()),
        }
    }

    fn failed(&self, what: String) -> DemoError {
        let log = self.log.clone();
        DemoError::Server { what, log }
    }
}

/// Every variable that a setting of ours is read from, so that none of the user's own reaches the
/// server.
fn our_variables() -> Vec<String> {
    let command = Settings::augment_args(clap::Command::new("settings"));
    let named = command.get_arguments().filter_map(clap::Arg::get_env);
    named
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}

/// The database as the variable holds it. The server has another working folder.
fn database_url(args: &DemoArgs, config: &Config) -> std::io::Result<String> {
    match (&config.database, &args.database) {
        (DatabaseUrl::Postgres(_), Some(url)) => Ok(url.expose_secret().trim().to_owned()),
        (DatabaseUrl::Sqlite { path }, _) => {
            Ok(format!("sqlite://{}", std::path::absolute(path)?.display()))
        }
        (DatabaseUrl::Postgres(_), None) => Err(std::io::Error::other("no --database was given")),
    }
}

#[cfg(test)]
mod tests {
    use super::our_variables;

    #[test]
    fn the_variables_of_a_real_set_up_are_known_by_name() {
        let names = our_variables();
        for name in ["DATABASE_URL", "DB_HOST", "SUPABASE_URL", "TELNYX_API_KEY"] {
            assert!(names.iter().any(|known| known == name), "{name}");
        }
    }
}
