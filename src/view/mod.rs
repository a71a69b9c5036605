//! The JSON of calls and events, written once for sockets and REST, and its schemas for the
//! documents of both.

mod agency;
mod agent;
mod answer;
mod call;
mod call_log;
mod event;
mod key;
mod mask;
mod person;
mod plain;
mod published;
mod schemas;
mod stats;
mod wire;
mod words;

pub use agency::AgencySettingsView;
pub use agent::{AgentEventView, AgentView, agent_row};
pub use answer::{AcceptedView, ErrorView};
pub use call::{CallView, call_row};
pub use call_log::CallLogView;
pub use event::EventView;
pub use key::{KeyView, NewKeyView};
pub use mask::{caller_name_for, masked_or_nothing, number_for};
pub use person::{AgencyView, MeView, PersonView, UserView};
pub use plain::plain;
pub use published::{Published, Row};
pub use schemas::{Schemas, example};
pub use stats::StatsView;
pub use wire::Told;
pub use words::{CredentialName, KeyRightName, MailStandingName, RoleName, Time};

use crate::domain::Timestamp;
use serde::Serializer;

fn rfc3339<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

fn rfc3339_or_null<S: Serializer>(
    at: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => serializer.collect_str(at),
        None => serializer.serialize_none(),
    }
}
