//! What can be asked for on the command line.

#[cfg(not(feature = "demo"))]
mod left_out;
mod people;
#[cfg(feature = "demo")]
mod played;
mod server;
#[cfg(test)]
mod tests;

#[cfg(not(feature = "demo"))]
pub use left_out::{LeftOut as DemoArgs, LeftOut as SimulateArgs, LeftOut as WatchArgs};
pub use people::{
    AddUser, AgencyCommand, CreateAgency, Credential, CredentialError, CredentialValue,
    CredentialsCommand, ForgetArgs, InviteUser, ListAgencies, ListCredentials, ListUsers,
    MaskedRoles, RemoveUser, ResetUser, SetAgency, SetCredentials, TokenArgs, UserCommand,
};
#[cfg(feature = "demo")]
pub use played::{DemoArgs, SimulateArgs, WatchArgs};
pub use server::{DoctorArgs, EpochCommand, MigrateArgs, ServeArgs};

use crate::config::Settings;
use clap::{Parser, Subcommand};

const LONG_ABOUT: &str = "\
A live inbound-call board: Telnyx webhooks in, every agent's screen at once, nothing lost.

Two commands to try:
  callboard demo      everything on this machine, with a simulated carrier
  callboard doctor    check a real set-up, line by line

With no command it serves. Settings are taken from flags, then the environment, then a .env file in
the working folder, then the defaults below.";

/// A live inbound-call board: try `callboard demo`, then `callboard doctor`
#[derive(Clone, Debug, Parser)]
#[command(name = "callboard", version, long_about = LONG_ABOUT)]
#[command(after_help = "With no command it serves. Every setting: callboard --help")]
pub struct Cli {
    /// The settings, accepted before and after the command.
    #[command(flatten)]
    pub settings: Settings,
    /// What to do. `None`: serve.
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Cli {
    /// What to do, which is to serve when nothing was said.
    #[must_use]
    pub fn into_parts(self) -> (Settings, Command) {
        let serve = || Command::Serve(ServeArgs::default());
        (self.settings, self.command.unwrap_or_else(serve))
    }
}

/// The commands. Those that use the database migrate it first, `doctor` aside.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Listen and serve until SIGTERM or SIGINT, then drain
    Serve(ServeArgs),
    /// Everything at once on this machine: database, carrier, Ultravox, agency and people
    #[cfg_attr(not(feature = "demo"), command(hide = true))]
    Demo(DemoArgs),
    /// The simulated carrier alone, against any server
    #[cfg_attr(not(feature = "demo"), command(hide = true))]
    Simulate(SimulateArgs),
    /// A board on the terminal, for any server: sequence and latency checked
    #[cfg_attr(not(feature = "demo"), command(hide = true))]
    Watch(WatchArgs),
    /// Rebuild every retained call from its webhooks and commands, and name each difference
    Verify,
    /// Apply the migrations
    Migrate(MigrateArgs),
    /// The life of the event numbering
    #[command(subcommand)]
    Epoch(EpochCommand),
    /// Agencies
    #[command(subcommand)]
    Agency(AgencyCommand),
    /// People who sign in
    #[command(subcommand)]
    User(UserCommand),
    /// Credentials of agencies, stored encrypted
    #[command(subcommand)]
    Credentials(CredentialsCommand),
    /// Take a number or a person out of everything that is kept
    ///
    /// Can be run again. Boards that are open start afresh.
    Forget(ForgetArgs),
    /// Mint a token for development, when SUPABASE_JWT_SECRET is set
    Token(TokenArgs),
    /// Check the whole set-up, line by line: what is right, what is wrong, how to mend it
    ///
    /// Nothing is changed: no migration is applied and nothing stays written.
    Doctor(DoctorArgs),
}
