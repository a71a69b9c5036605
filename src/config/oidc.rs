//! An identity provider at which people sign in, by OpenID Connect.

use super::error::{Mistake, Mistakes, Rule, given, quoted};
use super::web_url;
use clap::Args;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

const ISSUER: Rule = Rule {
    name: "OIDC_ISSUER",
    expected: "the provider's name as it stands in its tokens: an https address (http on loopback)",
    fix: "copy \"issuer\" from its /.well-known/openid-configuration, to the last slash",
};
const CLIENT_ID: Rule = Rule {
    name: "OIDC_CLIENT_ID",
    expected: "what the provider calls this server, with OIDC_ISSUER beside it",
    fix: "register this server at the provider, or leave all of OIDC_… out",
};
const ALLOWED: Rule = Rule {
    name: "OIDC_ALLOWED",
    expected: "whom to let in, with commas: domains of their addresses, group:NAME, or * for everybody there",
    fix: "set OIDC_ALLOWED=example.com or OIDC_ALLOWED=group:call-center",
};
const ALONE: Rule = Rule {
    name: "OIDC_ISSUER",
    expected: "one place to sign in",
    fix: "leave OIDC_… out and turn the provider on in the Supabase project, or leave SUPABASE_ANON_KEY out",
};

/// The identity provider, as written.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Signing in by an identity provider")]
pub struct OidcSettings {
    /// Identity provider (OpenID Connect): its issuer, exactly as its tokens name it
    #[arg(
        long,
        env = "OIDC_ISSUER",
        value_name = "URL",
        global = true,
        hide_short_help = true
    )]
    pub oidc_issuer: Option<String>,
    /// What the provider calls this server. Its redirect address there is the public address with
    /// /auth/v1/callback
    #[arg(
        long,
        env = "OIDC_CLIENT_ID",
        value_name = "ID",
        global = true,
        hide_short_help = true
    )]
    pub oidc_client_id: Option<String>,
    /// The secret that goes with it; none for a public client
    ///
    /// Other users of this machine can read flags: use the variable.
    #[arg(
        long,
        env = "OIDC_CLIENT_SECRET",
        hide_env_values = true,
        value_name = "SECRET",
        global = true,
        hide_short_help = true
    )]
    pub oidc_client_secret: Option<SecretString>,
    /// Whom to let in, with commas between them: domains of verified addresses, group:NAME, or * for
    /// everybody whom the provider knows
    #[arg(
        long,
        env = "OIDC_ALLOWED",
        value_name = "DOMAIN|group:NAME[,…]",
        global = true,
        hide_short_help = true
    )]
    pub oidc_allowed: Option<String>,
}

/// An identity provider.
#[derive(Clone, Debug)]
pub struct Oidc {
    /// Its name, to the last character.
    pub issuer: String,
    /// The same, as an address.
    pub address: Url,
    /// What it calls us.
    pub client_id: String,
    /// What we show to it.
    pub client_secret: Option<SecretString>,
    /// Whom we let in of those whom it knows.
    pub allowed: Allowed,
}

/// Whom we let in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// Everybody.
    pub everybody: bool,
    /// Whoever has an address in one of these domains, in small letters.
    pub domains: Vec<String>,
    /// Whoever is in one of these groups.
    pub groups: Vec<String>,
}

impl Oidc {
    pub(super) fn read(
        settings: &OidcSettings,
        signs_in_at_the_project: bool,
        mistakes: &mut Mistakes,
    ) -> Option<Self> {
        let address = mistakes.read_in_words(&ISSUER, settings.oidc_issuer.as_ref(), issuer);
        let allowed = mistakes.read_in_words(&ALLOWED, settings.oidc_allowed.as_ref(), allowed);
        let client_id = given(settings.oidc_client_id.as_ref());
        let Some(issuer) = given(settings.oidc_issuer.as_ref()) else {
            if client_id.is_some() {
                mistakes.keep::<()>(Err(CLIENT_ID.broken("no OIDC_ISSUER")));
            }
            return None;
        };
        if signs_in_at_the_project {
            mistakes.keep::<()>(Err(ALONE.broken("SUPABASE_ANON_KEY beside it")));
        }
        let client_id = mistakes.keep(client_id.ok_or_else(|| missing(&CLIENT_ID)));
        let allowed = match given(settings.oidc_allowed.as_ref()) {
            Some(_) => allowed,
            None => mistakes.keep(Err(missing(&ALLOWED))),
        };
        let secret = settings.oidc_client_secret.clone();
        Some(Self {
            issuer: issuer.to_owned(),
            address: address?,
            client_id: client_id?.to_owned(),
            client_secret: secret.filter(|secret| !secret.expose_secret().is_empty()),
            allowed: allowed?,
        })
    }
}

fn missing(rule: &Rule) -> Mistake {
    rule.broken("nothing")
}

fn issuer(text: &str) -> Result<Url, String> {
    let url = web_url::parse(text)?;
    match url.scheme() == "https" || web_url::is_loopback(&url) {
        true => Ok(url),
        false => Err(format!("{}, which is not https", quoted(text))),
    }
}

fn allowed(text: &str) -> Result<Allowed, String> {
    let mut allowed = Allowed::default();
    for entry in text.split(',').map(str::trim) {
        if entry == "*" {
            allowed.everybody = true;
        } else if let Some(group) = entry.strip_prefix("group:").map(str::trim) {
            if group.is_empty() {
                return Err("a group without a name".to_owned());
            }
            allowed.groups.push(group.to_owned());
        } else {
            let domain = entry.strip_prefix('@').unwrap_or(entry).to_lowercase();
            let plain = |letter: char| letter.is_alphanumeric() || ".-".contains(letter);
            if !domain.contains('.') || domain.starts_with('.') || !domain.chars().all(plain) {
                return Err(quoted(entry));
            }
            allowed.domains.push(domain);
        }
    }
    Ok(allowed)
}

#[cfg(test)]
mod tests {
    use crate::config::testing::{config, mistake};

    const ISSUER: (&str, &str) = ("OIDC_ISSUER", "https://login.example.com/tenant/");
    const CLIENT: (&str, &str) = ("OIDC_CLIENT_ID", "callboard");
    const ALLOWED: (&str, &str) = (
        "OIDC_ALLOWED",
        "Example.com, @example.org,group:Call Center",
    );

    #[test]
    fn the_issuer_is_kept_to_the_last_slash() {
        let oidc = config([ISSUER, CLIENT, ALLOWED]).oidc.unwrap();
        assert_eq!(oidc.issuer, "https://login.example.com/tenant/");
        assert_eq!(oidc.allowed.domains, ["example.com", "example.org"]);
        assert_eq!(oidc.allowed.groups, ["Call Center"]);
        assert!(!oidc.allowed.everybody && oidc.client_secret.is_none());
        assert!(config([]).oidc.is_none());
    }

    #[test]
    fn half_of_it_stops_the_start() {
        for (set, words) in [
            ([ISSUER, CLIENT], "OIDC_ALLOWED: expected whom"),
            ([ISSUER, ALLOWED], "OIDC_CLIENT_ID: expected"),
            ([CLIENT, ALLOWED], "found no OIDC_ISSUER"),
        ] {
            let said = mistake(set);
            assert!(said.contains(words), "{said}");
        }
        for (issuer, allowed, words) in [
            ("http://login.example.com", "*", "which is not https"),
            ("https://login.example.com", "example", "found \"example\""),
            (
                "https://login.example.com",
                "group:",
                "a group without a name",
            ),
            ("https://login.example.com", "a.example,,", "found \"\""),
        ] {
            let said = mistake([("OIDC_ISSUER", issuer), CLIENT, ("OIDC_ALLOWED", allowed)]);
            assert!(said.contains(words), "{said}");
        }
    }

    #[test]
    fn there_is_one_place_to_sign_in() {
        let project = ("SUPABASE_URL", "https://abc.supabase.co");
        let key = ("SUPABASE_ANON_KEY", "sb_publishable_Abc");
        let said = mistake([ISSUER, CLIENT, ALLOWED, project, key]);
        assert!(said.contains("expected one place to sign in"), "{said}");
        assert!(config([ISSUER, CLIENT, ALLOWED, project]).oidc.is_some());
    }
}
