//! The words of the trade and the rules of a call, with no input, no output and no clock.
//!
//! Nothing here derives serde: wire shapes live beside the stranger they serve.

mod agent;
mod agent_stats;
mod audience;
mod call;
mod call_log;
mod carrier;
mod claim;
mod command;
mod credential;
mod errand;
mod event;
mod hangup;
mod id;
mod key;
mod leg;
mod mark;
mod number;
mod participant;
mod people;
mod recording;
mod reply;
mod reported;
mod right;
mod settings;
mod stats;
mod status;
mod subject;
mod time;
mod words;
mod zone;

pub use agent::{
    Agent, AgentFacts, AgentPhone, AgentState, AgentTime, Choice, GRACE_S, Hands, KnownAgent,
};
pub use agent_stats::{AgentCounts, AgentStats};
pub use audience::Audience;
pub use call::{Call, Status};
pub use call_log::{CallLog, CallResult, LoggedCall};
pub use carrier::{Carrier, LegHandle};
pub use claim::{CLAIM_SECONDS, Claim, ClaimEnd, ReleaseReason};
pub use command::{Action, Command, CommandState, Refusal, latest as latest_command, next};
pub use credential::{
    CarrierCredential, CredentialError, CredentialKey, check as check_credential, oddity,
    parse_public_key, prefix as credential_prefix,
};
pub use errand::{Errand, ErrandKind};
pub use event::{AgentEvent, AgentEventType, Event, EventType, Happened, Reason};
pub use hangup::HangupCause;
pub use id::{AgencyId, CallId, ClaimId, CommandId, KeyId, UserId};
pub use key::{AgencyKey, KeyRight};
pub use leg::{Direction, Leg, LegEvent, LegNews};
pub use mark::Mark;
pub use number::{Party, is_withheld};
pub use participant::{Participant, ParticipantKind, ParticipantState};
pub use people::{
    Absence, Actor, Agency, LinkPurpose, MailKind, MailStanding, MailState, Role, Seat, SigningIn,
    User,
};
pub use recording::Recording;
pub use reply::Reply;
pub use reported::{Moment, Reported, value_of};
pub use right::Right;
pub use settings::{AgencyChange, AgencySettings, SettingError};
pub use stats::{Hour, HourOfResult, Stats, Waiting};
pub use status::{Derived, Facts, Standing, derive};
pub use subject::Subject;
pub use time::Timestamp;
pub(crate) use words::words;
pub use zone::Zone;
