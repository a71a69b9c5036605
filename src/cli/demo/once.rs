//! One call's life as a board sees it, frame by frame, and checked.

use super::DemoError;
use super::folder::Folder;
use super::launch::{Launched, launch};
use super::links::{Login, address, logins};
use crate::cli::args::DemoArgs;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::{AgencyId, ClaimId, client_state};
use crate::journal::{Answer, Append, ClaimAnswer, ClaimAppend};
use crate::simulator::browser::{Browser, BrowserSettings, Event, Message};
use crate::simulator::{Carrier, HangupCause, Leg, Outcome, Webhook};
use serde_json::Value;
use std::io::Write;
use std::time::Duration;
use uuid::Uuid;

/// How long a frame may take: a hundred times what it should.
const FRAME: Duration = Duration::from_secs(5);

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
}

/// Plays the call and prints each frame as it came.
pub(super) async fn run(
    args: &DemoArgs,
    around: &Config,
    folder: &Folder,
    clock: Clock,
    out: &mut (dyn Write + Send),
) -> Result<(), DemoError> {
    let launched = launch(args, around, folder, clock.clone()).await?;
    let logins = logins(&launched.identity, clock.now())?;
    let Some(anna) = logins.first() else {
        return Err(DemoError::Once("the demo has nobody to watch".to_owned()));
    };
    let ended = watched(&launched, anna, clock, out).await;
    launched.app.drain().await;
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
    };
    board.snapshot().await?;

    let carrier = launched.carrier()?;
    let call = carrier.new_call("+15550100");
    let me = anna.user.id.to_string();
    send(&carrier, &call.initiated()).await?;
    board.sees("call.incoming", "incoming", None, None).await?;

    let claim = claim(launched, &call, anna, &board.clock).await?;
    board
        .sees("call.answering", "answering", Some(&me), Some(&me))
        .await?;

    let phone = call.second_leg(Some(client_state(claim)));
    send(&carrier, &phone.initiated()).await?;
    send(&carrier, &phone.answered()).await?;
    board
        .sees("call.answered", "answered", None, Some(&me))
        .await?;

    // Neither bridge tells anything new.
    send(&carrier, &phone.bridged()).await?;
    send(&carrier, &call.bridged()).await?;
    send(&carrier, &call.hung_up(HangupCause::NormalClearing)).await?;
    board.sees("call.ended", "ended", None, Some(&me)).await?;
    board.browser.close().await;
    Ok(())
}

async fn send(carrier: &Carrier, webhook: &Webhook) -> Result<(), DemoError> {
    let delivery = carrier.deliver(webhook).await;
    if delivery.outcome == Outcome::Acknowledged {
        return Ok(());
    }
    let (event, status) = (&webhook.event_type, delivery.status);
    let answered = status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    Err(DemoError::Once(format!(
        "{event} was not acknowledged: {answered}"
    )))
}

async fn claim(
    launched: &Launched,
    call: &Leg,
    agent: &Login,
    clock: &Clock,
) -> Result<ClaimId, DemoError> {
    let agency_id: AgencyId = launched.identity.agency;
    let append = ClaimAppend {
        agency_id,
        call_control_id: call.call_control_id.clone(),
        claim_id: ClaimId(Uuid::new_v4()),
        user_id: agent.user.id,
        user_name: agent.user.name.clone(),
        at: clock.now(),
        most: None,
        driven_until: clock.now().plus_seconds(60),
    };
    match launched.app.journal.append(Append::Claim(append)).await {
        Ok(Answer::Claim(ClaimAnswer::Won { claim_id, .. })) => Ok(claim_id),
        Ok(other) => Err(DemoError::Once(format!("the claim came to {other:?}"))),
        Err(error) => Err(DemoError::Once(format!(
            "the claim was not recorded: {error}"
        ))),
    }
}

struct Board<'a> {
    browser: Browser,
    clock: Clock,
    out: &'a mut (dyn Write + Send),
    /// The last event seen.
    seq: u64,
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
                () = self.clock.sleep(FRAME) => {
                    let seconds = FRAME.as_secs();
                    return Err(DemoError::Once(format!("{what} did not come within {seconds} s")));
                }
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
    let got = (
        event.seq,
        event.kind.as_str(),
        event.call.status(),
        event
            .call
            .fields()
            .get("connected")
            .and_then(Value::as_bool),
        event.actor.as_ref().map(|actor| actor.id.as_str()),
        event.call.text("answered_by"),
    );
    let must = (
        seq,
        expected.kind,
        expected.status,
        Some(expected.connected),
        expected.actor.as_deref(),
        expected.answered_by.as_deref(),
    );
    let told = "(seq, type, status, connected, actor, answered_by)";
    (got != must).then(|| format!("{told} must be {must:?} and is {got:?}"))
}

#[cfg(test)]
mod tests {
    use super::{Expected, differs};
    use crate::simulator::browser::Event;
    use serde_json::{Value, json};

    fn event() -> Value {
        json!({
            "type": "call.answered", "seq": 3, "actor": null,
            "occurred_at": "2026-11-21T01:40:00.000000Z",
            "received_at": "2026-11-21T01:40:00.001000Z",
            "recorded_at": "2026-11-21T01:40:00.002000Z",
            "call": {"id": "c1", "status": "answered", "connected": true, "answered_by": "u1"},
        })
    }

    fn told(event: Value) -> Option<String> {
        let expected = Expected {
            kind: "call.answered",
            status: "answered",
            connected: true,
            actor: None,
            answered_by: Some("u1".to_owned()),
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
        ] {
            let mut event = event();
            *event.pointer_mut(pointer).unwrap() = wrong;
            let how = told(event).unwrap_or_else(|| panic!("{pointer} went unnoticed"));
            assert!(how.contains("must be (3, \"call.answered\""), "{how}");
        }
    }
}
