//! What the carrier is asked for a claim: written down in the transaction from which it follows, and
//! so before it is sent.

use super::Ledger;
use crate::domain::{
    Action, AgencyId, Call, CallId, Claim, ClaimId, Command, CommandState, Standing,
    latest_command, next,
};

impl Ledger {
    /// Writes down what the carrier must be asked next for a call that is to be as `call` says.
    /// Returns the claim for which that is something new.
    pub(super) fn plan(&mut self, call: &Call, standing: Standing) -> Option<ClaimId> {
        let claim = self.claims.get(&call.id)?.last()?;
        let known = self.commands.get(&call.id).map_or(&[][..], Vec::as_slice);
        let command = next(call, claim, standing, known)?;
        if known.iter().any(|one| one.id == command.id) {
            return None;
        }
        self.keep(call.agency_id, command);
        command.by
    }

    /// The same for the call as it is now, whose last claim holds it, and where whoever has caused
    /// it goes on by himself.
    pub(super) fn plan_on(&mut self, id: CallId) {
        if let Some(call) = self.calls.get(&id).cloned() {
            self.plan(&call, Standing::Open);
        }
    }

    /// Takes in what is heard of a command; says whether that is news.
    pub(super) fn hear_of(&mut self, agency: AgencyId, told: Command) -> bool {
        let mut known = self.commands.get(&told.call).into_iter().flatten();
        let known = known.find(|one| one.id == told.id).copied();
        let mut command = known.unwrap_or(told);
        command.learn(told.state);
        let is_news = known != Some(command);
        if is_news {
            self.keep(agency, command);
        }
        is_news
    }

    /// The latest command of a claim is not carried out, if the carrier has not taken it on.
    pub(super) fn hear_that_latest(&mut self, agency: AgencyId, claim: &Claim, is: CommandState) {
        self.hear_of(agency, self.latest_command(claim).now(is));
    }

    /// The latest command of a claim: its first, where nothing was asked yet.
    pub(super) fn latest_command(&self, claim: &Claim) -> Command {
        let commands = self.commands.get(&claim.call_id);
        let commands = commands.map_or(&[][..], Vec::as_slice);
        let first = || Command::of_claim(claim, Action::Transfer, 1);
        latest_command(claim.id, commands)
            .copied()
            .unwrap_or_else(first)
    }

    fn keep(&mut self, agency: AgencyId, command: Command) {
        let commands = self.commands.entry(command.call).or_default();
        match commands.iter_mut().find(|one| one.id == command.id) {
            Some(known) => *known = command,
            None => commands.push(command),
        }
        self.changed_commands.insert(command.id, (agency, command));
    }
}
