//! Where rows stand in the indexes, so that a row that has not moved can be replaced without
//! touching them.

use super::rows::{CallRow, LegRow};
use std::collections::HashSet;

/// The places of the rows that were read.
pub(super) struct Places {
    pub legs: HashSet<LegPlace>,
    pub calls: HashSet<CallPlace>,
}

/// A leg's row but for what changes with every webhook.
#[derive(PartialEq, Eq, Hash)]
pub struct LegPlace {
    agency_id: String,
    carrier: String,
    call_control_id: String,
    call_session_id: Option<String>,
    call_leg_id: Option<String>,
    claim_id: Option<String>,
}

/// A call's row but for how the call goes on.
#[derive(PartialEq, Eq, Hash)]
pub struct CallPlace {
    id: String,
    call_session_id: Option<String>,
    from_number: Option<String>,
    to_number: Option<String>,
    caller_name: Option<String>,
    created_at: i64,
}

impl LegRow {
    pub fn place(&self) -> LegPlace {
        LegPlace {
            agency_id: self.agency_id.clone(),
            carrier: self.carrier.clone(),
            call_control_id: self.call_control_id.clone(),
            call_session_id: self.call_session_id.clone(),
            call_leg_id: self.call_leg_id.clone(),
            claim_id: self.claim_id.clone(),
        }
    }
}

impl CallRow {
    pub fn place(&self) -> CallPlace {
        CallPlace {
            id: self.id.clone(),
            call_session_id: self.call_session_id.clone(),
            from_number: self.from_number.clone(),
            to_number: self.to_number.clone(),
            caller_name: self.caller_name.clone(),
            created_at: self.created_at,
        }
    }
}
