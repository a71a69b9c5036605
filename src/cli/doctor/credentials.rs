//! An agency's credentials: which there are, whether they open, and whether they look right.

use super::finding::Findings;
use super::subject::{Checkup, Subject};
use crate::domain::{Carrier, CredentialKey, check_credential};
use secrecy::ExposeSecret;

pub(super) fn check(checkup: &Checkup, subject: &Subject, found: &mut Findings) {
    let (agency, credentials) = (&subject.agency, &subject.credentials);
    let set = format!("`callboard credentials set --agency {}", agency.id);
    for (key, why) in &credentials.unopened {
        found.wrong(
            format!("{key} is stored and cannot be opened: {why}"),
            format!(
                "put the key that sealed it into CALLBOARD_ENCRYPTION_KEY, or store it again: \
                 {set} {key}=-`"
            ),
        );
    }
    let mut held: Vec<CredentialKey> = credentials.values.keys().copied().collect();
    held.sort();
    let mut as_usual = Vec::new();
    for key in held {
        let Some(value) = credentials.values.get(&key) else {
            continue;
        };
        match check_credential(key, value.expose_secret()) {
            Ok(None) => as_usual.push(key.name()),
            Ok(Some(doubt)) => found.doubtful(
                doubt,
                "look whether it was copied whole, and without what stands around it",
            ),
            Err(error) => found.wrong(error.to_string(), format!("store it anew: {set} {key}=-`")),
        }
    }
    if !as_usual.is_empty() {
        let names = as_usual.join(", ");
        found.right(format!("there are and can be opened: {names}"));
    }
    let has_none = credentials.values.is_empty() && credentials.unopened.is_empty();
    if has_none && checkup.config.encryption_key.is_none() {
        found.doubtful(
            "no credential is stored, and none can be: CALLBOARD_ENCRYPTION_KEY is not set",
            "make a key with `openssl rand -base64 32` and set it on every node",
        );
    }
    if subject.profile.public_keys(Carrier::Telnyx).is_empty() {
        found.wrong(
            "there is no usable telnyx_public_key, so every webhook is refused",
            format!(
                "copy it from the Telnyx portal (Keys & Credentials, Public Key) and store it: \
                 {set} telnyx_public_key=…`"
            ),
        );
    }
}
