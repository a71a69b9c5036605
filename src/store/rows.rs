//! Rows, and the way between them and the domain. The same for both databases.

use super::StoreError;
use super::leg_facts::{self, RecordingFact};
use super::participants;
use super::schema::plain::{call_legs, errands, inbound_calls};
use crate::domain::{
    Agency, AgencyId, Call, CallId, Carrier, Errand, ErrandKind, Leg, LegHandle, Recording, Role,
    Status, Timestamp, User, UserId, value_of,
};
use diesel::prelude::*;
use serde::Serialize;
use std::str::FromStr;

#[derive(Clone, Debug, Queryable, Insertable, Serialize)]
#[diesel(table_name = inbound_calls, treat_none_as_default_value = false)]
pub struct CallRow {
    pub id: String,
    pub agency_id: String,
    pub call_control_id: String,
    pub call_session_id: Option<String>,
    pub from_number: Option<String>,
    pub to_number: Option<String>,
    pub caller_name: Option<String>,
    pub direction: String,
    pub status: String,
    pub answered_by: Option<String>,
    pub answered_by_name: Option<String>,
    pub caller_answered_at: Option<i64>,
    pub answered_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub connected: bool,
    pub hangup_cause: Option<String>,
    pub recordings: String,
    pub created_at: i64,
    pub updated_at: i64,
    pub carrier: String,
    pub participants: Option<String>,
}

#[derive(Clone, Debug, Queryable, Insertable, Serialize)]
#[diesel(table_name = call_legs, treat_none_as_default_value = false)]
pub struct LegRow {
    pub agency_id: String,
    pub call_control_id: String,
    pub call_session_id: Option<String>,
    pub call_leg_id: Option<String>,
    pub claim_id: Option<String>,
    pub facts: String,
    pub updated_at: i64,
    pub carrier: String,
}

#[derive(Clone, Debug, Queryable, Insertable, Serialize)]
#[diesel(table_name = errands, treat_none_as_default_value = false)]
pub struct ErrandRow {
    pub agency_id: String,
    pub kind: String,
    pub subject: String,
    pub due_at: i64,
    pub leased_until: Option<i64>,
    pub attempts: i32,
    pub command_n: i32,
    pub carrier: String,
}

#[derive(Clone, Debug, Queryable)]
pub(super) struct AgencyRow {
    pub id: String,
    pub name: String,
    pub is_default: bool,
    pub data_key: Option<String>,
    #[expect(dead_code, reason = "the row is read whole")]
    pub created_at: i64,
    pub telephony_configured: bool,
    pub mask_numbers_for: String,
    pub time_zone: String,
    pub ring_s: i32,
    pub service_level_s: i32,
    pub wrap_up_s: i32,
    pub away_reasons: String,
    pub numbers: String,
}

#[derive(Clone, Debug, Queryable)]
pub(super) struct UserRow {
    pub id: String,
    pub agency_id: Option<String>,
    pub role: Option<String>,
    pub name: Option<String>,
    pub email: Option<String>,
    pub sip_username: Option<String>,
    pub created_at: i64,
}

#[derive(Clone, Debug, Queryable)]
pub(super) struct CredentialRow {
    pub agency_id: String,
    pub name: String,
    pub version: i64,
    pub sealed: String,
    pub updated_at: i64,
}

pub(super) fn id<T: FromStr>(text: &str, column: &str) -> Result<T, StoreError> {
    text.parse()
        .map_err(|_| StoreError::Corrupt(format!("{column}: {text:?} is no UUID")))
}

/// A word that only a newer version knows.
pub(super) fn unknown(column: &str, row: &str, word: &str) -> StoreError {
    StoreError::Corrupt(format!("{column} of {row}: {word:?} is not known here"))
}

/// The carrier of a row.
pub(super) fn carrier(name: &str, column: &str, row: &str) -> Result<Carrier, StoreError> {
    Carrier::from_name(name).ok_or_else(|| unknown(column, row, name))
}

fn at(micros: Option<i64>) -> Option<Timestamp> {
    micros.map(Timestamp::from_micros)
}

impl CallRow {
    pub fn of(call: &Call) -> Result<Self, StoreError> {
        let recordings: Vec<RecordingFact> =
            call.recordings.iter().map(RecordingFact::from).collect();
        Ok(Self {
            id: call.id.to_string(),
            agency_id: call.agency_id.to_string(),
            call_control_id: call.handle.id.clone(),
            call_session_id: call.call_session_id.clone(),
            from_number: call.from_number.clone(),
            to_number: call.to_number.clone(),
            caller_name: call.caller_name.clone(),
            direction: "inbound".into(),
            status: call.status.name().into(),
            answered_by: call.answered_by.map(|user| user.to_string()),
            answered_by_name: call.answered_by_name.clone(),
            caller_answered_at: call.caller_answered_at.map(Timestamp::micros),
            answered_at: call.answered_at.map(Timestamp::micros),
            ended_at: call.ended_at.map(Timestamp::micros),
            connected: call.connected,
            hangup_cause: call.hangup_cause.clone(),
            recordings: serde_json::to_string(&recordings)
                .map_err(|error| StoreError::Data(error.to_string()))?,
            created_at: call.created_at.micros(),
            updated_at: call.updated_at.micros(),
            carrier: call.handle.carrier.name().into(),
            participants: participants::write(call)?,
        })
    }

    /// Its place in the order of pages.
    pub fn position(&self) -> Option<(Timestamp, CallId)> {
        let id = self.id.parse().ok()?;
        Some((Timestamp::from_micros(self.created_at), CallId(id)))
    }

    pub fn call(self) -> Result<Call, StoreError> {
        let recordings: Vec<RecordingFact> = serde_json::from_str(&self.recordings)
            .map_err(|error| unknown("inbound_calls.recordings", &self.id, &error.to_string()))?;
        let participants = self.participants.as_deref();
        let participants = participants::read(participants, &self.id, self.updated_at)?;
        Ok(Call {
            id: CallId(id(&self.id, "inbound_calls.id")?),
            agency_id: AgencyId(id(&self.agency_id, "inbound_calls.agency_id")?),
            handle: LegHandle {
                carrier: carrier(&self.carrier, "inbound_calls.carrier", &self.id)?,
                id: self.call_control_id,
            },
            call_session_id: self.call_session_id,
            from_number: self.from_number,
            to_number: self.to_number,
            caller_name: self.caller_name,
            status: Status::from_name(&self.status)
                .ok_or_else(|| unknown("inbound_calls.status", &self.id, &self.status))?,
            answered_by: match self.answered_by {
                Some(user) => Some(UserId(id(&user, "inbound_calls.answered_by")?)),
                None => None,
            },
            answered_by_name: self.answered_by_name,
            caller_answered_at: at(self.caller_answered_at),
            answered_at: at(self.answered_at),
            ended_at: at(self.ended_at),
            connected: self.connected,
            hangup_cause: self.hangup_cause,
            recordings: recordings.into_iter().map(Recording::from).collect(),
            created_at: Timestamp::from_micros(self.created_at),
            updated_at: Timestamp::from_micros(self.updated_at),
            participants,
        })
    }
}

impl LegRow {
    pub fn of(agency: AgencyId, leg: &Leg, now: Timestamp) -> Result<Self, StoreError> {
        let owned = |detail| value_of(detail).map(str::to_owned);
        Ok(Self {
            agency_id: agency.to_string(),
            call_control_id: leg.handle.id.clone(),
            call_session_id: owned(&leg.session),
            call_leg_id: owned(&leg.leg_id),
            claim_id: leg.claim.map(|claim| claim.to_string()),
            facts: leg_facts::write(leg)?,
            updated_at: now.micros(),
            carrier: leg.handle.carrier.name().into(),
        })
    }

    pub fn leg(self) -> Result<(AgencyId, Leg), StoreError> {
        let agency = AgencyId(id(&self.agency_id, "call_legs.agency_id")?);
        let handle = LegHandle {
            carrier: carrier(&self.carrier, "call_legs.carrier", &self.call_control_id)?,
            id: self.call_control_id,
        };
        Ok((agency, leg_facts::read(handle, &self.facts)?))
    }
}

impl ErrandRow {
    pub fn of(errand: &Errand) -> Self {
        Self {
            agency_id: errand.agency_id.to_string(),
            kind: errand.kind.name().into(),
            subject: errand.subject.clone(),
            due_at: errand.due.micros(),
            leased_until: errand.leased_until.map(Timestamp::micros),
            attempts: errand.attempts,
            command_n: errand.command_n,
            carrier: errand.carrier.name().into(),
        }
    }

    pub fn errand(self) -> Result<Errand, StoreError> {
        Ok(Errand {
            agency_id: AgencyId(id(&self.agency_id, "errands.agency_id")?),
            kind: ErrandKind::from_name(&self.kind)
                .ok_or_else(|| unknown("errands.kind", &self.subject, &self.kind))?,
            carrier: carrier(&self.carrier, "errands.carrier", &self.subject)?,
            subject: self.subject,
            due: Timestamp::from_micros(self.due_at),
            leased_until: at(self.leased_until),
            attempts: self.attempts,
            command_n: self.command_n,
        })
    }
}

impl AgencyRow {
    pub(super) fn agency(&self) -> Result<Agency, StoreError> {
        Ok(Agency {
            id: AgencyId(id(&self.id, "agencies.id")?),
            name: self.name.clone(),
            is_default: self.is_default,
        })
    }
}

impl UserRow {
    pub(super) fn of(user: &User, now: Timestamp) -> Self {
        Self {
            id: user.id.to_string(),
            agency_id: user.agency_id.map(|agency| agency.to_string()),
            role: user.role.map(|role| role.name().into()),
            name: user.name.clone(),
            email: user.email.clone(),
            sip_username: user.sip_username.clone(),
            created_at: now.micros(),
        }
    }

    pub(super) fn user(self) -> Result<User, StoreError> {
        Ok(User {
            id: UserId(id(&self.id, "users.id")?),
            agency_id: match &self.agency_id {
                Some(agency) => Some(AgencyId(id(agency, "users.agency_id")?)),
                None => None,
            },
            // An unknown role, written by hand or by a later version, may do nothing here.
            role: self.role.as_deref().and_then(Role::from_name),
            name: self.name,
            email: self.email,
            sip_username: self.sip_username,
        })
    }
}
