//! What one transaction of the journal reads and writes.

use crate::domain::{
    AgencyId, AgentTime, Call, CallId, CallLog, Carrier, Claim, ClaimId, Command, Errand, Happened,
    KnownAgent, Leg, LegHandle, Standing, Timestamp, User, UserId, words,
};
use crate::view::Published;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Whose something is, which carrier has named it, and how.
pub type CarrierKey = (AgencyId, Carrier, String);

/// By which a webhook is known: whose it is, who sent it, and the sender's id of it.
pub type WebhookKey = CarrierKey;

/// A person as one of an agency's.
pub type AgentKey = (AgencyId, UserId);

/// Which agencies' heads a batch waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Heads {
    /// All, in the queue of whoever wants them, though not for long.
    #[default]
    All,
    /// Those that nobody holds. The other agencies are left out: one that is held for long by a node
    /// that stopped, or by somebody at a prompt, must not keep the others waiting.
    Free,
}

/// What a batch concerns: everything it may read or change is found from here.
#[derive(Clone, Debug, Default)]
pub struct BatchKeys {
    /// How those heads are waited for.
    pub heads: Heads,
    /// The agencies, whose heads are locked in the order of their ids.
    pub agencies: BTreeSet<AgencyId>,
    /// The ids of the webhooks, which may be repeats.
    pub webhook_ids: BTreeSet<WebhookKey>,
    /// The legs, by handle.
    pub handles: BTreeSet<(AgencyId, LegHandle)>,
    /// The legs, by the carrier's stable id, for webhooks that name no handle.
    pub leg_ids: BTreeSet<CarrierKey>,
    pub sessions: BTreeSet<CarrierKey>,
    /// The claims that commands or a mark name.
    pub claims: BTreeSet<(AgencyId, ClaimId)>,
    /// People whose open calls must be counted.
    pub holders: BTreeSet<AgentKey>,
    /// Agents who may become something else.
    pub agents: BTreeSet<AgentKey>,
    /// Those of them of whom everything is looked at: who they are, and whether they are there.
    pub looked_at: BTreeSet<AgentKey>,
}

/// Where an agency's numbering stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The life of the numbering.
    pub epoch: String,
    /// The number of the latest event; 0 before the first.
    pub last_seq: i64,
    /// The number of the latest event that retention has removed.
    pub pruned_seq: i64,
}

/// What the database held, under the lock, when the batch began.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The heads of the agencies that are there.
    pub heads: HashMap<AgencyId, Head>,
    /// The agencies that are there too, and whose heads somebody else holds.
    pub held: HashSet<AgencyId>,
    /// The webhooks that had come before.
    pub repeats: HashSet<WebhookKey>,
    /// The webhooks that had come before, and were kept raw since they could not be applied.
    pub failed: HashSet<WebhookKey>,
    /// The legs concerned.
    pub legs: Vec<(AgencyId, Leg)>,
    /// The calls concerned.
    pub calls: Vec<Call>,
    /// Their claims, in the order of their ordinals.
    pub claims: Vec<(AgencyId, Claim)>,
    /// What was asked of the carrier for those claims.
    pub commands: Vec<Command>,
    /// The agents concerned.
    pub agents: LoadedAgents,
}

/// What the database held of the agents concerned.
#[derive(Debug, Default)]
pub struct LoadedAgents {
    /// Those that are known, each with how long its agency's people write about a call, in seconds.
    pub known: Vec<(KnownAgent, i64)>,
    /// The calls that they have, and whether somebody has talked on it.
    pub held: Vec<(AgentKey, CallId, bool)>,
    /// Who they are, of those who are looked at.
    pub people: Vec<User>,
    /// Until when they count as there for one of their sockets, likewise; by the clock of deadlines.
    pub there_until: Vec<(AgentKey, Timestamp)>,
}

words! {
    /// What became of a webhook.
    pub enum WebhookOutcome {
        /// It changed a call, or told what was known.
        Applied = "applied",
        /// It waits for the `call.initiated` of its leg.
        Held = "held",
        /// Its type tells nothing about calls.
        Ignored = "ignored",
        /// It belongs to another connection of the carrier's account.
        OtherConnection = "other_connection",
        /// It could not be applied and is kept raw.
        Failed = "failed",
    }
}

/// A verified webhook, raw but for its links to recordings, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredWebhook {
    /// Whose it is.
    pub agency_id: AgencyId,
    /// Who sent it.
    pub carrier: Carrier,
    /// The carrier's id of it, or the hash of the body where there is none.
    pub webhook_id: String,
    /// The carrier's word for what happened.
    pub event_type: String,
    /// The leg it names.
    pub leg: Option<LegHandle>,
    /// The connection it names.
    pub connection_id: Option<String>,
    /// The carrier's clock.
    pub occurred_at: Timestamp,
    /// Our listener's clock.
    pub received_at: Timestamp,
    /// The body, as sent, without links to recordings.
    pub body: String,
}

/// An event, and how it is published.
#[derive(Clone, Debug)]
pub struct NewEvent {
    pub event: Happened,
    /// With its number and its text.
    pub published: Published,
}

/// A claim as it is written.
#[derive(Clone, Debug)]
pub struct WrittenClaim {
    /// Whose it is.
    pub agency_id: AgencyId,
    pub claim: Claim,
    /// How it stands.
    pub standing: Standing,
    /// Its latest command, which stands in the claim's row too: nodes of the previous release look
    /// for it there.
    pub command: Command,
}

/// What the batch writes.
#[derive(Debug, Default)]
pub struct Writes {
    /// Legs that learnt something.
    pub legs: Vec<(AgencyId, Leg)>,
    /// Calls that changed.
    pub calls: Vec<Call>,
    /// Finished calls, new or with something learnt since.
    pub call_logs: Vec<CallLog>,
    /// Claims that may have changed.
    pub claims: Vec<WrittenClaim>,
    /// Commands that are new, or of which something was heard.
    pub commands: Vec<(AgencyId, Command)>,
    /// Webhooks that were new, or are taken up again.
    pub webhooks: Vec<(StoredWebhook, WebhookOutcome)>,
    /// Those of them that are taken up again.
    pub retaken: Vec<WebhookKey>,
    /// Legs whose waiting webhooks have now been taken in.
    pub unheld: Vec<(AgencyId, LegHandle)>,
    /// Events, in order.
    pub events: Vec<NewEvent>,
    /// The new head of each agency that has new events.
    pub heads: Vec<(AgencyId, Head)>,
    /// What is owed to the carrier from now on, in place of what was owed of the same kind.
    pub errands: Vec<Errand>,
    /// Agents that are new, or of which something has changed.
    pub agents: Vec<KnownAgent>,
    /// Those who are nobody of the agency's any more.
    pub agents_gone: Vec<AgentKey>,
    /// What they were until now, by the number of the event that ended it.
    pub agent_times: Vec<(i64, AgentTime)>,
}
