//! Where an agency's people are called: SIP names, and the server of them.

use super::finding::Findings;
use super::subject::{Checkup, Subject, some_names};
use crate::config::SIGNALLING_HOST;
use crate::domain::{CredentialKey, User};
use secrecy::ExposeSecret;
use std::collections::BTreeMap;

const OWN: &str = "give each a telephony credential at Telnyx, and its name here: \
     `callboard user add --agency ID --id USER --role ROLE --sip-username NAME`";

pub(super) fn check(checkup: &Checkup, subject: &Subject, found: &mut Findings) {
    let agents: Vec<&User> = subject.agents().collect();
    if agents.is_empty() {
        let id = subject.agency.id;
        found.wrong(
            "nobody works there, so nobody sees its calls",
            format!("`callboard user add --agency {id} --id USER --role agency_member`"),
        );
        return;
    }
    if subject.people.len() > agents.len() {
        let roleless = subject.people.iter().filter(|user| user.role.is_none());
        let roleless = some_names(&roleless.collect::<Vec<_>>());
        let fact = format!("{roleless} without a role, who cannot sign in to it");
        found.doubtful(fact, "`callboard user add` with --role");
    }
    let (named, nameless): (Vec<&User>, Vec<&User>) = agents
        .into_iter()
        .partition(|user| sip_name(user).is_some());
    judge_names(subject, &nameless, found);
    judge_twins(&named, found);
    judge_server(checkup, subject, found);
}

fn judge_names(subject: &Subject, nameless: &[&User], found: &mut Findings) {
    let shared = subject.credentials.get(CredentialKey::TelnyxSipUsername);
    if nameless.is_empty() {
        found.right("everyone has a SIP name");
        return;
    }
    let who = some_names(nameless);
    match shared {
        Some(_) => found.doubtful(
            format!(
                "{who} without a SIP name of their own: calls ring at the shared \
                 telnyx_sip_username, which rings the last client that registered, whoever answered"
            ),
            OWN,
        ),
        None => found.doubtful(
            format!(
                "{who} without a SIP name: a call that they answer is answered, and transferred \
                 to no phone"
            ),
            OWN,
        ),
    }
}

fn judge_twins(named: &[&User], found: &mut Findings) {
    let mut by_name: BTreeMap<&str, Vec<&User>> = BTreeMap::new();
    for user in named {
        if let Some(name) = sip_name(user) {
            by_name.entry(name).or_default().push(user);
        }
    }
    for users in by_name.into_values().filter(|users| users.len() > 1) {
        let who = some_names(&users);
        let fact =
            format!("{who} with the same SIP name: it rings the last client that registered");
        found.doubtful(fact, OWN);
    }
}

fn judge_server(checkup: &Checkup, subject: &Subject, found: &mut Findings) {
    let own = subject.credentials.get(CredentialKey::TelnyxSipServer);
    let (server, setting) = match own {
        Some(own) => (own.expose_secret(), "telnyx_sip_server"),
        None => (
            checkup.config.providers.sip_server.as_str(),
            "TELNYX_SIP_SERVER",
        ),
    };
    if server.split(':').next() == Some(SIGNALLING_HOST) {
        found.doubtful(
            format!(
                "{setting} is {SIGNALLING_HOST}, which Telnyx documents as the signalling host of \
                 WebRTC clients only: calls may not reach the agents"
            ),
            format!("set {setting} to sip.telnyx.com"),
        );
    } else {
        found.right(format!("phones are called at {server}"));
    }
}

fn sip_name(user: &User) -> Option<&str> {
    user.sip_username.as_deref().filter(|name| !name.is_empty())
}
