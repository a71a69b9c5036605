//! What is allowed and yet likely to be a mistake.

use super::{Config, DatabaseUrl, IpRange, Relay, SIGNALLING_HOST, project_key, web_url};
use secrecy::ExposeSecret;
use std::fmt;

/// RFC 7518, section 3.2: a key at least as long as the hash.
const SHORTEST_SECRET: usize = 32;

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// The settings themselves.
    Settings,
    /// Who can sign in.
    SigningIn,
    /// The default agency's carrier, at which `doctor` looks for each agency.
    Carrier,
}

/// Something that is not right, or may not be, and how to mend it. Neither holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub about: About,
    /// Whether it cannot work like that.
    pub is_wrong: bool,
    /// What is the matter, without a full stop.
    pub fact: String,
    /// What to do, likewise.
    pub mend: String,
}

impl fmt::Display for Finding {
    /// Two sentences.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut letters = self.mend.chars();
        let first = letters.next().map(char::to_uppercase);
        write!(f, "{}. ", self.fact)?;
        for letter in first.into_iter().flatten() {
            write!(f, "{letter}")?;
        }
        write!(f, "{}.", letters.as_str())
    }
}

impl Config {
    /// All that there is, to be logged at start and told by `doctor`.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let mut found = self.odd_values.clone();
        let mut add = |about, is_wrong, fact: &str, mend: &str| {
            found.push(Finding {
                about,
                is_wrong,
                fact: fact.to_owned(),
                mend: mend.to_owned(),
            });
        };
        self.look_at_signing_in(&mut add);
        self.look_at_the_carrier(&mut add);
        self.look_at_the_relay(&mut add);
        let proxies = &self.access.trusted_proxies;
        if proxies.iter().any(IpRange::is_everything) {
            add(
                About::Settings,
                false,
                "CALLBOARD_TRUSTED_PROXIES trusts every address, so that any client can claim to \
                 come from anywhere",
                "name the proxies alone",
            );
        }
        found
    }

    fn look_at_signing_in(&self, add: &mut impl FnMut(About, bool, &str, &str)) {
        let auth = &self.auth;
        let others = auth.jwt_secret.is_some() || auth.supabase_url.is_some();
        let on_sqlite = matches!(self.database, DatabaseUrl::Sqlite { .. });
        if self.has_accounts() && self.encryption_key.is_none() && !on_sqlite {
            add(
                About::SigningIn,
                true,
                "accounts need CALLBOARD_ENCRYPTION_KEY, which seals the keys that sign people in",
                "make one with `openssl rand -base64 32`, set it on every node, and keep a copy",
            );
        }
        if !others && !self.has_accounts() {
            add(
                About::SigningIn,
                true,
                "nobody can sign in: neither SUPABASE_URL nor SUPABASE_JWT_SECRET is set, and \
                 CALLBOARD_ACCOUNTS is off",
                "leave CALLBOARD_ACCOUNTS out for accounts of this server's own, or set \
                 SUPABASE_URL=https://PROJECT.supabase.co, and SUPABASE_JWT_SECRET for a project that \
                 still signs with HS256",
            );
        }
        let secret = auth.jwt_secret.as_ref().map(ExposeSecret::expose_secret);
        if secret.is_some_and(|secret| secret.len() < SHORTEST_SECRET) {
            let fact = format!(
                "SUPABASE_JWT_SECRET is shorter than {SHORTEST_SECRET} bytes and may be guessed"
            );
            add(About::SigningIn, false, &fact, "use a longer one");
        }
        self.look_at_the_project_key(add);
        let project = auth.supabase_url.as_ref();
        if project.is_some_and(|url| url.scheme() == "http" && !web_url::is_loopback(url)) {
            add(
                About::SigningIn,
                false,
                "SUPABASE_URL is not https: whoever sits in between can give us keys of their own",
                "use https unless the network is yours",
            );
        }
    }

    fn look_at_the_project_key(&self, add: &mut impl FnMut(About, bool, &str, &str)) {
        let Some(key) = &self.auth.project_key else {
            return;
        };
        let Some(project) = &self.auth.supabase_url else {
            let fact = "SUPABASE_ANON_KEY is set without SUPABASE_URL, and not used";
            let mend = "set SUPABASE_URL=https://PROJECT.supabase.co, or leave the key out";
            return add(About::SigningIn, false, fact, mend);
        };
        // Elsewhere than at Supabase's own addresses a key may name anything.
        let host = project.host_str().unwrap_or_default();
        let Some(expected) = host.strip_suffix(".supabase.co") else {
            return;
        };
        let named = project_key::project(key).filter(|named| named != expected);
        if let Some(named) = named {
            let named: String = named.escape_debug().take(60).collect();
            let fact = format!(
                "SUPABASE_ANON_KEY is of the project {named}, and SUPABASE_URL of {expected}: nobody \
                 can sign in on the page"
            );
            let mend = "take both from the same project";
            add(About::SigningIn, true, &fact, mend);
        }
    }

    fn look_at_the_relay(&self, add: &mut impl FnMut(About, bool, &str, &str)) {
        let Relay::Redis(url) = &self.relay else {
            return;
        };
        if !url.tls && !url.is_loopback() {
            add(
                About::Settings,
                false,
                "REDIS_URL is not rediss: whoever sits in between reads callers' numbers",
                "use rediss:// unless the network is yours",
            );
        }
        if self.encryption_key.is_none() {
            add(
                About::Settings,
                false,
                "CALLBOARD_ENCRYPTION_KEY is not set, so that messages through Redis cannot be \
                 signed: they only say where to look in the database, and boards hear later",
                "set it, the same on every node",
            );
        }
    }

    fn look_at_the_carrier(&self, add: &mut impl FnMut(About, bool, &str, &str)) {
        let defaults = &self.agency_defaults;
        if defaults.any_set() && defaults.telnyx_public_key.is_none() {
            add(
                About::Carrier,
                false,
                "TELNYX_PUBLIC_KEY is not set: the default agency's webhooks are refused unless \
                 its key is stored in the database",
                "copy it from the Telnyx portal",
            );
        }
        for name in defaults.placeholders() {
            let fact = format!("{name} still holds the example's text");
            add(About::Settings, true, &fact, "put in your own");
        }
        let server = &self.providers.sip_server;
        if server.split(':').next() == Some(SIGNALLING_HOST) {
            let fact = format!(
                "TELNYX_SIP_SERVER is {SIGNALLING_HOST}, which Telnyx documents as the signalling \
                 host only: calls may not reach the agents"
            );
            add(About::Carrier, false, &fact, "use sip.telnyx.com");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::config::testing::config;

    const SECRET: (&str, &str) = ("SUPABASE_JWT_SECRET", "0123456789abcdef0123456789abcdef");

    fn said(config: Config) -> Vec<String> {
        config.findings().iter().map(ToString::to_string).collect()
    }

    fn warned<const N: usize>(set: [(&str, &str); N], words: &str) {
        let warnings = said(config(set));
        assert!(
            warnings.iter().any(|said| said.contains(words)),
            "{warnings:?}"
        );
    }

    #[test]
    fn a_set_up_that_is_right_is_quiet() {
        assert_eq!(said(config([SECRET])), Vec::<String>::new());
        assert_eq!(said(config([])), Vec::<String>::new());
        let project = ("SUPABASE_URL", "https://p.supabase.co");
        assert_eq!(said(config([project])), Vec::<String>::new());
        let project = ("SUPABASE_URL", "http://127.0.0.1:54321");
        assert_eq!(said(config([project])), Vec::<String>::new());
    }

    #[test]
    fn a_set_up_that_will_disappoint_says_so() {
        let no_accounts = ("CALLBOARD_ACCOUNTS", "off");
        warned([no_accounts], "nobody can sign in: neither");
        let postgres = ("DATABASE_URL", "postgres://me@db.example/board");
        warned([postgres], "accounts need CALLBOARD_ENCRYPTION_KEY");
        warned([("SUPABASE_JWT_SECRET", "short")], "shorter than 32 bytes");
        warned([("SUPABASE_URL", "http://p.example")], "not https");
        warned(
            [("TELNYX_SIP_SERVER", "rtc.telnyx.com")],
            "signalling host only",
        );
        warned([("REDIS_URL", "redis://cache")], "is not rediss");
        warned([("REDIS_URL", "redis://localhost")], "cannot be signed");
        warned([("TELNYX_API_KEY", "KEY1")], "webhooks are refused");
        warned(
            [("TELNYX_API_KEY", "your_telnyx_api_key_here")],
            "TELNYX_API_KEY still holds",
        );
        warned(
            [("CALLBOARD_TRUSTED_PROXIES", "0.0.0.0/0")],
            "trusts every address",
        );
    }

    #[test]
    fn a_value_that_holds_what_was_pasted_along_is_warned_of_by_name_and_not_shown() {
        for (name, value, words) in [
            (
                "SUPABASE_JWT_SECRET",
                "\"hush-hush-hush-hush-hush-hush-hush\"",
                "with a quote",
            ),
            (
                "SUPABASE_JWT_SECRET",
                "hush-hush-hush-hush-hush-hush-hush\n",
                "with a line end",
            ),
            ("TELNYX_API_KEY", "'hush'", "with a quote"),
            ("TELNYX_API_KEY", "hush # staging", "is or holds a comment"),
            ("TELNYX_SIP_PASSWORD", "hush ", "with a space"),
            ("TELNYX_SIP_USERNAME", "“hush”", "with a quote"),
            ("TELNYX_APPLICATION_ID", "#hush", "is or holds a comment"),
            (
                "TELNYX_CALLER_ID",
                "hush\u{200b}",
                "with a space or an invisible character",
            ),
            ("ULTRAVOX_API_KEY", "hush\r\n", "with a line end"),
            ("DB_PASSWORD", "`hush`", "with a quote"),
            ("DB_USER", "hush\t", "with a space"),
        ] {
            let warnings = said(config([("DB_HOST", "localhost"), (name, value)]));
            let mut about = warnings
                .iter()
                .filter(|said| said.starts_with(&format!("{name} ")));
            assert!(
                about.any(|said| said.contains(words)),
                "{name}: {warnings:?}"
            );
            assert!(!warnings.concat().contains("hush"), "{warnings:?}");
        }
        let whole = [
            SECRET,
            ("DB_HOST", "localhost"),
            ("DB_PASSWORD", "p#ss'w\"rd"),
        ];
        assert_eq!(said(config(whole)), Vec::<String>::new());
    }
}
