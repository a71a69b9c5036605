//! The rows of claims and of their commands.

use super::StoreError;
use super::batch::WrittenClaim;
use super::rows::{id, unknown};
use super::schema::plain::{claims, commands};
use crate::domain::{
    Action, AgencyId, CallId, Claim, ClaimEnd, ClaimId, Command, CommandId, CommandState, Refusal,
    ReleaseReason, Standing, Timestamp, UserId,
};
use diesel::prelude::*;
use serde::Serialize;

#[derive(Clone, Debug, Queryable, Insertable, Serialize)]
#[diesel(table_name = claims, treat_none_as_default_value = false)]
pub struct ClaimRow {
    pub id: String,
    pub agency_id: String,
    pub call_id: String,
    pub ordinal: i32,
    pub user_id: String,
    pub user_name: Option<String>,
    pub claimed_at: i64,
    pub released_at: Option<i64>,
    pub release_reason: Option<String>,
    pub plain_answer: bool,
    pub standing: String,
    pub deadline_at: i64,
    pub command: String,
    pub command_n: i32,
    pub command_accepted: bool,
}

#[derive(Clone, Debug, Queryable, Insertable, Serialize)]
#[diesel(table_name = commands, treat_none_as_default_value = false)]
pub struct CommandRow {
    pub id: String,
    pub agency_id: String,
    pub call_id: String,
    pub claim_id: Option<String>,
    pub action: String,
    pub n: i32,
    pub state: String,
    pub asked_at: i64,
}

const RELEASED: &str = "released: ";
const HANDED_OVER: &str = "handed_over: ";

fn standing_word(standing: Standing) -> String {
    match standing {
        Standing::Open => "open".into(),
        Standing::Won => "won".into(),
        Standing::Released(reason) => format!("{RELEASED}{}", reason.name()),
        Standing::HandedOver { to } => format!("{HANDED_OVER}{to}"),
    }
}

fn read_standing(word: &str) -> Option<Standing> {
    match word {
        "open" => Some(Standing::Open),
        "won" => Some(Standing::Won),
        word => Some(
            match read_end(word.strip_prefix(RELEASED).unwrap_or(word))? {
                ClaimEnd::Released(reason) => Standing::Released(reason),
                ClaimEnd::HandedOver { to } => Standing::HandedOver { to },
            },
        ),
    }
}

fn end_word(end: ClaimEnd) -> String {
    match end {
        ClaimEnd::Released(reason) => reason.name().into(),
        ClaimEnd::HandedOver { to } => format!("{HANDED_OVER}{to}"),
    }
}

fn read_end(word: &str) -> Option<ClaimEnd> {
    match word.strip_prefix(HANDED_OVER) {
        Some(to) => to.parse().ok().map(|to| ClaimEnd::HandedOver { to }),
        None => ReleaseReason::from_name(word).map(ClaimEnd::Released),
    }
}

impl ClaimRow {
    pub fn of(written: &WrittenClaim) -> Self {
        let WrittenClaim {
            agency_id,
            claim,
            standing,
            command,
        } = written;
        Self {
            id: claim.id.to_string(),
            agency_id: agency_id.to_string(),
            call_id: claim.call_id.to_string(),
            ordinal: claim.ordinal,
            user_id: claim.user_id.to_string(),
            user_name: claim.user_name.clone(),
            claimed_at: claim.claimed_at.micros(),
            released_at: claim.ended.map(|(at, _)| at.micros()),
            release_reason: claim.ended.map(|(_, end)| end_word(end)),
            plain_answer: claim.plain_answer,
            standing: standing_word(*standing),
            deadline_at: claim.deadline.micros(),
            command: command.action.name().into(),
            command_n: command.n,
            command_accepted: command.state.is_accepted(),
        }
    }

    pub fn standing(&self) -> Result<Standing, StoreError> {
        read_standing(&self.standing)
            .ok_or_else(|| unknown("claims.standing", &self.id, &self.standing))
    }

    pub fn claim(self) -> Result<(AgencyId, Claim), StoreError> {
        let ended = match (self.released_at, self.release_reason.as_deref()) {
            (Some(at), Some(word)) => {
                let end = read_end(word)
                    .ok_or_else(|| unknown("claims.release_reason", &self.id, word))?;
                Some((Timestamp::from_micros(at), end))
            }
            _ => None,
        };
        let agency = AgencyId(id(&self.agency_id, "claims.agency_id")?);
        let claim = Claim {
            id: ClaimId(id(&self.id, "claims.id")?),
            call_id: CallId(id(&self.call_id, "claims.call_id")?),
            ordinal: self.ordinal,
            user_id: UserId(id(&self.user_id, "claims.user_id")?),
            user_name: self.user_name,
            claimed_at: Timestamp::from_micros(self.claimed_at),
            ended,
            plain_answer: self.plain_answer,
            deadline: Timestamp::from_micros(self.deadline_at),
        };
        Ok((agency, claim))
    }

    /// The command in the claim's own columns. Nodes of the previous release know no other.
    fn command(&self) -> Result<(Action, CommandState), StoreError> {
        let action = Action::from_name(&self.command)
            .ok_or_else(|| unknown("claims.command", &self.id, &self.command))?;
        let state = match self.command_accepted {
            true => CommandState::Accepted,
            false => CommandState::Asked,
        };
        Ok((action, state))
    }

    /// The claim with its commands: what their rows say, and what the claim's own columns say
    /// beyond them. A node of the previous release writes the columns alone.
    pub fn with_commands(
        self,
        rows: Vec<CommandRow>,
    ) -> Result<(AgencyId, Claim, Vec<Command>), StoreError> {
        let commands = rows.into_iter().map(CommandRow::command);
        let mut commands: Vec<Command> = commands.collect::<Result<_, _>>()?;
        let (action, state) = self.command()?;
        let n = self.command_n;
        let (agency, claim) = self.claim()?;
        let latest = commands.iter().map(|command| command.n).max();
        match commands.iter_mut().find(|command| command.n == n) {
            Some(known) => known.learn(state),
            None if latest.is_none_or(|latest| latest < n) => {
                // It followed, so those before it were refused.
                let refusal = match action {
                    Action::Transfer => Refusal::CallerId,
                    Action::Answer if claim.plain_answer => Refusal::ForGood,
                    Action::Answer => Refusal::NotAnswered,
                };
                for earlier in &mut commands {
                    earlier.learn(CommandState::Refused(refusal));
                }
                commands.push(Command::of_claim(&claim, action, n).now(state));
            }
            None => {}
        }
        Ok((agency, claim, commands))
    }
}

impl CommandRow {
    pub fn of(agency: AgencyId, command: &Command, now: Timestamp) -> Self {
        Self {
            id: command.id.to_string(),
            agency_id: agency.to_string(),
            call_id: command.call.to_string(),
            claim_id: command.by.map(|claim| claim.to_string()),
            action: command.action.name().into(),
            n: command.n,
            state: command.state.name().into(),
            asked_at: now.micros(),
        }
    }

    fn command(self) -> Result<Command, StoreError> {
        Ok(Command {
            id: CommandId(id(&self.id, "commands.id")?),
            call: CallId(id(&self.call_id, "commands.call_id")?),
            by: match self.claim_id {
                Some(claim) => Some(ClaimId(id(&claim, "commands.claim_id")?)),
                None => None,
            },
            action: Action::from_name(&self.action)
                .ok_or_else(|| unknown("commands.action", &self.id, &self.action))?,
            n: self.n,
            state: CommandState::from_name(&self.state)
                .ok_or_else(|| unknown("commands.state", &self.id, &self.state))?,
        })
    }
}
