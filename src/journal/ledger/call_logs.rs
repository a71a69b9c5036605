//! What remains of the calls that a batch ended, or learnt something about afterwards.

use super::Ledger;
use crate::domain::CallLog;

impl Ledger {
    /// The finished calls that were worked out again and of which something has changed: who hung up
    /// is a fact of the leg, and no event tells it.
    pub(super) fn call_logs(&self) -> Vec<CallLog> {
        let logs = self.standings.keys().filter_map(|id| {
            let call = self.calls.get(id)?;
            let handle = (call.agency_id, call.handle.clone());
            let changed = self.changed_calls.contains(id) || self.changed_legs.contains(&handle);
            CallLog::of(call, self.index.leg(&handle)?).filter(|_| changed)
        });
        logs.collect()
    }
}
