//! The rows of the journal itself: raw webhooks, events and heads.

use super::batch::{Head, NumberedEvent, StoredWebhook, WebhookOutcome};
use super::schema::plain::{agency_heads, call_events, webhook_events};
use super::{KeptWebhook, StoreError, parse_agency};
use crate::domain::{AgencyId, Carrier, Timestamp};
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

#[derive(Clone, Debug, Queryable, Insertable, Serialize)]
#[diesel(table_name = call_events)]
pub struct EventRow {
    pub agency_id: String,
    pub seq: i64,
    pub call_id: String,
    pub event_type: String,
    pub recorded_at: i64,
    pub event: String,
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
            call_control_id: webhook.call_control_id,
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
            carrier: Carrier::from_name(&self.carrier),
            webhook_id: self.webhook_id,
            outcome: self.outcome,
            received_at: Timestamp::from_micros(self.received_at),
            body: self.body,
        }
    }
}

impl EventRow {
    pub fn of((agency, event): (AgencyId, NumberedEvent)) -> Self {
        Self {
            agency_id: agency.to_string(),
            seq: event.seq,
            call_id: event.event.call.id.to_string(),
            event_type: event.event.event_type.name().into(),
            recorded_at: event.recorded_at.micros(),
            event: event.json,
        }
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
