//! Commands about agencies, their people and their credentials.

use crate::config::parse_duration;
use crate::domain::{AgencyId, Role, UserId};
use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;

/// `agency`
#[derive(Clone, Debug, Subcommand)]
pub enum AgencyCommand {
    /// Create an agency and print its id
    Create(CreateAgency),
    /// Change how an agency shows callers' numbers
    Set(SetAgency),
    /// List the agencies
    List(ListAgencies),
}

/// `agency create`
#[derive(Args, Clone, Debug)]
pub struct CreateAgency {
    /// What people call it
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub name: String,
    /// Its id [default: a new one]
    #[arg(long, value_name = "UUID")]
    pub id: Option<AgencyId>,
    /// Print the whole row as JSON
    #[arg(long)]
    pub json: bool,
}

/// `agency set`
#[derive(Args, Clone, Debug)]
pub struct SetAgency {
    /// Its id
    #[arg(long, value_name = "UUID")]
    pub id: AgencyId,
    /// The roles for which callers' numbers are masked, with commas; `none`: for nobody
    ///
    /// Masked, a number keeps its country's code and its last two digits, wherever it is shown, and
    /// cannot be searched. Open boards reconnect within 5 s. Nodes of a release that does not know
    /// this setting mask nothing: replace them first.
    #[arg(long, value_name = "ROLES", value_parser = masked_roles)]
    pub mask_numbers_for: MaskedRoles,
}

/// The roles for which numbers are masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskedRoles(pub Vec<Role>);

/// `agency list`
#[derive(Args, Clone, Copy, Debug)]
pub struct ListAgencies {
    /// Print the rows as JSON, names included, in place of the ids alone
    #[arg(long)]
    pub json: bool,
}

/// `user`
#[derive(Clone, Debug, Subcommand)]
pub enum UserCommand {
    /// Add a person, or change the one with that id: what is left out stays as it is
    Add(AddUser),
    /// List the people
    List(ListUsers),
    /// Invite somebody and print the link alone; it is good once, for 7 days
    Invite(InviteUser),
    /// Print a link by which somebody chooses another password; it is good once, for an hour
    Reset(ResetUser),
    /// Remove a person, whose boards are closed within 5 s
    Remove(RemoveUser),
}

/// `user add`
#[derive(Args, Clone, Debug)]
pub struct AddUser {
    /// Where this person works
    #[arg(long, value_name = "UUID")]
    pub agency: AgencyId,
    /// The `sub` of this person's access tokens
    #[arg(long, value_name = "UUID")]
    pub id: UserId,
    /// What this person may do
    #[arg(long, value_name = "ROLE", value_parser = role_parser())]
    pub role: Role,
    /// Shown to colleagues
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub name: Option<String>,
    /// For the agency's own use
    #[arg(long, value_name = "EMAIL", value_parser = NonEmptyStringValueParser::new())]
    pub email: Option<String>,
    /// User part of the SIP address where this person's calls are transferred to
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub sip_username: Option<String>,
    /// Print the whole row as JSON
    #[arg(long)]
    pub json: bool,
}

/// `user invite`
#[derive(Args, Clone, Debug)]
pub struct InviteUser {
    /// Where they will work
    #[arg(long, value_name = "UUID")]
    pub agency: AgencyId,
    /// What they may do
    #[arg(long, value_name = "ROLE", value_parser = role_parser())]
    pub role: Role,
    /// Shown to colleagues; they may choose another
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub name: Option<String>,
    /// What they sign in with; without it they say it themselves
    #[arg(long, value_name = "EMAIL", value_parser = NonEmptyStringValueParser::new())]
    pub email: Option<String>,
}

/// `user reset`
#[derive(Args, Clone, Copy, Debug)]
pub struct ResetUser {
    /// Whose password
    #[arg(long, value_name = "UUID")]
    pub id: UserId,
}

/// `user list`
#[derive(Args, Clone, Copy, Debug)]
pub struct ListUsers {
    /// Only the people of this agency
    #[arg(long, value_name = "UUID")]
    pub agency: Option<AgencyId>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `user remove`
#[derive(Args, Clone, Copy, Debug)]
pub struct RemoveUser {
    /// The `sub` of this person's access tokens
    #[arg(long, value_name = "UUID")]
    pub id: UserId,
}

/// `forget`
#[derive(Args, Clone, Debug)]
pub struct ForgetArgs {
    /// The number of somebody who called, or a SIP address as it was sent: found by its last digits,
    /// at least 7, whatever stands between them
    #[arg(
        long,
        value_name = "N",
        allow_hyphen_values = true,
        required_unless_present = "person",
        conflicts_with = "person"
    )]
    pub number: Option<String>,
    /// One of the people who sign in: the `sub` of their access tokens
    #[arg(long, value_name = "UUID")]
    pub person: Option<UserId>,
    /// In this agency alone
    #[arg(long, value_name = "UUID")]
    pub agency: Option<AgencyId>,
}

/// `credentials`
#[derive(Clone, Debug, Subcommand)]
pub enum CredentialsCommand {
    /// Store credentials: all of them, or none if one is refused
    Set(SetCredentials),
    /// List the keys and the first characters of each value: 4, and never more than a quarter
    List(ListCredentials),
    /// Wrap every agency's data key anew with the first of the keys in CALLBOARD_ENCRYPTION_KEY
    ///
    /// Put the new key first and leave the former one after it, on every node; then rotate; then
    /// take the former one away. One that was cut off is finished by running it again.
    Rotate,
}

/// `credentials set`
#[derive(Args, Clone, Debug)]
pub struct SetCredentials {
    /// Whose credentials
    #[arg(long, value_name = "UUID")]
    pub agency: AgencyId,
    /// Keys and values; `KEY=-` reads the value from stdin, out of sight of other users
    #[arg(required = true, value_name = "KEY=VALUE")]
    pub pairs: Vec<SecretString>,
}

/// `credentials list`
#[derive(Args, Clone, Copy, Debug)]
pub struct ListCredentials {
    /// Whose credentials
    #[arg(long, value_name = "UUID")]
    pub agency: AgencyId,
}

/// `token`
#[derive(Args, Clone, Copy, Debug)]
pub struct TokenArgs {
    /// Whose token: its `sub`
    #[arg(long, value_name = "UUID")]
    pub user: UserId,
    /// How long it is good for: 90s, 30m, 1h, 2d
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = parse_duration)]
    pub ttl: Duration,
}

/// One credential to store.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The name of it, not yet checked against those that there are.
    pub key: String,
    /// Where its value is.
    pub value: CredentialValue,
}

/// Where a credential's value is.
#[derive(Clone, Debug)]
pub enum CredentialValue {
    /// Here.
    Given(SecretString),
    /// To be read from stdin.
    Stdin,
}

/// Why the pairs cannot be used. Never repeats one, since the value may stand where the key should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// One is not `KEY=VALUE`; counted from 1.
    #[error(
        "credential {0}: expected KEY=VALUE, found no = or nothing before it; write telnyx_api_key=VALUE, or telnyx_api_key=- to read the value from stdin"
    )]
    NotAPair(usize),
    /// There is one stdin.
    #[error("expected one KEY=- at most, since there is one stdin; store the others one by one")]
    StdinTwice,
}

impl SetCredentials {
    /// The credentials to store, in the order in which they were given.
    ///
    /// # Errors
    /// When one is no pair, or two are to be read from stdin.
    pub fn credentials(&self) -> Result<Vec<Credential>, CredentialError> {
        let read = |(index, pair): (usize, &SecretString)| {
            credential(pair.expose_secret()).ok_or(CredentialError::NotAPair(index + 1))
        };
        let credentials: Vec<Credential> = self
            .pairs
            .iter()
            .enumerate()
            .map(read)
            .collect::<Result<_, _>>()?;
        let from_stdin =
            |credential: &&Credential| matches!(credential.value, CredentialValue::Stdin);
        match credentials.iter().filter(from_stdin).count() {
            0 | 1 => Ok(credentials),
            _ => Err(CredentialError::StdinTwice),
        }
    }
}

fn credential(pair: &str) -> Option<Credential> {
    let (key, value) = pair.split_once('=')?;
    let value = match value {
        "-" => CredentialValue::Stdin,
        value => CredentialValue::Given(value.into()),
    };
    let key = key.trim().to_owned();
    (!key.is_empty()).then_some(Credential { key, value })
}

fn masked_roles(text: &str) -> Result<MaskedRoles, String> {
    if text == "none" {
        return Ok(MaskedRoles(Vec::new()));
    }
    let role = |name: &str| {
        Role::from_name(name.trim()).ok_or_else(|| {
            let names = Role::ALL.map(Role::name).join(", ");
            format!("{name:?} is no role; there are {names}; or write none")
        })
    };
    text.split(',')
        .map(role)
        .collect::<Result<_, _>>()
        .map(MaskedRoles)
}

fn role_parser() -> impl TypedValueParser<Value = Role> {
    let names = [Role::Owner, Role::Admin, Role::Member].map(Role::name);
    PossibleValuesParser::new(names).try_map(|name| Role::from_name(&name).ok_or("no such role"))
}
