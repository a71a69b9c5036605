//! An agency's webhooks: whether they come, and whether recordings do.

use super::finding::Findings;
use super::subject::{Checkup, Subject, webhook_url};
use crate::config::Recording;
use crate::domain::Timestamp;
use crate::store::WebhookTally;
use crate::store::batch::WebhookOutcome;

/// How old the latest webhook may be, in seconds, before it is worth a word.
const LATELY_S: i64 = 24 * 60 * 60;

pub(super) async fn check(checkup: &Checkup, subject: &Subject, found: &mut Findings) {
    let now = checkup.clock.now();
    match checkup.store.webhook_tally(subject.agency.id).await {
        Ok(tally) => {
            judge_arrival(&tally, checkup, subject, now, found);
            judge_recordings(&tally, checkup, now, found);
        }
        Err(error) => found.wrong(
            format!("its webhooks cannot be read: {error}"),
            "look at the database's own lines above",
        ),
    }
}

fn judge_arrival(
    tally: &[WebhookTally],
    checkup: &Checkup,
    subject: &Subject,
    now: Timestamp,
    found: &mut Findings,
) {
    let mend = format!(
        "ring one of its numbers; at Telnyx, let the Call Control application send to {}; see that \
         firewalls and proxies let it in. A webhook that is refused is not kept: the server's log \
         says why",
        webhook_url(checkup, subject)
    );
    let Some(latest) = tally.iter().map(|row| row.latest).max() else {
        let days = checkup.config.limits.retention_days;
        let fact = format!("no webhook came in the last {days} days");
        found.doubtful(fact, mend);
        return;
    };
    let age = ago(latest, now);
    if now.micros_since(latest) / 1_000_000 > LATELY_S {
        found.doubtful(format!("the latest webhook came {age}"), mend);
    } else {
        found.right(format!("the latest webhook came {age}"));
    }
    let of = |outcome: WebhookOutcome| -> i64 {
        let these = tally.iter().filter(|row| row.outcome == outcome.name());
        these.map(|row| row.count).sum()
    };
    let elsewhere = of(WebhookOutcome::OtherConnection);
    if elsewhere > 0 && of(WebhookOutcome::Applied) == 0 {
        found.wrong(
            format!("all that came ({elsewhere}) was of connections that are not its own"),
            "store the Call Control application's id among telnyx_connection_ids",
        );
    }
    let failed = of(WebhookOutcome::Failed);
    if failed > 0 {
        let fact = format!("webhooks that could not be applied and are kept raw: {failed}");
        found.doubtful(fact, "`callboard verify` names them; please report them");
    }
}

fn judge_recordings(
    tally: &[WebhookTally],
    checkup: &Checkup,
    now: Timestamp,
    found: &mut Findings,
) {
    if checkup.config.calls.recording == Recording::Off {
        found.right("calls are not recorded, as CALLBOARD_RECORDING says");
        return;
    }
    let latest = |event: &str| {
        let these = tally.iter().filter(|row| row.event_type == event);
        these.map(|row| row.latest).max()
    };
    let saved = latest("call.recording.saved");
    let failed = latest("call.recording.error");
    let connected = latest("call.bridged");
    if failed.is_some() && failed > saved {
        found.doubtful(
            "the latest news of a recording is that it failed (call.recording.error)",
            "see the call in the Telnyx portal; a recording needs sound, and the account's leave",
        );
    }
    match (saved, connected) {
        (Some(saved), _) => {
            let age = ago(saved, now);
            found.right(format!("the latest recording was saved {age}"));
        }
        (None, Some(_)) => found.doubtful(
            "calls were connected, and no call.recording.saved came",
            "it comes after a call's end; if it stays away, see that the Call Control \
             application's webhooks all come here, and that the API key may record",
        ),
        (None, None) => found.right("no call was connected lately, so no recording is due"),
    }
}

/// `3 minutes ago`
fn ago(then: Timestamp, now: Timestamp) -> String {
    let seconds = (now.micros_since(then) / 1_000_000).max(0);
    let (number, unit) = match seconds {
        0..=119 => (seconds, "second"),
        120..=7_199 => (seconds / 60, "minute"),
        7_200..=172_799 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{ending} ago")
}

#[cfg(test)]
mod tests {
    use super::ago;
    use crate::domain::Timestamp;

    #[test]
    fn ages_are_told_in_the_unit_that_fits() {
        let now = Timestamp::parse("2026-11-21T12:00:00Z").unwrap();
        for (seconds, said) in [
            (-5, "0 seconds ago"),
            (1, "1 second ago"),
            (600, "10 minutes ago"),
            (7_200, "2 hours ago"),
            (200_000, "2 days ago"),
        ] {
            assert_eq!(ago(now.plus_seconds(-seconds), now), said);
        }
    }
}
