//! The server as a process of its own, which can be killed as a crash kills it.

use super::database::Database;
use super::patience::{look_again, soon};
use super::world::{JWT_SECRET, Tenant, World};
use callboard::config::DatabaseUrl;
use callboard_simulator::{Carrier, CarrierSettings, RetrySchedule};
use secrecy::ExposeSecret;
use std::net::TcpListener;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// A `callboard serve` on a port that it keeps over its lives.
pub struct Process {
    pub url: String,
    port: u16,
    child: Child,
    /// Its working folder: no `.env` of anyone's is read there.
    folder: TempDir,
    /// What it is started with in each of its lives, beside the usual.
    environment: Vec<(&'static str, String)>,
}

impl Process {
    pub async fn start(world: &World) -> Self {
        let process = Self::launch(world, |_| {});
        process.is_ready().await;
        process
    }

    /// One of several, with more of an environment.
    pub async fn start_with(world: &World, environment: Vec<(&'static str, String)>) -> Self {
        Self::start_as(Path::new(BINARY), world, environment).await
    }

    /// The same, of another build.
    pub async fn start_as(
        binary: &Path,
        world: &World,
        environment: Vec<(&'static str, String)>,
    ) -> Self {
        let mut process = Self::launch_as(world, Command::new(binary), |command| {
            command.envs(environment.iter().map(|(name, value)| (name, value)));
        });
        process.environment = environment;
        process.is_ready().await;
        process
    }

    /// One that may have so many files and connections open.
    pub async fn start_with_descriptors(world: &World, most: u32) -> Self {
        let mut limited = Command::new("prlimit");
        limited.arg(format!("--nofile={most}:{most}")).arg(BINARY);
        let process = Self::launch_as(world, limited, |_| {});
        process.is_ready().await;
        process
    }

    /// One with another environment or another end of its log, and perhaps not ready yet.
    pub fn launch(world: &World, change: impl FnOnce(&mut Command)) -> Self {
        Self::launch_as(world, Command::new(BINARY), change)
    }

    fn launch_as(world: &World, command: Command, change: impl FnOnce(&mut Command)) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("a port").port();
        drop(free);
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = serve(command, world, port, &folder);
        change(&mut command);
        Self {
            url: format!("http://127.0.0.1:{port}"),
            port,
            child: command.spawn().expect("the server's binary"),
            folder,
            environment: Vec::new(),
        }
    }

    /// What it has logged in this life.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).expect("a log")
    }

    /// None of its files can grow beyond so many bytes, which is how a full disk looks to it; or as
    /// far as there is room.
    pub fn files_end_at(&self, most: Option<u64>) {
        use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
        let pid = self.child.id().expect("a running process");
        let pid = Pid::from_raw(pid.try_into().expect("a pid"));
        let maximum = getrlimit(Resource::Fsize).maximum;
        let limit = Rlimit {
            current: most.or(maximum),
            maximum,
        };
        prlimit(pid, Resource::Fsize, limit).expect("a limit");
    }

    /// The carrier of that agency, whose webhooks come here.
    pub fn carrier(&self, world: &World, tenant: &Tenant) -> Carrier {
        let url = format!("{}/api/telnyx/webhook", self.url);
        let key = tenant.key.clone();
        let settings = CarrierSettings::new(url.parse().expect("a URL"), key, world.clock.clone());
        Carrier::new(CarrierSettings {
            connection_id: Some(tenant.connection.clone()),
            schedule: RetrySchedule::once(),
            ..settings
        })
        .expect("a carrier")
    }

    /// Killed with -9: nothing is finished, nobody is told.
    pub async fn dies(&mut self) {
        self.child.kill().await.expect("a process to kill");
    }

    /// Starts again on the same port and database.
    pub async fn comes_back(&mut self, world: &World) {
        self.comes_back_as(Path::new(BINARY), world).await;
    }

    /// The same, of another build.
    pub async fn comes_back_as(&mut self, binary: &Path, world: &World) {
        let mut command = serve(Command::new(binary), world, self.port, &self.folder);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        self.child = command.spawn().expect("the server's binary");
        self.is_ready().await;
    }

    /// Sends SIGTERM, as a deploy does.
    pub async fn is_told_to_stop(&self) {
        self.signalled("-TERM").await;
    }

    /// Stopped in the middle of whatever it does, and its connections stay open.
    pub async fn freezes(&self) {
        self.signalled("-STOP").await;
    }

    /// Goes on as if no time had passed.
    pub async fn goes_on(&self) {
        self.signalled("-CONT").await;
    }

    /// How it ended.
    pub async fn ends(&mut self) -> ExitStatus {
        soon("the process to end", self.child.wait())
            .await
            .expect("an exit status")
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    async fn signalled(&self, signal: &str) {
        let pid = self.child.id().expect("a running process").to_string();
        let sent = Command::new("kill").args([signal, &pid]).status().await;
        assert!(sent.expect("kill").success());
    }

    pub async fn is_ready(&self) {
        let client = super::node::client();
        let ready = async {
            loop {
                let answer = client.get(format!("{}/readyz", self.url)).send().await;
                if answer.is_ok_and(|answer| answer.status().is_success()) {
                    return;
                }
                look_again().await;
            }
        };
        soon("the server to be ready", ready).await;
    }
}

/// The server's binary.
pub const BINARY: &str = env!("CARGO_BIN_EXE_callboard");

fn serve(mut command: Command, world: &World, port: u16, folder: &TempDir) -> Command {
    command
        .arg("serve")
        .current_dir(folder.path())
        .env_clear()
        .env("API_PORT", port.to_string())
        .env("CALLBOARD_METRICS_ADDR", "off")
        .env("DATABASE_URL", url_of(world))
        .env("SUPABASE_JWT_SECRET", JWT_SECRET)
        .env("CALLBOARD_PRESENCE", world.config.calls.presence.name())
        .env(
            "TELNYX_API_BASE",
            world.config.providers.telnyx_api_base.as_str(),
        )
        .env(
            "CALLBOARD_ENCRYPTION_KEY",
            world
                .config
                .encryption_key
                .as_ref()
                .expect("a key")
                .expose_secret(),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(folder.path().join("log")).expect("a log"))
        .kill_on_drop(true);
    command
}

/// The database as `DATABASE_URL` names it.
pub fn url_of(world: &World) -> String {
    address(&world.database)
}

/// The same of a database.
pub fn address(database: &Database) -> String {
    match &database.url {
        DatabaseUrl::Sqlite { path } => format!("sqlite://{}", path.display()),
        DatabaseUrl::Postgres(url) => url.display.clone(),
    }
}
