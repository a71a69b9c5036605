//! Why a command did not end well: what is wrong, where, and how to mend it.

use super::text::{count, plain};
use crate::accounts::AccountError;
use crate::agencies::VaultError;
use crate::agencies::seal::SealError;
use crate::app::AppError;
use crate::auth::AuthError;
use crate::cli::args::CredentialError as PairError;
#[cfg(feature = "demo")]
use crate::cli::watch::WatchError;
use crate::config::{ConfigError, DotenvError};
use crate::domain::{AgencyId, CredentialError, CredentialKey, UserId};
use crate::store::StoreError;
use crate::telemetry::TelemetryError;
#[cfg(feature = "demo")]
use callboard_simulator::{CarrierError, KeyError};
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

/// Exit code of what went wrong.
const FAILED: u8 = 1;
/// Exit code of what was asked for in a way that cannot be meant, as clap's own.
const MISUSED: u8 = 2;
/// How long a process that ends tries to say why.
const TELLING: Duration = Duration::from_secs(1);

/// Why a command did not end well. No text holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The `.env` file cannot be used.
    #[error(transparent)]
    Dotenv(#[from] DotenvError),
    /// Settings are wrong: all mistakes, one per line.
    #[error(transparent)]
    Settings(#[from] ConfigError),
    /// The logs cannot be started.
    #[error(transparent)]
    Logs(#[from] TelemetryError),
    /// The machine gives no threads.
    #[error("the runtime could not be started: {0}; see the machine's limits on threads and files")]
    Runtime(#[source] io::Error),
    /// The results cannot be written.
    #[error("cannot write to stdout: {0}")]
    Output(#[source] io::Error),
    /// The database is away, refuses, or holds what nobody wrote.
    #[error("{source}{}", advice(.source))]
    Store {
        /// What the database said.
        #[from]
        source: StoreError,
    },
    /// It cannot be told whom to forget.
    #[error("{0}")]
    Forget(&'static str),
    /// There are migrations to apply.
    #[error("{}", missing_migrations(.0))]
    NotMigrated(Option<usize>),
    /// There is no such agency.
    #[error("there is no agency {id}; {}", agencies_there(.there))]
    NoAgency {
        /// The one that was named.
        id: AgencyId,
        /// Those that there are, with their names.
        there: Vec<(AgencyId, String)>,
    },
    /// The id is taken.
    #[error("there is an agency {0} already; leave out --id to get a new one")]
    AgencyExists(AgencyId),
    /// There is no such person.
    #[error("there is no person {0}; `callboard user list` names everyone")]
    NoUser(UserId),
    /// There is nothing to reset.
    #[error(
        "the person {0} has no account of ours, and so no password; `callboard user invite` makes a \
         link by which they get one"
    )]
    NoAccount(UserId),
    /// A link cannot be made.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The encryption key that lies beside the database.
    #[error(
        "the encryption key {} cannot be read or made: {error}; set CALLBOARD_ENCRYPTION_KEY, or let \
         this user write there",
        .path.display()
    )]
    KeyFile {
        /// Where.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Pairs that cannot be read.
    #[error(transparent)]
    Pairs(#[from] PairError),
    /// Credentials that cannot be stored, all of them, one per line.
    #[error("{}", sentences(.0))]
    Credentials(Vec<CredentialError>),
    /// One credential twice.
    #[error("{0} was given twice: give it once")]
    Twice(CredentialKey),
    /// Nothing to read, or nothing readable.
    #[error("the value of {key} cannot be read from stdin: {error}")]
    Stdin {
        /// Whose value.
        key: CredentialKey,
        /// What is wrong with it.
        error: io::Error,
    },
    /// A credential cannot be sealed or stored.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The encryption key cannot be used.
    #[error("CALLBOARD_ENCRYPTION_KEY: {0}")]
    Seal(#[from] SealError),
    /// Data keys that no key at hand opens; why stands in their lines.
    #[error(
        "{} not rotated; list the former keys in CALLBOARD_ENCRYPTION_KEY, after the first, and \
         run it again: what is done stays done",
        count(*.0, "data key")
    )]
    NotRotated(usize),
    /// Credentials that cannot be opened; why stands in their lines.
    #[error("{} cannot be opened", count(*.0, "credential"))]
    Unopened(usize),
    /// There is nothing to sign tokens with.
    #[error(
        "SUPABASE_JWT_SECRET is not set, and only with it can a token be minted: set it to any 32 \
         characters for development, the server's as well, or sign in at Supabase for a token"
    )]
    NoJwtSecret,
    /// A token cannot be minted.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// What the webhooks and commands say is not what the table says; the lines say where.
    #[error(
        "{} found between the table and the webhooks and commands that made it: see the lines \
         above. Either rows were changed by hand, or this is a bug in callboard: please report it",
        count(*.0, "difference")
    )]
    Differences(usize),
    /// The set-up does not work; the lines say where.
    #[error("{} wrong: see the lines above for how to mend it", things(*.0))]
    Unwell(usize),
    /// Nobody could be sure who calls.
    #[error(
        "--insecure-unsigned-webhooks lets anyone who reaches {0} make up calls, so it works on \
         loopback only: set API_HOST=127.0.0.1, or leave the flag out"
    )]
    UnsignedInPublic(String),
    /// A listener cannot be had.
    #[error("cannot listen on {address}: {}", listening(.error, .setting))]
    Listen {
        /// Where.
        address: String,
        /// The setting that names the place.
        setting: &'static str,
        /// What the system said.
        error: io::Error,
    },
    /// Signals cannot be heard on this machine.
    #[error("cannot listen for signals: {0}")]
    Signal(#[source] io::Error),
    /// A demo's server is not told what a demo says.
    #[cfg(feature = "demo")]
    #[error("stdin cannot hold this server: {0}")]
    Holder(#[source] io::Error),
    /// A second signal came while draining.
    #[error("stopped at once by a second signal; requests in flight were cut off")]
    StoppedAtOnce,
    /// What a server lives by has died, and could not be started again.
    #[error(
        "{0} died and could not be kept going: the process ends, so that it is started anew; its log says why"
    )]
    GivenUp(&'static str),
    /// The server cannot start.
    #[error(transparent)]
    App(#[from] AppError),
    /// A command of another build.
    #[error(
        "this build of callboard was made without that: build one with \
         `cargo build --release --features {0}`"
    )]
    LeftOut(&'static str),
    /// The simulated carrier's key.
    #[cfg(feature = "demo")]
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The simulated carrier.
    #[cfg(feature = "demo")]
    #[error(transparent)]
    Carrier(#[from] CarrierError),
    #[cfg(feature = "demo")]
    /// The simulated carrier got rid of less than everything.
    #[error("{}", undelivered(*.refused, *.lost))]
    Undelivered {
        /// Webhooks that the server did not want.
        refused: u64,
        /// Webhooks given up at the end of the schedule.
        lost: u64,
    },
    /// The demo did not end well.
    #[cfg(feature = "demo")]
    #[error(transparent)]
    Demo(#[from] super::demo::DemoError),
    /// Watching did not end well.
    #[cfg(feature = "demo")]
    #[error(transparent)]
    Watch(#[from] WatchError),
}

impl CliError {
    /// Says on stderr what is wrong, and gives the process's exit code: 2 for what was asked for
    /// in a way that cannot be meant, 1 for what went wrong.
    #[must_use]
    pub fn report(&self) -> ExitCode {
        let lines: String = self.to_string().lines().map(line).collect();
        // With stderr closed there is nobody to tell, and one that nobody reads would keep us here.
        let (told, is_told) = sync_channel::<()>(1);
        let telling = std::thread::Builder::new().spawn(move || {
            let _ = io::stderr().write_all(lines.as_bytes());
            drop(told);
        });
        if telling.is_ok() {
            let _ = is_told.recv_timeout(TELLING);
        }
        ExitCode::from(self.exit_code())
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::Dotenv(_)
            | Self::Settings(_)
            | Self::Pairs(_)
            | Self::Credentials(_)
            | Self::Twice(_)
            | Self::LeftOut(_)
            | Self::UnsignedInPublic(_) => MISUSED,
            _ => FAILED,
        }
    }

    /// Whether it is only that nobody reads the results any more.
    pub(super) fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == ErrorKind::BrokenPipe)
    }
}

fn line(text: &str) -> String {
    format!("callboard: {text}\n")
}

fn advice(error: &StoreError) -> &'static str {
    match error {
        StoreError::Unavailable(_) => {
            "; DATABASE_URL (or DB_HOST and its companions) names the database: see that it is \
             the right one, that it runs, and that it lets us in"
        }
        StoreError::Data(_)
        | StoreError::Unproven(_)
        | StoreError::KeyChanged
        | StoreError::Corrupt(_)
        | StoreError::Trouble(_) => "",
    }
}

fn missing_migrations(missing: &Option<usize>) -> String {
    match missing {
        Some(missing) => {
            let missing = count(*missing, "migration");
            format!("{missing} missing: apply with `callboard migrate`")
        }
        None => "there is no database yet: make it with `callboard migrate`".to_owned(),
    }
}

fn agencies_there(there: &[(AgencyId, String)]) -> String {
    /// As many as one reads; `agency list` has them all.
    const SHOWN: usize = 5;
    if there.is_empty() {
        return "there is none yet: create one with `callboard agency create --name NAME`".into();
    }
    let mut shown: Vec<String> = there
        .iter()
        .take(SHOWN)
        .map(|(id, name)| format!("{id} ({})", plain(name)))
        .collect();
    if there.len() > SHOWN {
        shown.push("…".into());
    }
    let shown = shown.join(", ");
    format!("there are: {shown}; `callboard agency list` names them all")
}

fn things(wrong: usize) -> String {
    match wrong {
        1 => "1 thing is".to_owned(),
        wrong => format!("{wrong} things are"),
    }
}

fn sentences(errors: &[CredentialError]) -> String {
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

#[cfg(feature = "demo")]
fn undelivered(refused: u64, lost: u64) -> String {
    let mut said = Vec::new();
    if refused > 0 {
        said.push(format!(
            "the server refused webhooks ({refused}): see that it knows the public key printed \
             above and takes webhooks at that address; its log says why"
        ));
    }
    if lost > 0 {
        said.push(format!(
            "webhooks were given up after the last retry ({lost}): see that the server runs"
        ));
    }
    said.join("\n")
}

fn listening(error: &io::Error, setting: &str) -> String {
    match error.kind() {
        ErrorKind::AddrInUse => {
            format!("another program listens there; stop it, or set {setting} to another port")
        }
        ErrorKind::PermissionDenied => {
            format!("ports below 1024 are for root; set {setting} to a higher one")
        }
        ErrorKind::AddrNotAvailable => {
            format!("this machine has no such address; set {setting} right")
        }
        _ => format!("{error}; set {setting} right"),
    }
}

#[cfg(test)]
mod tests {
    use super::CliError;
    use crate::domain::AgencyId;
    use std::io::{self, ErrorKind};
    use uuid::Uuid;

    #[test]
    fn an_agency_that_is_not_there_is_answered_with_those_that_are() {
        let id = AgencyId(Uuid::nil());
        let said = |there| CliError::NoAgency { id, there }.to_string();
        assert!(said(vec![]).contains("callboard agency create --name"));
        let one = said(vec![(id, "Ours".into())]);
        assert!(
            one.contains("00000000-0000-0000-0000-000000000000 (Ours);"),
            "{one}"
        );
        let many = said(vec![(id, "Ours".into()); 9]);
        assert_eq!(many.matches("(Ours)").count(), 5);
    }

    #[test]
    fn a_taken_port_names_the_address_and_the_setting() {
        let said = CliError::Listen {
            address: "127.0.0.1:3001".into(),
            setting: "API_PORT",
            error: io::Error::from(ErrorKind::AddrInUse),
        };
        assert_eq!(
            said.to_string(),
            "cannot listen on 127.0.0.1:3001: another program listens there; stop it, or set \
             API_PORT to another port"
        );
    }

    #[test]
    fn what_cannot_be_meant_exits_with_2_and_what_went_wrong_with_1() {
        assert_eq!(CliError::UnsignedInPublic(String::new()).exit_code(), 2);
        assert_eq!(CliError::Differences(3).exit_code(), 1);
        assert_eq!(CliError::Unwell(1).exit_code(), 1);
    }

    #[test]
    fn a_reader_that_left_is_no_error() {
        let left = io::Error::from(ErrorKind::BrokenPipe);
        assert!(CliError::Output(left).is_closed_pipe());
    }
}
