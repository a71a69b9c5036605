//! Plays stories to databases, in batches of any size.

use super::super::append::{Answer, Append, ClaimAnswer, Taken};
use super::database::Database;
use super::rules::plain;
use super::story::{AGENCY, Story, agency};
use crate::domain::{AgencyId, Call, LegHandle};
use crate::store::batch::WebhookOutcome;
use std::collections::BTreeMap;

/// Plays appends in batches of these sizes; what is left over makes one more batch.
pub(super) fn play_in(appends: &[Append], sizes: &[usize]) -> Database {
    let mut database = Database::new();
    let mut rest = appends;
    for size in sizes {
        let (batch, later) = rest.split_at((*size).min(rest.len()));
        rest = later;
        if !batch.is_empty() {
            database.commit(batch);
        }
    }
    if !rest.is_empty() {
        database.commit(rest);
    }
    database.check();
    database
}

/// Plays appends one by one.
pub(super) fn play_singly(appends: &[Append]) -> Database {
    play_in(appends, &vec![1; appends.len()])
}

impl Story {
    /// Plays the story one append at a time, and also at once and in uneven batches: where the same
    /// commands are accepted, the same rows are left.
    pub(super) fn play(self) -> Database {
        let appends = self.into_appends();
        let singly = play_singly(&appends);
        singly.check_texts();
        for sizes in [&[][..], &[2, 1, 3, 1, 2], &[1, 3, 2, 1, 4]] {
            let other = play_in(&appends, sizes);
            if other.commands() == singly.commands() {
                assert_eq!(other.rows(), singly.rows(), "in batches of {sizes:?}");
            }
        }
        singly
    }

    /// Plays the whole story in one batch.
    pub(super) fn play_at_once(self) -> Database {
        play_in(&self.into_appends(), &[])
    }
}

impl Database {
    /// Every call's row, by leg, what differs from life to life aside.
    pub(super) fn rows(&self) -> BTreeMap<(AgencyId, LegHandle), Call> {
        self.calls
            .values()
            .map(|call| {
                let handle = (call.agency_id, call.handle.clone());
                (handle, plain(call))
            })
            .collect()
    }

    /// The row of that leg's call.
    pub(super) fn row(&self, handle: &str) -> Call {
        let key = (agency(AGENCY), LegHandle::test(handle));
        self.rows().remove(&key).unwrap()
    }

    /// The caller's call.
    pub(super) fn call(&self) -> Call {
        self.row("caller")
    }

    /// What boards of the agency of stories were told, with reasons and actors.
    pub(super) fn told(&self) -> Vec<String> {
        self.told_to(AGENCY)
    }

    /// What that agency's boards were told.
    pub(super) fn told_to(&self, name: &str) -> Vec<String> {
        self.of_agency(agency(name))
            .map(|numbered| {
                let event = numbered.of_call();
                let reason = event.reason.map(|reason| format!(" {}", reason.name()));
                let actor = event.actor.as_ref().and_then(|actor| actor.name.clone());
                let actor = actor.map(|name| format!(" by {name}"));
                let word = event.event_type.name().trim_start_matches("call.");
                format!(
                    "{word}{}{}",
                    reason.unwrap_or_default(),
                    actor.unwrap_or_default()
                )
            })
            .collect()
    }

    /// What became of each command, in order.
    pub(super) fn commands(&self) -> Vec<String> {
        self.answers
            .iter()
            .flatten()
            .filter_map(|answer| match answer {
                Answer::Webhook(_) | Answer::Agent(_) => None,
                Answer::Claim(ClaimAnswer::Won { claim_id, .. }) => Some(format!("won {claim_id}")),
                Answer::Claim(ClaimAnswer::Taken { .. }) => Some("taken".into()),
                Answer::Claim(ClaimAnswer::Full) => Some("full".into()),
                Answer::Claim(ClaimAnswer::Gone) => Some("gone".into()),
                Answer::Done(done) => Some(if *done { "done" } else { "not done" }.into()),
            })
            .collect()
    }

    /// What became of each webhook, in order.
    pub(super) fn outcomes(&self) -> Vec<Option<WebhookOutcome>> {
        self.answers
            .iter()
            .flatten()
            .filter_map(|answer| match answer {
                Answer::Webhook(answer) => match answer.taken {
                    Taken::Now(outcome) => Some(Some(outcome)),
                    Taken::Before => Some(None),
                },
                _ => None,
            })
            .collect()
    }
}
