//! The words and formats that fields of the JSON may have, for the documents. The words are the
//! domain's own lists, so that a new one is in the documents without anyone's memory.

use crate::domain::{
    Absence, AgentEventType, AgentPhone, AgentState, CallResult, CredentialKey, EventType,
    KeyRight, MailStanding, ParticipantKind, ParticipantState, Reason, Role, Status,
};
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

/// Declares the schema of a text that is one of some words.
macro_rules! words {
    ($($(#[$meta:meta])* $type:ident $name:literal $text:literal $words:expr;)*) => {$(
        $(#[$meta])*
        #[derive(Debug)]
        #[allow(unreachable_pub)] // some are used outside of the room, and some are not
        pub struct $type;

        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                let words: Vec<&'static str> = $words;
                one_of(words, $text).into()
            }
        }

        impl ToSchema for $type {
            fn name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }
        }
    )*};
}

words! {
    /// What a call's status may be.
    StatusName "Status"
        "`incoming`: it rings and nobody has it. `answering`: an agent has claimed it. `answered`: \
         somebody is, or was, on it. `ended`: it is over, for good."
        Status::ALL.map(Status::name).into();
    /// What an event's type may be.
    EventName "EventType"
        "What happened. Types to come are to be passed over."
        EventType::ALL.map(EventType::name).into();
    /// What an event's reason may be.
    ReasonName "Reason"
        "Why a claim fell (`call.released`) or how the end was learnt of (`call.ended`: `hangup`; \
         `reconciled` when the carrier said so only when asked; `unknown` when it could not be asked)."
        Reason::all().map(Reason::name).collect();
    /// What sort of party somebody on a call is.
    ParticipantKindName "ParticipantKind"
        "`agent`: one of the agency's people. `outside`: somebody of whom no claim tells. `ai`: a \
         program that talks. Kinds to come are to be shown as they are."
        ParticipantKind::ALL.map(ParticipantKind::name).into();
    /// What somebody does on a call.
    ParticipantStateName "ParticipantState"
        "`ringing`: the phone rings. `talking`: has the caller. `holding`: has put the caller on \
         hold. `consulting`: talks with a colleague while the caller waits. `listening`: listens in. \
         `left`: is not there any more, or never was."
        ParticipantState::ALL.map(ParticipantState::name).into();
    /// What an event of an agent's type may be.
    AgentEventName "AgentEventType"
        "`agent.updated`: the agent is this now. `agent.removed`: the person is none of the agency's \
         any more, and goes from the board."
        AgentEventType::ALL.map(AgentEventType::name).into();
    /// What an agent's state may be.
    AgentStateName "AgentState"
        "`available`: there, and free. `busy`: has a call, or a phone that rings for one. `away`: \
         there, and not to be called. `wrap_up`: has had a call and writes about it, for the agency's \
         `wrap_up_s`. `offline`: no board open for 30 s."
        AgentState::ALL.map(AgentState::name).into();
    /// What an agent's calls are heard on.
    AgentPhoneName "AgentPhone"
        "`ready`: in the browser. `other`: on a phone of their own. `absent`: none of their own is known."
        AgentPhone::ALL.map(AgentPhone::name).into();
    /// How a finished call came out.
    ResultName "CallResult"
        "`answered`; `abandoned`: the caller left unanswered; `missed`: unanswered otherwise."
        CallResult::ALL.map(CallResult::name).into();
    /// What a key for programs may do.
    KeyRightName "KeyRight"
        "`calls:read`: see calls, their logs and recordings. `calls:act`: answer calls, give them \
         back and end them, and write about them. `ultravox:import`: change the agency's carriers in \
         its Ultravox account. `display`: show the board on a wall, with callers' numbers masked."
        KeyRight::ALL.map(KeyRight::name).into();
    /// What a person may do.
    RoleName "Role"
        "What a person may do in the agency."
        Role::ALL.map(Role::name).into();
    /// What became of a mail.
    MailStandingName "MailStanding"
        "`waiting`; `sent`: the mail server has taken it; `failed`: it was given up."
        MailStanding::ALL.map(MailStanding::name).into();
    /// How somebody stands to the agency.
    PersonStatusName "PersonStatus"
        "`active`: works there. `invited`: has not come yet. `removed`: may be given the seat again."
        std::iter::once("active").chain(Absence::ALL.map(Absence::name)).collect();
    /// The names of credentials.
    CredentialName "CredentialKey"
        "Which credential."
        CredentialKey::ALL.iter().map(|key| key.name()).collect();
    /// The direction of every call here.
    Inbound "Direction"
        "Every call of the board comes in."
        vec!["inbound"];
}

fn one_of(words: Vec<&'static str>, text: &str) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(words))
        .description(Some(text))
        .build()
}

/// A moment.
#[derive(Debug)]
pub struct Time;

impl PartialSchema for Time {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::Custom("date-time".into())))
            .description(Some("RFC 3339 in UTC, with microseconds."))
            .build()
            .into()
    }
}

impl ToSchema for Time {}
