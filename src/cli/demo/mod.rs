//! `callboard demo`: everything at once on one machine, for people who want to see it.
//!
//! | file | noun |
//! |---|---|
//! | `folder` | where the data lies |
//! | `identity` | the agency, the people and the keys that survive a restart |
//! | `setup` | both put into the database |
//! | `port` | a free port |
//! | `server` | a server in a process of its own |
//! | `nodes` | several of them, killed and brought back |
//! | `balancer` | what stands before them |
//! | `keys` | the keys that kill one |
//! | `served` | whatever serves: this process, or nodes |
//! | `launch` | all of that, started |
//! | `links` | a link per login, and the welcome |
//! | `schedule` | when the next call comes, and how it goes |
//! | `simulation` | what all calls share: the carrier, and the agents' buttons |
//! | `phones` | the phones of the demo's people |
//! | `course` | one call's life |
//! | `ledger` | what was acknowledged, and whether the boards saw it |
//! | `owed` | what an acknowledged webhook owes the boards |
//! | `boards` | a board per login |
//! | `lines` | events as people read them |
//! | `numbers` | numbers as people read them |
//! | `terminal` | all that is printed while it runs |
//! | `live` | the demo that runs until ctrl-c |
//! | `once` | one call's life, checked |
//! | `torture` | the server killed under load, and nothing lost |

mod balancer;
mod boards;
mod course;
mod error;
mod folder;
mod identity;
mod keys;
mod launch;
mod ledger;
mod lines;
mod links;
mod live;
mod nodes;
mod numbers;
mod once;
mod owed;
mod phones;
mod port;
mod schedule;
mod served;
mod server;
mod setup;
mod simulation;
mod terminal;
#[cfg(feature = "proving")]
mod torture;

pub use error::DemoError;
pub use folder::Folder;

use crate::cli::args::DemoArgs;
use crate::clock::Clock;
use crate::config::Config;
use std::io::{ErrorKind, Write};

/// Runs the demo in `folder`, which is made beforehand so that the logs can go into it. Of the
/// configuration only the port, the page's folder and telemetry are heeded: the rest may name a
/// real database, a real carrier and real people. Must be called on a multi-thread runtime.
///
/// # Errors
/// When it could not start, when `--once` or `--torture` found something wrong, and when an event
/// was lost. The folder is then kept.
pub async fn run(
    args: DemoArgs,
    config: &Config,
    mut folder: Folder,
    clock: Clock,
    out: &mut (dyn Write + Send),
) -> Result<(), DemoError> {
    match play(&args, config, &folder, clock, out).await {
        Ok(()) => Ok(()),
        // Whoever read the lines has seen enough, as `head` does.
        Err(DemoError::Output(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(cause) => {
            folder.keep();
            let log = folder.log_file();
            let cause = Box::new(cause);
            Err(DemoError::Logged { cause, log })
        }
    }
}

async fn play(
    args: &DemoArgs,
    config: &Config,
    folder: &Folder,
    clock: Clock,
    out: &mut (dyn Write + Send),
) -> Result<(), DemoError> {
    #[cfg(feature = "proving")]
    if args.torture {
        return Box::pin(torture::run(args, config, folder, clock, out)).await;
    }
    if args.once {
        return Box::pin(once::run(args, config, folder, clock, out)).await;
    }
    Box::pin(live::run(args, config, folder, clock, out)).await
}
