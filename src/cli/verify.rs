//! `callboard verify`: rebuilds every retained call from the stored webhooks and commands, and
//! names each difference from the table.
//!
//! It reads what the journal read, the raw bodies, and derives by the same rule but all at once:
//! a call on which order, repeats or a crash have left a mark comes out different.

mod compare;
mod retold;
#[cfg(test)]
mod tests;
mod window;

use super::progress::Progress;
use super::words::{count, line, plain};
use super::{CliError, Out};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::{Agency, AgencyId, Call, CallId, Claim, Leg, Timestamp};
use crate::store::batch::WebhookOutcome;
use crate::store::{CallFilter, Named, Store, ToCheck};
use compare::{Verdict, compare};
use retold::Retold;
use std::collections::{HashMap, HashSet};
use window::Window;

/// Webhooks read at a time: their bodies may have a mebibyte each.
const PAGE: i64 = 100;
/// Calls read at a time where they are only counted.
const CALLS: i64 = 1000;

/// What became of the calls.
#[derive(Debug, Default)]
struct Findings {
    webhooks: usize,
    checked: usize,
    differing: usize,
    unreadable: usize,
    failed: usize,
    too_old: usize,
    changed_meanwhile: usize,
}

/// Checks every agency's calls. The lines go to `out`, the last one sums up.
pub(super) async fn run(
    store: &Store,
    config: &Config,
    clock: &Clock,
    out: Out<'_>,
) -> Result<(), CliError> {
    let mut verify = Verify {
        store,
        began: clock.now(),
        retained_since: window::retained_since(config, clock.now()),
        findings: Findings::default(),
        progress: Progress::on_stderr(),
        out,
    };
    for sealed in store.agencies().await? {
        verify.agency(&sealed.agency).await?;
    }
    let Findings {
        webhooks,
        checked,
        differing,
        unreadable,
        failed,
        too_old,
        changed_meanwhile,
    } = verify.findings;
    verify.progress.clear();
    let mut summary = format!(
        "{} checked against {}: {differing} differing, {too_old} too old to check",
        count(checked, "call"),
        count(webhooks, "webhook"),
    );
    if changed_meanwhile > 0 {
        summary += &format!(", {changed_meanwhile} changed while being checked (run it again)");
    }
    if failed > 0 {
        summary += &format!(
            "; {} could not be applied (a running server tries again by itself; its log says why)",
            count(failed, "webhook")
        );
    }
    line(verify.out, &summary)?;
    match differing + unreadable + failed {
        0 => Ok(()),
        differences => Err(CliError::Differences(differences)),
    }
}

struct Verify<'a> {
    store: &'a Store,
    /// What changes after this moment may be seen in one place and not yet in another.
    began: Timestamp,
    retained_since: Timestamp,
    findings: Findings,
    progress: Progress,
    out: Out<'a>,
}

impl Verify<'_> {
    async fn agency(&mut self, agency: &Agency) -> Result<(), CliError> {
        let mut retold = self.webhooks(agency).await?;
        let heads = self.store.heads(vec![agency.id]).await?;
        let pruned = heads.iter().any(|(_, head)| head.pruned_seq > 0);
        let window = Window::of(&retold, pruned, self.retained_since);
        let ToCheck {
            calls,
            claims,
            unreadable,
        } = self
            .store
            .calls_with_claims(agency.id, window.since)
            .await?;
        self.ask_for_ends(&mut retold, &calls).await?;
        let mut by_call: HashMap<CallId, Vec<Claim>> = HashMap::new();
        for claim in claims {
            by_call.entry(claim.call_id).or_default().push(claim);
        }
        let mut in_table = HashSet::new();
        for call in &calls {
            let claims = by_call.get(&call.id).map_or(&[][..], Vec::as_slice);
            self.call(&retold, &window, call, claims)?;
            in_table.insert(Named::from(&call.handle));
        }
        for (handle, error) in &unreadable {
            self.difference(&format!("call {}: {}", plain(&handle.name), plain(error)))?;
            self.findings.unreadable += 1;
            in_table.insert(handle.clone());
        }
        for leg in retold.calls() {
            if !in_table.contains(&Named::from(&leg.handle)) {
                let handle = plain(&leg.handle.id);
                let (id, name) = (agency.id, plain(&agency.name));
                self.difference(&format!(
                    "call {handle}: webhooks tell of it, the table does not have it (agency {id}, {name})"
                ))?;
                self.findings.differing += 1;
            }
        }
        self.findings.too_old += self.older(agency.id, window.since).await?;
        Ok(())
    }

    /// All that the agency's retained webhooks tell.
    async fn webhooks(&mut self, agency: &Agency) -> Result<Retold, CliError> {
        let mut retold = Retold::default();
        let mut after = Named::default();
        loop {
            let page = self.store.kept_webhooks(agency.id, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.key.clone();
            for kept in &page {
                self.findings.webhooks += 1;
                if kept.outcome == WebhookOutcome::Failed.name() {
                    self.findings.failed += 1;
                    let id = plain(&kept.key.name);
                    self.difference(&format!(
                        "webhook {id}: kept as failed, and not on the board"
                    ))?;
                }
                if let Err(error) = retold.take(kept) {
                    self.findings.unreadable += 1;
                    let id = plain(&kept.key.name);
                    let error = plain(&error.to_string());
                    self.difference(&format!(
                        "webhook {id}: stored as {}, and cannot be read: {error}",
                        kept.outcome
                    ))?;
                }
            }
            let (name, read) = (plain(&agency.name), self.findings.webhooks);
            self.progress
                .show(&format!("Reading webhooks of {name}: {read}"));
        }
        retold.settle();
        Ok(retold)
    }

    /// A call may have ended without a hangup, by what the carrier said when it was asked: that
    /// answer is kept with the leg, and no webhook tells of it.
    async fn ask_for_ends(&self, retold: &mut Retold, calls: &[Call]) -> Result<(), CliError> {
        for call in calls {
            let handle = &call.handle;
            let told = retold.leg(handle).and_then(Leg::end);
            if call.ended_at.is_none() || told.is_some() {
                continue;
            }
            let leg = self.store.leg(call.agency_id, handle.clone()).await?;
            if let Some(over) = leg.and_then(|leg| leg.over) {
                retold.learn_over(handle, over);
            }
        }
        Ok(())
    }

    fn call(
        &mut self,
        retold: &Retold,
        window: &Window,
        call: &Call,
        claims: &[Claim],
    ) -> Result<(), CliError> {
        let (verdict, heard) = compare(retold, window, call, claims);
        let differences = match verdict {
            Verdict::TooOld => {
                self.findings.too_old += 1;
                return Ok(());
            }
            Verdict::Compared(differences) => differences,
        };
        if !differences.is_empty() && heard.max(call.updated_at) > self.began {
            self.findings.changed_meanwhile += 1;
            return Ok(());
        }
        self.findings.checked += 1;
        self.findings.differing += usize::from(!differences.is_empty());
        for difference in differences {
            self.difference(&format!("call {} {difference}", call.id))?;
        }
        Ok(())
    }

    fn difference(&mut self, text: &str) -> Result<(), CliError> {
        self.progress.clear();
        line(self.out, text)
    }

    /// How many calls began before the window: counted, not loaded all at once.
    async fn older(&mut self, agency: AgencyId, since: Timestamp) -> Result<usize, CliError> {
        let mut filter = CallFilter {
            until: Some(since),
            limit: CALLS,
            ..CallFilter::default()
        };
        let mut older = 0;
        loop {
            let page = self.store.calls(agency, filter.clone()).await?;
            let Some(last) = page.last() else {
                return Ok(older);
            };
            older += page.len();
            filter.before = Some((last.created_at, last.id));
            self.progress
                .show(&format!("Counting older calls: {older}"));
        }
    }
}
