//! `callboard doctor`: the whole set-up, line by line: what is right, what is wrong, how to mend it.
//!
//! It changes nothing: it makes no file, applies no migration, and what it tries to write it takes
//! back. Whatever does not answer becomes a line, and the rest is looked at all the same.

mod agencies;
mod carrier;
mod credentials;
mod database;
mod finding;
mod mail;
mod outside;
mod phones;
mod public_url;
mod relay;
mod settings;
mod sign_in;
mod subject;
mod upgrade;
mod voice_agents;
mod webhooks;

use super::args::DoctorArgs;
use super::progress::Progress;
use super::words::{count, line};
use super::{CliError, Out};
use crate::clock::Clock;
use crate::config::Config;
use finding::{Findings, Mark};
use outside::Outside;

/// Looks at everything, or at what concerns one agency, and prints what it finds.
pub(super) async fn run(
    args: DoctorArgs,
    config: &Config,
    clock: &Clock,
    out: Out<'_>,
) -> Result<(), CliError> {
    let mut report = Report {
        out,
        progress: Progress::on_stderr(),
        clock: clock.clone(),
        right: 0,
        doubtful: 0,
        wrong: 0,
    };
    report.tell(settings::findings(config))?;
    let database = Box::pin(database::check(config.clone()));
    let (found, store) = report.during("Looking at the database", database).await?;
    report.tell(found)?;
    if let Some(store) = store.clone() {
        let relay = Box::pin(relay::check(config.clone(), store));
        let found = report.during("Trying the relay", relay).await?;
        report.tell(found)?;
    }
    let sign_in = sign_in::check(config.clone(), clock.clone());
    let found = report.during("Asking the token issuer", sign_in).await?;
    report.tell(found)?;
    let mail = Box::pin(mail::check(config.clone(), clock.clone()));
    let found = report.during("Trying the mail server", mail).await?;
    report.tell(found)?;
    let outside = match Outside::open(config, clock) {
        Ok(outside) => outside,
        Err(found) => {
            report.tell(found)?;
            return report.end();
        }
    };
    let public_url = Box::pin(public_url::check(config.clone(), outside.http.clone()));
    let found = report.during("Asking API_BASE_URL", public_url).await?;
    report.tell(found)?;
    if let Some(store) = store {
        agencies::check(args.agency, config, clock, store, outside, &mut report).await?;
    }
    report.end()
}

/// What is printed, and how much of it is how.
struct Report<'a> {
    out: Out<'a>,
    progress: Progress,
    clock: Clock,
    right: usize,
    doubtful: usize,
    wrong: usize,
}

impl Report<'_> {
    /// Does what may take a while, and shows that it does.
    async fn during<T: Send + 'static>(
        &mut self,
        what: &str,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, CliError> {
        let done = self.progress.during(what, &self.clock, work).await;
        self.progress.clear();
        done
    }

    fn tell(&mut self, findings: Findings) -> Result<(), CliError> {
        for finding in findings {
            match finding.mark {
                Mark::Right => self.right += 1,
                Mark::Doubtful => self.doubtful += 1,
                Mark::Wrong => self.wrong += 1,
            }
            finding.print(self.out)?;
        }
        Ok(())
    }

    /// The sum of it. Only what is wrong spoils the end.
    fn end(self) -> Result<(), CliError> {
        let warnings = count(self.doubtful, "warning");
        let sum = format!("{} ok, {warnings}, {} wrong", self.right, self.wrong);
        line(self.out, &sum)?;
        match self.wrong {
            0 => Ok(()),
            wrong => Err(CliError::Unwell(wrong)),
        }
    }
}
