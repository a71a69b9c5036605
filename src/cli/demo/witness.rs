//! What an acknowledged webhook owes the boards.

use super::account::Books;
use callboard_simulator::Timestamp;
use callboard_simulator::{Acknowledged, HangupCause};
use serde_json::Value;

/// Why an agent's phone hangs up unanswered of itself: the call falls back and the boards say so.
/// In every other case it was silenced for something that the boards know already.
const FALLS: [HangupCause; 3] = [
    HangupCause::UserBusy,
    HangupCause::Timeout,
    HangupCause::CallRejected,
];

impl Books {
    /// The server has taken a webhook: what it must show may not be lost from now on.
    pub(super) fn taken(&mut self, webhook: &Acknowledged, now: Timestamp) {
        let text = |field: &str| webhook.payload.get(field).and_then(Value::as_str);
        let session = text("call_session_id").and_then(|session| session.parse().ok());
        let Some(call) = session.and_then(|session| self.call_of(session)) else {
            return;
        };
        let of_caller = webhook.call_control_id == call;
        let shows = match webhook.event_type.as_str() {
            "call.initiated" => of_caller,
            "call.answered" | "call.recording.saved" => true,
            "call.hangup" => {
                let cause = text("hangup_cause");
                of_caller || FALLS.iter().any(|fall| cause == Some(fall.name()))
            }
            // A bridge tells the boards something only where it overtakes the answer.
            _ => false,
        };
        if shows {
            self.acknowledged((call, webhook.occurred_at), now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Acknowledged, Books};
    use callboard_simulator::Timestamp;
    use serde_json::{Map, Value, json};
    use uuid::Uuid;

    const SESSION: Uuid = Uuid::from_u128(7);

    fn webhook(event_type: &str, leg: &str, more: Value) -> Acknowledged {
        let mut payload = Map::from_iter([("call_session_id".to_owned(), json!(SESSION))]);
        if let Value::Object(more) = more {
            payload.extend(more);
        }
        Acknowledged {
            event_type: event_type.to_owned(),
            call_control_id: leg.to_owned(),
            data_id: Uuid::from_u128(1),
            occurred_at: Timestamp::from_micros(5),
            payload,
        }
    }

    fn owes(webhook: &Acknowledged) -> bool {
        let mut books = Books::default();
        books.plays(SESSION, "v3:caller");
        books.taken(webhook, Timestamp::from_micros(6));
        books.waiting(Timestamp::from_micros(7)).is_some()
    }

    #[test]
    fn all_that_happens_to_a_caller_must_show_and_of_a_phone_what_changes_the_call() {
        let nothing = || json!({});
        for (event_type, leg, more, shows) in [
            ("call.initiated", "v3:caller", nothing(), true),
            ("call.answered", "v3:caller", nothing(), true),
            ("call.bridged", "v3:caller", nothing(), false),
            ("call.hangup", "v3:caller", nothing(), true),
            ("call.recording.saved", "", nothing(), true),
            ("call.initiated", "v3:phone", nothing(), false),
            ("call.answered", "v3:phone", nothing(), true),
            (
                "call.hangup",
                "v3:phone",
                json!({"hangup_cause": "user_busy"}),
                true,
            ),
            (
                "call.hangup",
                "v3:phone",
                json!({"hangup_cause": "timeout"}),
                true,
            ),
            (
                "call.hangup",
                "v3:phone",
                json!({"hangup_cause": "originator_cancel"}),
                false,
            ),
            (
                "call.hangup",
                "v3:phone",
                json!({"hangup_cause": "normal_clearing"}),
                false,
            ),
        ] {
            let owed = owes(&webhook(event_type, leg, more.clone()));
            assert_eq!(owed, shows, "{event_type} of {leg} {more}");
        }
    }

    #[test]
    fn calls_that_the_demo_does_not_play_owe_it_nothing() {
        let mut stranger = webhook("call.initiated", "v3:caller", json!({}));
        let session = json!(Uuid::from_u128(8));
        stranger
            .payload
            .insert("call_session_id".to_owned(), session);
        assert!(!owes(&stranger));
    }
}
