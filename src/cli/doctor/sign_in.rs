//! Signing in: whether any access token can be accepted.

use super::finding::Findings;
use crate::auth::{AuthSettings, Verifier};
use crate::cli::words::count;
use crate::clock::Clock;
use crate::config::Config;
use tokio::runtime::Handle;

pub(super) async fn look(config: Config, clock: Clock) -> Findings {
    let mut found = Findings::about("signing in");
    let auth = &config.auth;
    if auth.jwt_secret.is_none() && auth.supabase_url.is_none() {
        found.wrong(
            "nobody can: neither SUPABASE_URL nor SUPABASE_JWT_SECRET is set",
            "set SUPABASE_URL=https://PROJECT.supabase.co, and SUPABASE_JWT_SECRET for a project \
             that still signs with HS256",
        );
        return found;
    }
    for warning in config.sign_in_warnings() {
        let (fact, mend) = halves(&warning);
        found.doubtful(fact, mend);
    }
    let settings = AuthSettings {
        jwt_secret: auth.jwt_secret.clone(),
        supabase_url: auth.supabase_url.clone(),
    };
    let verifier = match Verifier::new(&settings, clock, Handle::current()) {
        Ok(verifier) => verifier,
        Err(error) => {
            found.wrong(
                error.to_string(),
                "correct SUPABASE_URL or SUPABASE_JWT_SECRET",
            );
            return found;
        }
    };
    if auth.jwt_secret.is_some() {
        found.right("SUPABASE_JWT_SECRET is set: HS256 tokens are checked with it");
    }
    let Some(project) = &auth.supabase_url else {
        return found;
    };
    match verifier.fetch_keys().await {
        Ok(0) if auth.jwt_secret.is_none() => found.wrong(
            format!("{project} publishes no key, and SUPABASE_JWT_SECRET is not set"),
            "set SUPABASE_JWT_SECRET (the project's legacy JWT secret), or change the project to \
             signing keys",
        ),
        Ok(0) => found.right(format!(
            "{project} publishes no key: it signs with the secret"
        )),
        Ok(keys) => {
            let keys = count(keys, "key");
            found.right(format!("{project} publishes {keys} for access tokens"));
        }
        Err(_) => found.wrong(
            format!("the keys of {project} cannot be fetched (the log says why)"),
            "see that SUPABASE_URL is the project's address and can be reached from here",
        ),
    }
    found
}

/// What is the matter, and the last sentence, which says what to do.
fn halves(warning: &str) -> (&str, &str) {
    let warning = warning.trim_end_matches('.');
    warning.rsplit_once(". ").unwrap_or((warning, "correct it"))
}

#[cfg(test)]
mod tests {
    use super::halves;

    #[test]
    fn the_last_sentence_says_what_to_do() {
        assert_eq!(
            halves("It is short. Use more."),
            ("It is short", "Use more")
        );
    }
}
