//! The lines of the board.

use callboard_simulator::browser::{AgentEvent, Call, Event, Latency};
use serde_json::Value;

/// What the columns are. The last three are milliseconds.
pub(super) fn heading() -> String {
    columns(
        "seq",
        "event",
        "number",
        "status",
        "who",
        ["to us", "to disk", "to here"],
    )
}

/// One event; `live` ones with the time they took to come here, which says nothing of an event
/// that was caught up.
pub(super) fn event(event: &Event, latency: Latency, live: bool) -> String {
    let here = match live {
        true => ms(latency.recorded_to_here),
        false => "missed".to_owned(),
    };
    let mut line = columns(
        &event.seq.to_string(),
        &event.kind,
        number(&event.call),
        event.call.status(),
        actor(event).unwrap_or_else(|| answerer(&event.call)),
        [
            &ms(latency.carrier_to_received),
            &ms(latency.received_to_recorded),
            &here,
        ],
    );
    if let Some(reason) = &event.reason {
        line.push_str("  ");
        line.push_str(&plain(reason));
    }
    line
}

/// Somebody who takes calls is something else now.
pub(super) fn agent(event: &AgentEvent) -> String {
    let agent = &event.agent;
    let who = agent.name.as_deref().unwrap_or(&agent.id);
    let mut line = columns(
        &event.seq.to_string(),
        &event.kind,
        "-",
        &agent.state,
        who,
        [""; 3],
    );
    line.truncate(line.trim_end().len());
    if let Some(reason) = &agent.reason {
        line.push_str("  ");
        line.push_str(&plain(reason));
    }
    line
}

/// A call that was there already.
pub(super) fn open_call(open: &Call) -> String {
    let (number, who) = (number(open), answerer(open));
    let line = columns("-", "(open)", number, open.status(), who, [""; 3]);
    line.trim_end().to_owned()
}

fn columns(
    seq: &str,
    event: &str,
    number: &str,
    status: &str,
    who: &str,
    [received, recorded, here]: [&str; 3],
) -> String {
    let [event, number, status, who] = [event, number, status, who].map(plain);
    format!(
        "{seq:>8}  {event:<14}  {number:<16}  {status:<9}  {who:<14}  {received:>8}  {recorded:>8}  {here:>8}"
    )
}

fn number(call: &Call) -> &str {
    match call.text("from_number") {
        None | Some("") => "(no number)",
        Some(number) => number,
    }
}

fn answerer(call: &Call) -> &str {
    (call.text("answered_by_name"))
        .or_else(|| call.text("answered_by"))
        .unwrap_or("-")
}

fn actor(event: &Event) -> Option<&str> {
    let actor = event.actor.as_ref()?;
    Some(actor.name.as_deref().unwrap_or(&actor.id))
}

/// Whom the server takes us for.
pub(super) fn user(user: &Value) -> String {
    let known = ["name", "email", "id"]
        .into_iter()
        .find_map(|field| user.get(field).and_then(Value::as_str));
    plain(known.unwrap_or("someone unnamed"))
}

/// Microseconds as milliseconds.
pub(super) fn ms(micros: i64) -> String {
    let tenths = (micros + 50).div_euclid(100);
    let sign = if tenths < 0 { "-" } else { "" };
    let tenths = tenths.unsigned_abs();
    format!("{sign}{}.{}", tenths / 10, tenths % 10)
}

/// What callers and colleagues choose (names, numbers) must not steer the terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{ms, plain};

    #[test]
    fn milliseconds_have_one_digit_and_a_sign_where_clocks_disagree() {
        let all: Vec<_> = [0, 49, 50, 12_345, -1_234].map(ms).to_vec();
        assert_eq!(all, ["0.0", "0.0", "0.1", "12.3", "-1.2"]);
    }

    #[test]
    fn a_name_cannot_steer_the_terminal() {
        assert_eq!(plain("Anna\u{1b}[2J\n"), "Anna\u{fffd}[2J\u{fffd}");
    }
}
