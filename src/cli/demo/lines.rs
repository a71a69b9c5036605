//! Events as people read them.

use super::numbers::{caller, length, short_time};
use crate::cli::text::plain;
use callboard_simulator::Timestamp;
use callboard_simulator::browser::{Call, Event};
use serde_json::Value;
use std::collections::HashMap;

/// A webhook that comes later than this was held back on its way, which is not the board's doing
/// and is said beside its time.
const LATE_MICROS: i64 = 100_000;

/// Recorded calls that are remembered.
const MOST_RECORDED_CALLS: usize = 1_000;

/// Tells each event once, in one line, however many boards hear of it.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The last event that was told.
    told: u64,
    /// Who has which call, since a release no longer says it.
    holders: HashMap<String, String>,
    /// How many recordings each open or late call has.
    recordings: HashMap<String, usize>,
}

impl Lines {
    /// The line of an event that came to a board at `here`; `None` when another board was first.
    pub(super) fn tell(&mut self, event: &Event, here: Timestamp) -> Option<String> {
        if event.seq <= self.told {
            return None;
        }
        self.told = event.seq;
        let number = caller(event.call.text("from_number"));
        let what = self.what(event);
        Some(format!("{number} {what}, {}", way(event, here)))
    }

    fn what(&mut self, event: &Event) -> String {
        let call = &event.call;
        let holder = call.text("answered_by_name").map(plain);
        let before = match &holder {
            Some(name) => self.holders.insert(call.id().to_owned(), name.clone()),
            None => self.holders.remove(call.id()),
        };
        let recorded = self.has_new_recording(call);
        let by = |name: Option<String>| name.unwrap_or_else(|| "nobody".to_owned());
        match event.kind.as_str() {
            "call.incoming" => "rings".to_owned(),
            "call.answering" => format!("taken by {}", by(holder)),
            "call.answered" => match holder {
                Some(name) => format!("answered by {name}"),
                None => "answered".to_owned(),
            },
            "call.released" => {
                let reason = event.reason.as_deref().unwrap_or_default();
                let given_back = event.actor.is_some();
                format!("rings again: {}", fallen(&by(before), reason, given_back))
            }
            "call.ended" => {
                self.holders.remove(call.id());
                over(event, holder)
            }
            "call.updated" if recorded => "has a recording".to_owned(),
            "call.updated" if hung_up_first(call) => format!("{} is off the line", by(holder)),
            "call.updated" if is_put_through(event) => format!("hears {}", by(holder)),
            "call.updated" => "has a late detail".to_owned(),
            other => plain(other),
        }
    }

    fn has_new_recording(&mut self, call: &Call) -> bool {
        let recordings = call.fields().get("recordings");
        let now = recordings.and_then(Value::as_array).map_or(0, Vec::len);
        if now == 0 {
            return false;
        }
        // A demo may run for weeks; calls so old get no more details.
        if self.recordings.len() > MOST_RECORDED_CALLS {
            self.recordings.clear();
        }
        self.recordings.insert(call.id().to_owned(), now) != Some(now)
    }
}

/// The agent's leg is over and the caller's is not, or not known to be.
fn hung_up_first(call: &Call) -> bool {
    let connected = call.fields().get("connected").and_then(Value::as_bool);
    call.status() == "answered" && connected == Some(false)
}

/// The caller's own leg was answered in that moment.
fn is_put_through(event: &Event) -> bool {
    let answered_at = event.call.text("caller_answered_at");
    event.call.status() == "answered"
        && answered_at.and_then(Timestamp::parse) == Some(event.occurred_at)
}

/// Why a call fell back to ringing.
fn fallen(name: &str, reason: &str, given_back: bool) -> String {
    match reason {
        _ if given_back => format!("{name} gave it back"),
        "busy" => format!("{name}'s phone is busy"),
        "no_answer" => format!("{name}'s phone rang out"),
        "rejected" => format!("{name}'s phone declined"),
        "timed_out" => format!("nothing was heard of {name}'s phone"),
        other => format!("{name} did not get it ({})", plain(other)),
    }
}

/// How a call ended.
fn over(event: &Event, holder: Option<String>) -> String {
    let call = &event.call;
    let actor = event.actor.as_ref().and_then(|actor| actor.name.as_deref());
    let at = |field: &str| call.text(field).and_then(Timestamp::parse);
    let since = |begin: Option<Timestamp>| match (begin, at("ended_at")) {
        (Some(begin), Some(end)) => length(end.micros_since(begin)),
        _ => "some time".to_owned(),
    };
    match (at("answered_at"), holder) {
        (answered, _) if actor.is_some() => {
            let name = plain(actor.unwrap_or_default());
            format!("hung up by {name} after {}", since(answered))
        }
        (None, _) => format!("abandoned after {}", since(at("created_at"))),
        (answered, Some(name)) => format!("ended after {} with {name}", since(answered)),
        (answered, None) => format!("ended after {}", since(answered)),
    }
}

/// How long the event took from where it arose. What an agent does arises in the server itself.
fn way(event: &Event, here: Timestamp) -> String {
    // Who asked for the end is named; that it is over, the carrier says.
    let clicked = event.actor.is_some() && event.kind != "call.ended";
    let from = if clicked { "click" } else { "carrier" };
    let late = event.received_at.micros_since(event.occurred_at);
    let time = short_time(here.micros_since(event.occurred_at));
    if !clicked && late > LATE_MICROS {
        return format!("{from} → board {time} (sent {} late)", short_time(late));
    }
    format!("{from} → board {time}")
}

#[cfg(test)]
mod tests {
    use super::Lines;
    use callboard_simulator::Timestamp;
    use callboard_simulator::browser::Event;
    use serde_json::json;

    struct Told {
        lines: Lines,
        seq: u64,
    }

    impl Told {
        fn line(&mut self, kind: &str, more: serde_json::Value) -> String {
            self.seq += 1;
            let mut event = json!({
                "type": kind, "seq": self.seq, "actor": null,
                "occurred_at": "2026-11-21T01:40:00.000000Z",
                "received_at": "2026-11-21T01:40:00.001000Z",
                "recorded_at": "2026-11-21T01:40:00.002000Z",
                "call": {"id": "c1", "status": "incoming", "from_number": "+15550100"},
            });
            let serde_json::Value::Object(more) = more else {
                panic!("no object");
            };
            for (key, value) in more {
                match (key.as_str(), value) {
                    ("call", serde_json::Value::Object(fields)) => {
                        for (key, value) in fields {
                            event["call"][key] = value;
                        }
                    }
                    (_, value) => event[key] = value,
                }
            }
            let event: Event = serde_json::from_value(event).unwrap();
            let here = Timestamp::parse("2026-11-21T01:40:00.003Z").unwrap();
            let line = self.lines.tell(&event, here).unwrap();
            assert_eq!(self.lines.tell(&event, here), None, "told once");
            line
        }
    }

    fn told() -> Told {
        Told {
            lines: Lines::default(),
            seq: 0,
        }
    }

    #[test]
    fn a_call_that_is_answered_reads_as_a_story() {
        let mut told = told();
        assert_eq!(
            told.line("call.incoming", json!({})),
            "+15550100 rings, carrier → board 3 ms"
        );
        let anna = json!({"answered_by_name": "Anna"});
        let actor = json!({"id": "u1", "name": "Anna"});
        assert_eq!(
            told.line("call.answering", json!({"actor": actor, "call": anna})),
            "+15550100 taken by Anna, click → board 3 ms"
        );
        assert_eq!(
            told.line("call.answered", json!({"call": anna})),
            "+15550100 answered by Anna, carrier → board 3 ms"
        );
        let over = json!({
            "answered_by_name": "Anna", "answered_at": "2026-11-21T01:40:10.000000Z",
            "ended_at": "2026-11-21T01:40:22.000000Z",
        });
        assert_eq!(
            told.line("call.ended", json!({"call": over})),
            "+15550100 ended after 12 s with Anna, carrier → board 3 ms"
        );
        let recorded = json!({"recordings": [{"id": "r1"}]});
        assert_eq!(
            told.line("call.updated", json!({"call": recorded})),
            "+15550100 has a recording, carrier → board 3 ms"
        );
        assert_eq!(
            told.line("call.updated", json!({"call": recorded})),
            "+15550100 has a late detail, carrier → board 3 ms"
        );
    }

    #[test]
    fn a_release_names_who_had_the_call_and_why_it_fell() {
        let mut told = told();
        let anna = json!({"answered_by_name": "Anna"});
        told.line("call.answering", json!({"call": anna}));
        assert_eq!(
            told.line("call.released", json!({"reason": "busy"})),
            "+15550100 rings again: Anna's phone is busy, carrier → board 3 ms"
        );
        told.line("call.answering", json!({"call": anna}));
        let actor = json!({"id": "u1", "name": "Anna"});
        assert_eq!(
            told.line(
                "call.released",
                json!({"reason": "cancelled", "actor": actor})
            ),
            "+15550100 rings again: Anna gave it back, click → board 3 ms"
        );
    }

    #[test]
    fn a_caller_who_is_put_through_hears_somebody_and_an_end_that_was_asked_for_names_who_asked() {
        let mut told = told();
        let answered = json!({
            "answered_by_name": "Anna", "status": "answered", "connected": true,
            "caller_answered_at": "2026-11-21T01:40:00.000000Z",
        });
        assert_eq!(
            told.line("call.updated", json!({"call": answered})),
            "+15550100 hears Anna, carrier → board 3 ms"
        );
        let ended = json!({
            "answered_by_name": "Anna", "status": "ended",
            "answered_at": "2026-11-21T01:40:00.000000Z",
            "ended_at": "2026-11-21T01:40:12.000000Z",
        });
        let actor = json!({"id": "u2", "name": "Ben"});
        assert_eq!(
            told.line("call.ended", json!({"actor": actor, "call": ended})),
            "+15550100 hung up by Ben after 12 s, carrier → board 3 ms"
        );
    }

    #[test]
    fn an_agent_who_hangs_up_first_is_named() {
        let left = json!({
            "answered_by_name": "Anna", "status": "answered", "connected": false,
        });
        assert_eq!(
            told().line("call.updated", json!({"call": left})),
            "+15550100 Anna is off the line, carrier → board 3 ms"
        );
    }

    #[test]
    fn an_abandoned_call_says_how_long_somebody_waited() {
        let over = json!({
            "created_at": "2026-11-21T01:40:00.000000Z",
            "ended_at": "2026-11-21T01:40:07.000000Z",
        });
        assert_eq!(
            told().line("call.ended", json!({"call": over})),
            "+15550100 abandoned after 7 s, carrier → board 3 ms"
        );
    }

    #[test]
    fn what_the_carrier_held_back_is_not_the_boards_delay() {
        let late = json!({"occurred_at": "2026-11-21T01:39:59.600000Z"});
        assert_eq!(
            told().line("call.answered", late),
            "+15550100 answered, carrier → board 403 ms (sent 401 ms late)"
        );
    }
}
