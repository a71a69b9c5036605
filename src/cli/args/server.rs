//! Commands that run a server or look after its database.

use crate::domain::AgencyId;
use clap::{Args, Subcommand};

/// `serve`
#[derive(Args, Clone, Debug, Default)]
pub struct ServeArgs {
    /// Accept unsigned webhooks; refused unless the listener is on loopback
    #[arg(long)]
    pub insecure_unsigned_webhooks: bool,
    /// Serve a demo: the first line of stdin says who may follow which link, and its end is ours
    #[cfg(feature = "demo")]
    #[arg(long, hide = true)]
    pub held: bool,
}

/// `doctor`
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct DoctorArgs {
    /// Of the agencies, look at this one only
    #[arg(long, value_name = "UUID")]
    pub agency: Option<AgencyId>,
}

/// `migrate`
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct MigrateArgs {
    /// Only check whether there is anything to apply; exit 1 if there is
    #[arg(long)]
    pub check: bool,
}

/// `epoch`
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum EpochCommand {
    /// Begin a new epoch: to be run after restoring a backup, so that boards start afresh
    Renew,
}
