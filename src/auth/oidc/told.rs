//! What a provider tells for a code, and of whom.

use super::OidcError;
use crate::config::Allowed;
use secrecy::SecretString;
use serde::Deserialize;

/// Longest name and address that are taken over.
const LONGEST_TEXT: usize = 200;

/// What it gives for a code.
#[derive(Deserialize)]
pub(super) struct Tokens {
    pub(super) id_token: SecretString,
    pub(super) access_token: SecretString,
}

/// Somebody, in the provider's words.
#[derive(Deserialize)]
pub(super) struct Person {
    pub(super) sub: String,
    name: Option<String>,
    email: Option<String>,
    email_verified: Option<Flag>,
    #[serde(default, deserialize_with = "one_or_more")]
    pub(super) groups: Vec<String>,
}

/// Some providers write it as a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Flag {
    Is(bool),
    Says(String),
}

impl Person {
    /// Whether more must be asked to know if they are let in, or what to call them.
    pub(super) fn lacks(&self, allowed: &Allowed) -> bool {
        let groups = !allowed.groups.is_empty() && self.groups.is_empty();
        groups || self.verified_email().is_none() || self.name.is_none()
    }

    /// Takes over what was told besides, if it is of the same person.
    pub(super) fn learn(&mut self, more: Option<Person>) -> Result<(), OidcError> {
        let Some(more) = more else {
            return Ok(());
        };
        if more.sub != self.sub {
            return Err(OidcError::Token(
                "what is told besides is of somebody else".to_owned(),
            ));
        }
        if self.verified_email().is_none() {
            self.email = more.email;
            self.email_verified = more.email_verified;
        }
        self.name = self.name.take().or(more.name);
        if self.groups.is_empty() {
            self.groups = more.groups;
        }
        Ok(())
    }

    /// What colleagues read.
    pub(super) fn shown_name(&self) -> Option<String> {
        let name = self.name.as_deref().map(str::trim);
        let name = name.filter(|name| !name.is_empty() && name.chars().count() <= LONGEST_TEXT);
        name.map(str::to_owned)
    }

    /// The address that the provider vouches for.
    pub(super) fn verified_email(&self) -> Option<&str> {
        let vouched = match self.email_verified.as_ref()? {
            Flag::Is(is) => *is,
            Flag::Says(says) => says == "true",
        };
        let email = self.email.as_deref().filter(|_| vouched)?;
        (email.contains('@') && email.chars().count() <= LONGEST_TEXT).then_some(email)
    }
}

fn one_or_more<'de, D: serde::Deserializer<'de>>(given: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        None,
        One(String),
        More(Vec<serde_json::Value>),
    }
    Ok(match Given::deserialize(given)? {
        Given::None => Vec::new(),
        Given::One(one) => vec![one],
        Given::More(more) => {
            let texts = more.into_iter();
            let text = |value: serde_json::Value| value.as_str().map(str::to_owned);
            texts.filter_map(text).collect()
        }
    })
}
