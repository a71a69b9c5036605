//! The rows of the journal itself: raw webhooks, events and heads.

use super::batch::{Head, NewEvent, StoredWebhook, WebhookOutcome};
use super::schema::plain::{agency_heads, call_events, webhook_events};
use super::{KeptWebhook, Named, StoreError, parse_agency};
use crate::domain::{AgencyId, Happened, Subject, Timestamp};
use crate::view::Published;
use diesel::prelude::*;
use serde::Serialize;

#[derive(Clone, Debug, Queryable, Insertable, Serialize)]
#[diesel(table_name = webhook_events, treat_none_as_default_value = false)]
pub struct WebhookRow {
    pub agency_id: String,
    pub webhook_id: String,
    pub event_type: String,
    pub call_control_id: Option<String>,
    pub connection_id: Option<String>,
    pub occurred_at: i64,
    pub received_at: i64,
    pub outcome: String,
    pub body: String,
    pub carrier: String,
}

#[derive(Clone, Debug, Insertable, Serialize)]
#[diesel(table_name = call_events)]
pub struct EventRow<'a> {
    pub agency_id: String,
    pub seq: i64,
    pub call_id: String,
    pub event_type: &'static str,
    pub recorded_at: i64,
    pub event: &'a str,
    pub subject_kind: &'static str,
    pub subject_id: String,
}

/// An event as it is read back, with the life of its agency's numbering.
#[derive(Clone, Debug, Queryable)]
pub(super) struct PublishedRow {
    pub epoch: String,
    pub seq: i64,
    pub call_id: String,
    pub recorded_at: i64,
    pub event: String,
    pub subject_kind: Option<String>,
    pub subject_id: Option<String>,
}

#[derive(Clone, Debug, Queryable, Insertable, Serialize)]
#[diesel(table_name = agency_heads)]
pub struct HeadRow {
    pub agency_id: String,
    pub epoch: String,
    pub last_seq: i64,
    pub pruned_seq: i64,
}

impl WebhookRow {
    pub fn of((webhook, outcome): (StoredWebhook, WebhookOutcome)) -> Self {
        Self {
            agency_id: webhook.agency_id.to_string(),
            webhook_id: webhook.webhook_id,
            event_type: webhook.event_type,
            call_control_id: webhook.leg.map(|leg| leg.id),
            connection_id: webhook.connection_id,
            occurred_at: webhook.occurred_at.micros(),
            received_at: webhook.received_at.micros(),
            outcome: outcome.name().into(),
            body: webhook.body,
            carrier: webhook.carrier.name().into(),
        }
    }
}

impl WebhookRow {
    pub fn kept(self) -> KeptWebhook {
        KeptWebhook {
            key: Named::of((self.webhook_id, self.carrier)),
            outcome: self.outcome,
            received_at: Timestamp::from_micros(self.received_at),
            body: self.body,
        }
    }
}

impl<'a> EventRow<'a> {
    pub fn of(new: &'a NewEvent) -> Self {
        let NewEvent { event, published } = new;
        let subject = match event {
            Happened::ToCall(event) => Subject::Call(event.call.id),
            Happened::ToAgent(event) => Subject::Agent(event.agent.id),
        };
        Self {
            agency_id: published.agency.to_string(),
            seq: published.seq,
            call_id: subject.id(),
            event_type: event.name(),
            recorded_at: published.recorded_at.micros(),
            event: published.unmasked(),
            subject_kind: subject.kind(),
            subject_id: subject.id(),
        }
    }
}

impl PublishedRow {
    pub(super) fn published(self, agency: AgencyId) -> Result<Published, StoreError> {
        let subject = match (&self.subject_kind, &self.subject_id) {
            (Some(kind), Some(id)) => Subject::read(kind, id),
            // Written by the release before this one, whose events are of calls.
            _ => Some(self.call()?),
        };
        Ok(Published::stored(
            agency,
            (self.epoch, self.seq),
            Timestamp::from_micros(self.recorded_at),
            subject,
            self.event,
        ))
    }

    fn call(&self) -> Result<Subject, StoreError> {
        let call = self.call_id.parse().map(Subject::Call);
        call.map_err(|_| {
            StoreError::Corrupt(format!(
                "call_events.call_id: {:?} is no UUID",
                self.call_id
            ))
        })
    }
}

impl HeadRow {
    pub fn of((agency, head): (AgencyId, Head)) -> Self {
        Self {
            agency_id: agency.to_string(),
            epoch: head.epoch,
            last_seq: head.last_seq,
            pruned_seq: head.pruned_seq,
        }
    }

    pub fn head(self) -> Result<(AgencyId, Head), StoreError> {
        let agency = parse_agency(&self.agency_id)?;
        let head = Head {
            epoch: self.epoch,
            last_seq: self.last_seq,
            pruned_seq: self.pruned_seq,
        };
        Ok((agency, head))
    }
}
