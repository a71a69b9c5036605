//! `callboard token`: a token for development.

use super::args::TokenArgs;
use super::words::line;
use super::{CliError, Out};
use crate::auth::mint;
use crate::clock::Clock;
use crate::config::Config;

/// Mints a token, and prints it alone, so that a script can keep it.
pub(super) fn run(
    args: TokenArgs,
    config: &Config,
    clock: &Clock,
    out: Out<'_>,
) -> Result<(), CliError> {
    let issuer = config.auth.accepted_issuers().into_iter().next();
    let secret = config
        .auth
        .jwt_secret
        .as_ref()
        .ok_or(CliError::NoJwtSecret)?;
    let lifetime = i64::try_from(args.ttl.as_secs()).unwrap_or(i64::MAX);
    let token = mint(secret, args.user, issuer.as_deref(), lifetime, clock.now())?;
    line(out, &token)
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::auth::{AuthError, Refusal, Verifier};
    use crate::cli::CliError;
    use crate::cli::args::TokenArgs;
    use crate::cli::testing::{config_in, said};
    use crate::clock::Clock;
    use crate::domain::{Timestamp, UserId};
    use std::path::Path;
    use std::time::Duration;
    use tokio::runtime::Handle;
    use uuid::Uuid;

    const ARGS: TokenArgs = TokenArgs {
        user: UserId(Uuid::from_u128(7)),
        ttl: Duration::from_secs(3600),
    };

    #[tokio::test]
    async fn a_minted_token_is_accepted_until_its_time_is_up() {
        let mut config = config_in(Path::new("/nowhere"));
        config.auth.jwt_secret = Some("0123456789abcdef0123456789abcdef".into());
        config.auth.supabase_url = Some("https://p.supabase.co".parse().unwrap());
        let clock = Clock::by_hand(Timestamp::parse("2026-11-21T12:00:00Z").unwrap());
        let mut out = Vec::new();
        run(ARGS, &config, &clock, &mut out).unwrap();
        let token = said(&mut out);

        let verifier = Verifier::new(
            &config.auth,
            clock.clone(),
            crate::telemetry::Metrics::new(),
            Handle::current(),
        )
        .unwrap();
        let identity = verifier.verify(token.trim_end()).await.unwrap();
        assert_eq!(identity.user, ARGS.user);
        clock.advance(Duration::from_secs(3600 + 31));
        let late = verifier.verify(token.trim_end()).await.unwrap_err();
        assert_eq!(late, AuthError::Unauthorized(Refusal::Expired));
    }

    #[test]
    fn without_the_secret_there_is_no_token() {
        let config = config_in(Path::new("/nowhere"));
        let refused = run(ARGS, &config, &Clock::system(), &mut Vec::new());
        assert!(matches!(refused, Err(CliError::NoJwtSecret)));
    }
}
