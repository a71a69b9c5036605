//! A server in a process of its own, which may be killed and does not outlive us.

use super::DemoError;
use super::folder::Folder;
use super::identity::Identity;
use crate::cli::args::DemoArgs;
#[cfg(feature = "proving")]
use crate::clock::Clock;
use crate::config::{Config, DatabaseUrl, Settings};
use clap::Args as _;
use rustix::process::{Pid, Signal, kill_process};
use secrecy::ExposeSecret as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
#[cfg(feature = "proving")]
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
#[cfg(feature = "proving")]
use std::time::Duration;
#[cfg(feature = "proving")]
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

/// How long a start may take on a slow machine, with a journal to recover.
#[cfg(feature = "proving")]
const UP_SECONDS: i64 = 30;
/// Between two looks whether it listens.
#[cfg(feature = "proving")]
const LOOK: Duration = Duration::from_millis(20);

/// `callboard serve`, as anybody would run it: another process, the same program, settings in the
/// environment. It is held by its stdin: when we end, however that comes about, it does.
pub(super) struct Server {
    command: Command,
    setting: Setting,
    /// What it is told first: who may follow which link.
    links: Zeroizing<String>,
    child: Option<Running>,
}

struct Running {
    child: Child,
    _held: File,
}

/// What is a server's own.
pub(super) struct Setting {
    pub(super) port: u16,
    pub(super) log: PathBuf,
}

impl Server {
    /// A server that has not been started.
    pub(super) fn new(
        args: &DemoArgs,
        folder: &Folder,
        config: &Config,
        identity: &Identity,
        setting: Setting,
    ) -> Result<Self, DemoError> {
        let failed = |error: io::Error| DemoError::Server {
            what: format!("could not be prepared: {error}"),
            log: setting.log.clone(),
        };
        let program = std::env::current_exe().map_err(failed)?;
        let mut command = Command::new(program);
        command
            .args(["serve", "--held"])
            // Away from any .env of the folder we are in.
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            // Ctrl-c is for us alone: the server must be up for the last count.
            .process_group(0)
            .kill_on_drop(true);
        for name in our_variables() {
            command.env_remove(name);
        }
        if let Some(page) = &config.listener.static_dir {
            let page = std::path::absolute(page).map_err(failed)?;
            command.env("CALLBOARD_STATIC_DIR", page);
        }
        command
            .env("API_HOST", &config.listener.host)
            .env("API_PORT", setting.port.to_string())
            .env("API_BASE_URL", config.listener.base_url.as_str())
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
            .env("CALLBOARD_RECORDING", config.calls.recording.name())
            .env("CALLBOARD_CALLS_PER_AGENT", "0")
            .env("CALLBOARD_PRESENCE", config.calls.presence.name())
            .env("CALLBOARD_METRICS_ADDR", "off")
            .env("RUST_LOG", &config.telemetry.log_filter)
            .env("CALLBOARD_LOG", config.telemetry.log_format.name());
        Ok(Self {
            command,
            links: links(config).map_err(failed)?,
            setting,
            child: None,
        })
    }

    /// Starts it and does not wait.
    pub(super) fn start(&mut self) -> Result<(), DemoError> {
        let running = self.run();
        let running =
            running.map_err(|error| self.failed(format!("could not be started: {error}")));
        self.child = Some(running?);
        Ok(())
    }

    fn run(&mut self) -> io::Result<Running> {
        let mut log = OpenOptions::new();
        let log = log.create(true).append(true).open(&self.setting.log)?;
        let mut child = self.command.stderr(Stdio::from(log)).spawn()?;
        let stdin = child.stdin.take();
        let stdin = stdin.ok_or_else(|| io::Error::other("its stdin is not ours"))?;
        let mut held = File::from(stdin.into_owned_fd()?);
        // A few hundred bytes: the pipe takes them whether or not they are read yet.
        held.write_all(self.links.as_bytes())?;
        Ok(Running { child, _held: held })
    }

    /// The process, while there is one.
    pub(super) fn process(&self) -> Option<u32> {
        self.child.as_ref().and_then(|running| running.child.id())
    }

    /// Resolves when it ends, by itself or by somebody's hand; never while there is none.
    pub(super) async fn dies(&mut self) -> ExitStatus {
        let Some(running) = &mut self.child else {
            return std::future::pending().await;
        };
        let status = running.child.wait().await;
        self.child = None;
        status.unwrap_or_default()
    }

    /// Tells it to drain.
    pub(super) fn is_told_to_stop(&self) {
        let process = self
            .process()
            .and_then(|process| i32::try_from(process).ok());
        if let Some(process) = process.and_then(Pid::from_raw)
            && let Err(error) = kill_process(process, Signal::TERM)
        {
            tracing::warn!("A server was not told to stop: {error}");
        }
    }

    /// Waits until there is none.
    pub(super) async fn has_ended(&mut self) {
        if self.is_started() {
            self.dies().await;
        }
    }

    /// Whether it was started and not killed since.
    pub(super) const fn is_started(&self) -> bool {
        self.child.is_some()
    }

    /// Waits until it listens.
    #[cfg(feature = "proving")]
    pub(super) async fn comes_up(&mut self, clock: &Clock) -> Result<(), DemoError> {
        let until = clock.now().plus_seconds(UP_SECONDS);
        while clock.now() < until {
            self.must_live()?;
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.setting.port))
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
        if let Some(mut running) = self.child.take() {
            let killed = running.child.kill().await;
            killed.map_err(|error| self.failed(format!("could not be killed: {error}")))?;
        }
        Ok(())
    }

    fn must_live(&mut self) -> Result<(), DemoError> {
        let child = self.child.as_mut();
        match child.and_then(|running| running.child.try_wait().ok().flatten()) {
            Some(status) => Err(self.failed(format!("ended by itself ({status})"))),
            None => Ok(()),
        }
    }

    pub(super) fn failed(&self, what: String) -> DemoError {
        let log = self.setting.log.clone();
        DemoError::Server { what, log }
    }
}

/// The links as [`crate::cli`]'s `serve --held` reads them: one line.
fn links(config: &Config) -> io::Result<Zeroizing<String>> {
    let links = config.access.sign_in_links.iter();
    let links = links.map(|link| {
        let (code, token) = (link.code.expose_secret(), link.token.expose_secret());
        (code, token, &link.name, link.owner)
    });
    let links: Vec<_> = links.collect();
    let mut line = Zeroizing::new(serde_json::to_string(&links)?);
    line.push('\n');
    Ok(line)
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
fn database_url(args: &DemoArgs, config: &Config) -> io::Result<String> {
    match (&config.database, &args.database) {
        (DatabaseUrl::Postgres(_), Some(url)) => Ok(url.expose_secret().trim().to_owned()),
        (DatabaseUrl::Sqlite { path }, _) => {
            Ok(format!("sqlite://{}", std::path::absolute(path)?.display()))
        }
        (DatabaseUrl::Postgres(_), None) => Err(io::Error::other("no --database was given")),
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
