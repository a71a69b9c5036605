//! What access tokens are verified with.

use super::error::{Mistakes, Rule, given_secret, quoted};
use super::{project_key, web_url};
use clap::Args;
use secrecy::SecretString;
use url::Url;

const SUPABASE_URL: Rule = Rule {
    name: "SUPABASE_URL",
    expected: "the http or https address of the Supabase project, without /auth/v1",
    fix: "set SUPABASE_URL=https://PROJECT.supabase.co",
};

const ISSUER: Rule = Rule {
    name: "SUPABASE_JWT_ISSUER",
    expected: "what stands in the tokens as iss, or several of those with commas between them",
    fix: "set SUPABASE_JWT_ISSUER=https://PROJECT.supabase.co/auth/v1, or leave it out",
};

const PROJECT_KEY: Rule = Rule {
    name: "SUPABASE_ANON_KEY",
    expected: "the project's anon key or a publishable one (sb_publishable_…)",
    fix: "copy it from the project's API keys, or leave it out",
};

const ACCOUNTS: Rule = Rule {
    name: "CALLBOARD_ACCOUNTS",
    expected: "on or off",
    fix: "set CALLBOARD_ACCOUNTS=on for accounts of this server's own, or leave it out",
};

/// What tokens are verified with, as written.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Signing in")]
pub struct AuthSettings {
    /// Secret of HS256 access tokens, as raw text
    ///
    /// Other users of this machine can read flags: use the variable.
    #[arg(
        long,
        env = "SUPABASE_JWT_SECRET",
        hide_env_values = true,
        value_name = "SECRET",
        global = true,
        hide_short_help = true
    )]
    pub supabase_jwt_secret: Option<SecretString>,
    /// Supabase project: the issuer is $SUPABASE_URL/auth/v1, whose keys verify ES256, RS256 and
    /// EdDSA tokens. Without it the issuer is not checked
    #[arg(
        long,
        env = "SUPABASE_URL",
        value_name = "URL",
        global = true,
        hide_short_help = true
    )]
    pub supabase_url: Option<String>,
    /// Who issues the tokens (`iss`), where that is not $SUPABASE_URL/auth/v1; several with commas
    /// between them. A slash at the end does not matter
    #[arg(
        long,
        env = "SUPABASE_JWT_ISSUER",
        value_name = "ISSUER[,ISSUER]",
        global = true,
        hide_short_help = true
    )]
    pub supabase_jwt_issuer: Option<String>,
    /// The project's anon key, or a publishable one. With $SUPABASE_URL it lets people sign in at the
    /// project on this server's own page. It is public: a secret key is refused
    #[arg(
        long,
        env = "SUPABASE_ANON_KEY",
        hide_env_values = true,
        value_name = "KEY",
        global = true,
        hide_short_help = true
    )]
    pub supabase_anon_key: Option<SecretString>,
    /// Accounts of this server's own: people sign in with an address and a password that are kept
    /// here. On where neither $SUPABASE_URL nor $SUPABASE_JWT_SECRET is set; `on` beside those, too
    #[arg(
        long,
        env = "CALLBOARD_ACCOUNTS",
        value_name = "on|off",
        global = true,
        hide_short_help = true
    )]
    pub accounts: Option<String>,
}

/// What tokens are verified with. With none of it, nobody can sign in.
#[derive(Clone, Debug, Default)]
pub struct Auth {
    /// The HS256 secret: its UTF-8 bytes are the key.
    pub jwt_secret: Option<SecretString>,
    /// The Supabase project, without a slash at its end.
    pub supabase_url: Option<Url>,
    /// Who may have issued a token, without slashes at the end; none: only the project, if any.
    pub issuers: Vec<String>,
    /// What the page shows to the project: public.
    pub project_key: Option<String>,
    /// Whether there are accounts of our own, as far as it was said; see [`Auth::has_passwords`].
    pub accounts: Option<bool>,
}

impl Auth {
    pub(super) fn read(settings: AuthSettings, mistakes: &mut Mistakes) -> Self {
        Self {
            jwt_secret: given_secret(settings.supabase_jwt_secret),
            supabase_url: mistakes.read_in_words(
                &SUPABASE_URL,
                settings.supabase_url.as_ref(),
                project,
            ),
            issuers: mistakes
                .read_in_words(&ISSUER, settings.supabase_jwt_issuer.as_ref(), issuers)
                .unwrap_or_default(),
            project_key: mistakes.read_secret(
                &PROJECT_KEY,
                settings.supabase_anon_key.as_ref(),
                project_key::read,
            ),
            accounts: mistakes.read_in_words(&ACCOUNTS, settings.accounts.as_ref(), switch),
        }
    }

    /// Whether people sign in here with passwords that are kept here: by default where nobody else
    /// issues tokens.
    #[must_use]
    pub fn has_passwords(&self) -> bool {
        let alone = self.supabase_url.is_none() && self.jwt_secret.is_none();
        self.accounts.unwrap_or(alone)
    }

    /// The issuers of which tokens must name one (`iss`), without slashes at the end; none, when
    /// they may name any.
    #[must_use]
    pub fn accepted_issuers(&self) -> Vec<String> {
        if self.issuers.is_empty() {
            return self.project_issuer().into_iter().collect();
        }
        self.issuers.clone()
    }

    /// Whether people sign in at the project on our page.
    #[must_use]
    pub fn signs_in_at_the_project(&self) -> bool {
        self.supabase_url.is_some() && self.project_key.is_some()
    }

    /// The project as an issuer, whose keys are below this address.
    #[must_use]
    pub fn project_issuer(&self) -> Option<String> {
        let url = self.supabase_url.as_ref()?;
        Some(format!("{}/auth/v1", url.as_str().trim_end_matches('/')))
    }
}

fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        other => Err(quoted(other)),
    }
}

fn project(text: &str) -> Result<Url, String> {
    let url = web_url::parse(text)?;
    if url.path().ends_with("/auth/v1") {
        return Err("the issuer's address".to_owned());
    }
    Ok(url)
}

fn issuers(text: &str) -> Result<Vec<String>, String> {
    let entries = text
        .split(',')
        .map(|entry| entry.trim().trim_end_matches('/'));
    let issuers: Vec<String> = entries.map(str::to_owned).collect();
    if issuers.iter().any(String::is_empty) {
        return Err("an empty entry".to_owned());
    }
    Ok(issuers)
}

#[cfg(test)]
mod tests {
    use crate::config::testing::{config, mistake};
    use secrecy::ExposeSecret;

    #[test]
    fn the_secret_keeps_every_byte_of_its_text() {
        let auth = config([("SUPABASE_JWT_SECRET", " sp ace ")]).auth;
        assert_eq!(auth.jwt_secret.unwrap().expose_secret(), " sp ace ");
    }

    #[test]
    fn accounts_are_on_where_nobody_else_issues_tokens_or_where_it_is_said() {
        let supabase = ("SUPABASE_URL", "https://p.supabase.co");
        let (on, off) = (("CALLBOARD_ACCOUNTS", "on"), ("CALLBOARD_ACCOUNTS", "off"));
        let nothing: [(&str, &str); 0] = [];
        for (configured, has) in [
            (config(nothing), true),
            (config([on]), true),
            (config([supabase, on]), true),
            (config([off]), false),
            (config([supabase]), false),
            (config([("SUPABASE_JWT_SECRET", "secret")]), false),
        ] {
            assert_eq!(configured.has_accounts(), has, "{:?}", configured.auth);
        }
        let said = mistake([("CALLBOARD_ACCOUNTS", "perhaps")]);
        assert!(said.contains("expected on or off"), "{said}");
    }

    #[test]
    fn several_issuers_may_be_named_with_or_without_a_slash() {
        let set = (
            "SUPABASE_JWT_ISSUER",
            "https://p.supabase.co/auth/v1/, https://auth.p.example",
        );
        let auth = config([set]).auth;
        assert_eq!(
            auth.issuers,
            ["https://p.supabase.co/auth/v1", "https://auth.p.example"]
        );
        let said = mistake([("SUPABASE_JWT_ISSUER", "https://p.example,,")]);
        assert!(said.contains("found an empty entry"), "{said}");
    }

    #[test]
    fn the_issuer_in_place_of_the_project_is_refused() {
        let said = mistake([("SUPABASE_URL", "https://p.supabase.co/auth/v1/")]);
        assert!(
            said.contains("without /auth/v1, found the issuer's address"),
            "{said}"
        );
        let auth = config([("SUPABASE_URL", "https://p.supabase.co/")]).auth;
        assert_eq!(
            auth.supabase_url.unwrap().as_str(),
            "https://p.supabase.co/"
        );
    }
}
