//! One call's life as a board sees it, frame by frame, and checked.

use super::DemoError;
use super::folder::Folder;
use super::identity::phone_of;
use super::launch::{Launched, launch, local};
use super::links::{Login, address, logins};
use crate::cli::args::DemoArgs;
use crate::clock::Clock;
use crate::config::Config;
use callboard_simulator::browser::{Browser, BrowserSettings, Buttons, Event, Message, Pressed};
use callboard_simulator::{Caller, ExchangeSettings, Ringing};
use serde_json::Value;
use std::io::Write;
use std::time::Duration;

/// How long a frame may take, and whatever else is waited for: a hundred times what it should.
const FRAME: Duration = Duration::from_secs(5);
/// Between two looks whether the call is recorded.
const LOOK: Duration = Duration::from_millis(10);

/// What a frame must say.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Expected {
    kind: &'static str,
    status: &'static str,
    connected: bool,
    /// The user who acted.
    actor: Option<String>,
    /// Who has the call.
    answered_by: Option<String>,
    recordings: usize,
}

/// Plays the call and prints each frame as it came.
pub(super) async fn run(
    args: &DemoArgs,
    around: &Config,
    folder: &Folder,
    clock: Clock,
    out: &mut (dyn Write + Send),
) -> Result<(), DemoError> {
    let settings = ExchangeSettings {
        seed: args.seed.unwrap_or_else(rand::random),
        recording_saved_after: Duration::ZERO,
        ..ExchangeSettings::default()
    };
    let launched = launch(args, around, folder, clock.clone(), settings).await?;
    let logins = logins(&launched.identity, clock.now())?;
    let Some(anna) = logins.first() else {
        return Err(DemoError::Once("the demo has nobody to watch".to_owned()));
    };
    let ended = watched(&launched, anna, clock, out).await;
    launched.served.end().await;
    ended
}

async fn watched(
    launched: &Launched,
    anna: &Login,
    clock: Clock,
    out: &mut (dyn Write + Send),
) -> Result<(), DemoError> {
    let settings = BrowserSettings::new(address(launched.port), anna.token.clone());
    let browser = Browser::connect(settings).await?;
    let mut board = Board {
        browser,
        clock,
        out,
        seq: 0,
        recordings: 0,
    };
    board.snapshot().await?;

    let me = anna.user.id.to_string();
    let buttons = Buttons::new(local(launched.port), anna.token.clone())?;
    let caller = launched.exchange.rings("+15550100").await;
    board.sees("call.incoming", "incoming", None, None).await?;

    match buttons.answer(caller.id()).await? {
        Pressed::Done(_) => {}
        other => return Err(DemoError::Once(format!("the answer came to {other:?}"))),
    }
    board
        .sees("call.answering", "answering", Some(&me), Some(&me))
        .await?;

    let _anna = ringing(launched, anna, &board.clock).await?.answers();
    board
        .sees("call.answered", "answered", None, Some(&me))
        .await?;
    // The caller's own leg is answered by the transfer.
    board
        .sees("call.updated", "answered", None, Some(&me))
        .await?;

    is_recorded(&caller, &board.clock).await?;
    caller.hangs_up();
    board.sees("call.ended", "ended", None, Some(&me)).await?;
    board.recordings = 1;
    board.sees("call.updated", "ended", None, Some(&me)).await?;
    board.browser.close().await;
    Ok(())
}

/// Waits until this person's phone rings.
async fn ringing(launched: &Launched, person: &Login, clock: &Clock) -> Result<Ringing, DemoError> {
    let address = phone_of(&person.user).unwrap_or_default();
    let phone = launched.exchange.phone(&address);
    tokio::select! {
        ringing = phone.rings() => Ok(ringing),
        () = clock.sleep(FRAME) => Err(late("the agent's phone", "ring")),
    }
}

/// Waits until the server has asked the carrier to record the call.
async fn is_recorded(caller: &Caller, clock: &Clock) -> Result<(), DemoError> {
    let recorded = async {
        while !caller.is_recorded() {
            clock.sleep(LOOK).await;
        }
    };
    tokio::select! {
        () = recorded => Ok(()),
        () = clock.sleep(FRAME) => Err(late("the recording", "begin")),
    }
}

fn late(what: &str, does: &str) -> DemoError {
    let seconds = FRAME.as_secs();
    DemoError::Once(format!("{what} did not {does} within {seconds} s"))
}

struct Board<'a> {
    browser: Browser,
    clock: Clock,
    out: &'a mut (dyn Write + Send),
    /// The last event seen.
    seq: u64,
    /// How many recordings the call has.
    recordings: usize,
}

impl Board<'_> {
    async fn snapshot(&mut self) -> Result<(), DemoError> {
        match self.next("the snapshot").await? {
            Message::Snapshot(snapshot) if snapshot.reason == "fresh" => {
                self.seq = snapshot.seq;
                Ok(())
            }
            other => Err(DemoError::Once(format!(
                "a fresh board began with {other:?}, not with its snapshot"
            ))),
        }
    }

    /// The next event must be this one.
    async fn sees(
        &mut self,
        kind: &'static str,
        status: &'static str,
        actor: Option<&str>,
        answered_by: Option<&str>,
    ) -> Result<(), DemoError> {
        let expected = Expected {
            kind,
            status,
            connected: status == "answered",
            actor: actor.map(str::to_owned),
            answered_by: answered_by.map(str::to_owned),
            recordings: self.recordings,
        };
        match self.next(kind).await? {
            Message::Event(event) => {
                self.seq += 1;
                differs(&event, self.seq, &expected).map_or(Ok(()), |how| Err(DemoError::Once(how)))
            }
            other => Err(DemoError::Once(format!(
                "{other:?} came in place of {kind}"
            ))),
        }
    }

    /// The next frame that tells something, printed as it came.
    async fn next(&mut self, what: &str) -> Result<Message, DemoError> {
        loop {
            let received = tokio::select! {
                received = self.browser.receive() => received?,
                () = self.clock.sleep(FRAME) => return Err(late(what, "come")),
            };
            if matches!(received.message, Message::Heartbeat { .. }) {
                continue;
            }
            if !received.text().is_empty() {
                writeln!(self.out, "{}", received.text())
                    .and_then(|()| self.out.flush())
                    .map_err(DemoError::Output)?;
            }
            return Ok(received.message);
        }
    }
}

/// How an event differs from what must come, if it does.
fn differs(event: &Event, seq: u64, expected: &Expected) -> Option<String> {
    let fields = event.call.fields();
    let recordings = fields.get("recordings").and_then(Value::as_array);
    let got = (
        event.seq,
        event.kind.as_str(),
        event.call.status(),
        fields.get("connected").and_then(Value::as_bool),
        event.actor.as_ref().map(|actor| actor.id.as_str()),
        event.call.text("answered_by"),
        recordings.map(Vec::len),
    );
    let must = (
        seq,
        expected.kind,
        expected.status,
        Some(expected.connected),
        expected.actor.as_deref(),
        expected.answered_by.as_deref(),
        Some(expected.recordings),
    );
    let told = "(seq, type, status, connected, actor, answered_by, recordings)";
    (got != must).then(|| format!("{told} must be {must:?} and is {got:?}"))
}

#[cfg(test)]
mod tests {
    use super::{Expected, differs};
    use callboard_simulator::browser::Event;
    use serde_json::{Value, json};

    fn event() -> Value {
        json!({
            "type": "call.answered", "seq": 3, "actor": null,
            "occurred_at": "2026-11-21T01:40:00.000000Z",
            "received_at": "2026-11-21T01:40:00.001000Z",
            "recorded_at": "2026-11-21T01:40:00.002000Z",
            "call": {"id": "c1", "status": "answered", "connected": true, "answered_by": "u1",
                     "recordings": []},
        })
    }

    fn told(event: Value) -> Option<String> {
        let expected = Expected {
            kind: "call.answered",
            status: "answered",
            connected: true,
            actor: None,
            answered_by: Some("u1".to_owned()),
            recordings: 0,
        };
        let event: Event = serde_json::from_value(event).unwrap();
        differs(&event, 3, &expected)
    }

    #[test]
    fn what_comes_as_it_must_is_let_pass_and_any_difference_is_named() {
        assert_eq!(told(event()), None);
        for (pointer, wrong) in [
            ("/seq", json!(4)),
            ("/type", json!("call.updated")),
            ("/actor", json!({"id": "u1", "name": "Anna"})),
            ("/call/status", json!("answering")),
            ("/call/connected", json!(false)),
            ("/call/answered_by", json!(null)),
            ("/call/recordings", json!([{"id": "r1"}])),
        ] {
            let mut event = event();
            *event.pointer_mut(pointer).unwrap() = wrong;
            let how = told(event).unwrap_or_else(|| panic!("{pointer} went unnoticed"));
            assert!(how.contains("must be (3, \"call.answered\""), "{how}");
        }
    }
}
