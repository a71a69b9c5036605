//! What may be appended to the journal, and what comes back.

use crate::domain::{
    Actor, AgencyId, Agent, Call, Choice, ClaimId, Command, LegEvent, LegHandle, LegNews, Mark,
    ReleaseReason, Reply, Timestamp, UserId,
};
use crate::store::batch::{BatchKeys, StoredWebhook, WebhookOutcome};

/// One thing that happened. Everything that changes a call is one of these.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // Nearly every append is the large one.
pub enum Append {
    /// A verified webhook.
    Webhook(WebhookAppend),
    /// An agent takes a call.
    Claim(ClaimAppend),
    /// A claim is let go of.
    Release(ReleaseAppend),
    /// A claim has answered the call without a transfer.
    PlainAnswer(PlainAnswerAppend),
    /// What is heard of a command.
    Command(CommandAppend),
    /// Somebody asks the carrier to end a call, or that has failed.
    Ending(EndingAppend),
    /// A call is over though its hangup has not come.
    Over(OverAppend),
    /// Whether the carrier could be asked about a call.
    Looked(LookedAppend),
    /// Somebody who takes calls may be something else than was told last.
    Agent(AgentAppend),
}

/// A verified webhook and what it means.
#[derive(Clone, Debug)]
pub struct WebhookAppend {
    /// As it is kept.
    pub webhook: StoredWebhook,
    /// As it is understood.
    pub meaning: Meaning,
}

/// What a webhook means to calls.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // Nearly every webhook is news.
pub enum Meaning {
    /// News of a leg.
    Leg(LegEvent),
    /// Nothing: its type is not about calls, or is not known.
    Nothing,
    /// Nothing: it belongs to another connection of the carrier's account.
    OtherConnection,
    /// It could not be applied; it is kept raw.
    Unusable,
}

/// An agent's attempt to take a call.
#[derive(Clone, Debug)]
pub struct ClaimAppend {
    /// Whose call.
    pub agency_id: AgencyId,
    /// The caller's leg.
    pub handle: LegHandle,
    /// The id that the claim will have. Finding it there already is a win: an earlier try whose
    /// answer was lost had been committed.
    pub claim_id: ClaimId,
    /// Who takes it.
    pub user_id: UserId,
    /// What colleagues read.
    pub user_name: Option<String>,
    /// When, by our clock.
    pub at: Timestamp,
    /// Most calls that one person may hold; `None`: no limit.
    pub most: Option<u32>,
    /// Until when whoever appends this sees to the carrier; afterwards any node does.
    pub driven_until: Timestamp,
}

/// Letting go of a claim.
#[derive(Clone, Debug)]
pub struct ReleaseAppend {
    /// Whose call.
    pub agency_id: AgencyId,
    pub claim_id: ClaimId,
    /// Why.
    pub reason: ReleaseReason,
    /// The person who gave it back, when one did.
    pub by: Option<UserId>,
    /// When, by our clock.
    pub at: Timestamp,
}

/// A claim that chose to answer the call plainly.
#[derive(Clone, Debug)]
pub struct PlainAnswerAppend {
    /// Whose call.
    pub agency_id: AgencyId,
    pub claim_id: ClaimId,
    /// When, by our clock.
    pub at: Timestamp,
}

/// What the carrier has said to a command of a claim.
#[derive(Clone, Debug)]
pub struct CommandAppend {
    /// Whose call.
    pub agency_id: AgencyId,
    /// The command, as it stands now.
    pub command: Command,
    /// When, by our clock.
    pub at: Timestamp,
}

/// Who asks the carrier to end a call.
#[derive(Clone, Debug)]
pub struct EndingAppend {
    /// Whose call.
    pub agency_id: AgencyId,
    /// The caller's leg.
    pub handle: LegHandle,
    /// The person; `None` takes it back, when the carrier has refused.
    pub by: Option<Actor>,
}

/// Whether the carrier could be asked about a call.
#[derive(Clone, Debug)]
pub struct LookedAppend {
    /// Whose call.
    pub agency_id: AgencyId,
    /// The caller's leg.
    pub handle: LegHandle,
    /// Since when it could not be; none when it could.
    pub unasked: Option<Timestamp>,
}

/// Somebody who takes calls is looked at: who they are, whether they are there, and which calls they
/// have. What follows is told where it is another thing than was told last.
#[derive(Clone, Debug)]
pub struct AgentAppend {
    pub agency_id: AgencyId,
    pub user_id: UserId,
    /// What they want to be from now on, if they said so.
    pub choice: Option<Choice>,
    /// A socket of theirs is open, whether or not the database says so yet.
    pub is_here: bool,
    /// When, by our clock.
    pub at: Timestamp,
}

/// A call is over though its hangup has not come: the carrier says so or, where it cannot be asked,
/// we do.
#[derive(Clone, Debug)]
pub struct OverAppend {
    /// Whose call.
    pub agency_id: AgencyId,
    /// The caller's leg.
    pub handle: LegHandle,
    /// Since when: the carrier's word where it said so, or the moment of asking.
    pub since: Timestamp,
    /// Nobody has said so.
    pub presumed: bool,
    /// When it was said, by our clock.
    pub at: Timestamp,
}

/// What became of an append.
#[derive(Clone, Debug)]
pub enum Answer {
    Webhook(WebhookAnswer),
    Claim(ClaimAnswer),
    /// The agent, as it is now; none of whoever takes no calls of that agency.
    Agent(Option<Box<Agent>>),
    /// Of everything else: whether it changed anything.
    Done(bool),
}

/// What became of a webhook, and what its sender is told; all of them are acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebhookAnswer {
    /// What became of it.
    pub taken: Taken,
    /// What its sender is told.
    pub reply: Reply,
}

/// When a webhook was taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It had come before.
    Before,
    /// It was new.
    Now(WebhookOutcome),
}

impl From<Taken> for WebhookAnswer {
    /// As every webhook is answered whose carrier does not wait to be told what to do.
    fn from(taken: Taken) -> Self {
        Self {
            taken,
            reply: Reply::Accepted,
        }
    }
}

/// What became of a claim.
#[derive(Clone, Debug)]
pub enum ClaimAnswer {
    /// The agent has the call.
    Won {
        /// The claim that holds it: an earlier one, when the winner asks again.
        claim_id: ClaimId,
        /// The call, as it is now.
        call: Box<Call>,
    },
    /// Somebody has the call already.
    Taken {
        /// The call, with that person's name.
        call: Box<Call>,
    },
    /// The agent holds as many calls as one may.
    Full,
    /// There is no such call, or it is over.
    Gone,
}

impl Append {
    /// Whose it is.
    #[must_use]
    pub fn agency_id(&self) -> AgencyId {
        match self {
            Self::Webhook(append) => append.webhook.agency_id,
            Self::Claim(append) => append.agency_id,
            Self::Release(append) => append.agency_id,
            Self::PlainAnswer(append) => append.agency_id,
            Self::Command(append) => append.agency_id,
            Self::Ending(append) => append.agency_id,
            Self::Over(append) => append.agency_id,
            Self::Looked(append) => append.agency_id,
            Self::Agent(append) => append.agency_id,
        }
    }

    /// Roughly how many bytes it keeps in the queue.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::Webhook(append) => append.webhook.body.len() + 1024,
            _ => 1024,
        }
    }

    /// Names what this append may read or change.
    pub fn add_keys(&self, keys: &mut BatchKeys) {
        let agency = self.agency_id();
        keys.agencies.insert(agency);
        match self {
            Self::Webhook(append) => {
                let id = append.webhook.webhook_id.clone();
                keys.webhook_ids
                    .insert((agency, append.webhook.carrier, id));
                if let Meaning::Leg(event) = &append.meaning {
                    add_leg_keys(agency, event, keys);
                }
            }
            Self::Claim(append) => {
                keys.handles.insert((agency, append.handle.clone()));
                // A leg that names it may have been heard of already.
                keys.claims.insert((agency, append.claim_id));
                keys.agents.insert((agency, append.user_id));
                if append.most.is_some() {
                    keys.holders.insert((agency, append.user_id));
                }
            }
            Self::Release(ReleaseAppend { claim_id, .. })
            | Self::PlainAnswer(PlainAnswerAppend { claim_id, .. }) => {
                keys.claims.insert((agency, *claim_id));
            }
            Self::Command(CommandAppend { command, .. }) => {
                keys.claims.extend(command.by.map(|claim| (agency, claim)));
            }
            Self::Ending(EndingAppend { handle, .. })
            | Self::Over(OverAppend { handle, .. })
            | Self::Looked(LookedAppend { handle, .. }) => {
                keys.handles.insert((agency, handle.clone()));
            }
            Self::Agent(AgentAppend { user_id, .. }) => {
                keys.agents.insert((agency, *user_id));
                keys.looked_at.insert((agency, *user_id));
            }
        }
    }
}

fn add_leg_keys(agency: AgencyId, event: &LegEvent, keys: &mut BatchKeys) {
    let carrier = event.handle.carrier;
    let named = |id: &Option<String>| id.clone().map(|id| (agency, carrier, id));
    if !event.handle.id.is_empty() {
        keys.handles.insert((agency, event.handle.clone()));
    }
    // Also where a handle is named: a recording may wait for it under its leg's id.
    keys.leg_ids.extend(named(&event.leg_id));
    keys.sessions.extend(named(&event.session));
    if let Mark::Ours(Some(claim)) = event.mark {
        keys.claims.insert((agency, claim));
    }
}

impl WebhookAppend {
    /// This webhook, to be kept raw without being applied.
    #[must_use]
    pub fn unusable(&self) -> Self {
        Self {
            webhook: self.webhook.clone(),
            meaning: Meaning::Unusable,
        }
    }

    /// What keeps webhooks of one phone call together: its session, or at least its leg.
    #[must_use]
    pub fn call_key(&self) -> Option<&str> {
        match &self.meaning {
            Meaning::Leg(event) => Some(event.session.as_deref().unwrap_or(&event.handle.id)),
            _ => None,
        }
    }

    /// Whether it announces a leg.
    #[must_use]
    pub fn announces(&self) -> bool {
        matches!(&self.meaning, Meaning::Leg(event) if matches!(event.news, LegNews::Initiated(_)))
    }
}
