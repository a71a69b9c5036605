//! What an acknowledged webhook owes the boards: said once, for the demo and for the torture.

use callboard_simulator::Timestamp;
use callboard_simulator::{Acknowledged, HangupCause};
use serde_json::Value;
use std::collections::HashMap;
use uuid::Uuid;

/// Why an agent's phone hangs up unanswered of itself: the call falls back and the boards say so.
/// In every other case it was silenced for something that the boards know already.
const FALLS: [HangupCause; 3] = [
    HangupCause::UserBusy,
    HangupCause::Timeout,
    HangupCause::CallRejected,
];

/// What must show as an event: the call, and a moment. An event carries the `occurred_at` of the
/// webhook that caused it, and tells of the call as an answer to a click does, `updated_at` and
/// all; so they find each other without knowing the server's ids.
pub(super) type Due = (String, Timestamp);

/// Callers' legs, by the session of their calls.
#[derive(Debug, Default)]
pub(super) struct Callers(HashMap<Uuid, String>);

impl Callers {
    /// This caller is one of them.
    pub(super) fn add(&mut self, session: Uuid, leg: &str) {
        self.0.insert(session, leg.to_owned());
    }

    /// The leg of the caller of whose call a webhook tells; none where it is somebody else's call.
    pub(super) fn of(&self, webhook: &Acknowledged) -> Option<&String> {
        let session = text(webhook, "call_session_id")?.parse().ok()?;
        self.0.get(&session)
    }

    /// What this webhook owes the boards, where nobody clicks meanwhile.
    pub(super) fn due(&self, webhook: &Acknowledged) -> Option<Due> {
        let caller = self.of(webhook)?;
        shows(webhook, caller).then(|| (caller.clone(), webhook.occurred_at))
    }

    /// Forgets all where there are more than `most`: calls so old owe nothing any more.
    pub(super) fn keep_to(&mut self, most: usize) {
        if self.0.len() > most {
            self.0.clear();
        }
    }
}

/// Whether it must show, whatever else happens: all that happens to the caller does, but a bridge,
/// which tells the boards something only where it overtakes the answer.
pub(super) fn must_show(webhook: &Acknowledged, caller: &str) -> bool {
    webhook.call_control_id == caller && webhook.event_type != "call.bridged"
}

/// Whether it shows where no other claim may have made it pointless: of an agent's phone, what
/// changes the call.
fn shows(webhook: &Acknowledged, caller: &str) -> bool {
    let falls = || {
        let cause = text(webhook, "hangup_cause");
        FALLS.iter().any(|fall| cause == Some(fall.name()))
    };
    must_show(webhook, caller)
        || match webhook.event_type.as_str() {
            "call.answered" | "call.recording.saved" => true,
            "call.hangup" => falls(),
            _ => false,
        }
}

fn text<'a>(webhook: &'a Acknowledged, field: &str) -> Option<&'a str> {
    webhook.payload.get(field).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::{Acknowledged, Callers};
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
        let mut callers = Callers::default();
        callers.add(SESSION, "v3:caller");
        callers.due(webhook).is_some()
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
