//! Webhooks as the journal takes them: verified and understood.

use callboard::clock::Clock;
use callboard::domain::{AgencyId, Carrier, Direction, LegEvent, LegHandle, LegNews, Mark, Moment};
use callboard::journal::{Append, Meaning, WebhookAppend};
use callboard::store::batch::StoredWebhook;
use uuid::Uuid;

/// About as long as Telnyx's own.
const BODY: usize = 1200;

/// One phone call after the other at an agency, each of three webhooks.
pub struct Calls {
    agency: AgencyId,
    clock: Clock,
    call: Uuid,
    step: u8,
}

impl Calls {
    pub fn new(agency: AgencyId, clock: &Clock) -> Self {
        Self {
            agency,
            clock: clock.clone(),
            call: Uuid::new_v4(),
            step: 0,
        }
    }

    /// The next webhook.
    pub fn next(&mut self) -> Append {
        let (event_type, news) = match self.step {
            0 => ("call.initiated", LegNews::Initiated(Direction::Incoming)),
            1 => ("call.answered", LegNews::Answered),
            _ => (
                "call.hangup",
                LegNews::HungUp {
                    cause: Some("normal_clearing".into()),
                    source: Some("caller".into()),
                },
            ),
        };
        let webhook = self.webhook(event_type);
        let meaning = Meaning::Leg(self.leg_event(news, &webhook));
        self.step = (self.step + 1) % 3;
        if self.step == 0 {
            self.call = Uuid::new_v4();
        }
        Append::Webhook(WebhookAppend { webhook, meaning })
    }

    /// A webhook alone, as a row.
    pub fn webhook(&self, event_type: &str) -> StoredWebhook {
        let now = self.clock.now();
        StoredWebhook {
            agency_id: self.agency,
            carrier: Carrier::Telnyx,
            webhook_id: Uuid::new_v4().to_string(),
            event_type: event_type.into(),
            leg: Some(LegHandle::new(Carrier::Telnyx, format!("v3:{}", self.call))),
            connection_id: Some("1684641123236054244".into()),
            occurred_at: now,
            received_at: now,
            body: format!("{{\"data\":\"{}\"}}", "x".repeat(BODY)),
        }
    }

    fn leg_event(&self, news: LegNews, webhook: &StoredWebhook) -> LegEvent {
        LegEvent {
            handle: LegHandle::new(Carrier::Telnyx, format!("v3:{}", self.call)),
            news,
            moment: Moment {
                occurred: webhook.occurred_at,
                received: webhook.received_at,
            },
            session: Some(format!("session-{}", self.call)),
            leg_id: Some(format!("leg-{}", self.call)),
            from: Some("+15550100".into()),
            to: Some("+15550199".into()),
            caller_name: Some("Example Caller".into()),
            mark: Mark::Absent,
        }
    }
}
