//! What is allowed and yet likely to be a mistake.

use super::{Config, SIGNALLING_HOST, web_url};
use secrecy::ExposeSecret;

/// RFC 7518, section 3.2: a key at least as long as the hash.
const SHORTEST_SECRET: usize = 32;

impl Config {
    /// Sentences to log at start. None holds a secret.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut said = self.sign_in_warnings();
        self.warn_about_the_carrier(&mut said);
        if self
            .access
            .trusted_proxies
            .iter()
            .any(super::IpRange::is_everything)
        {
            said.push(
                "CALLBOARD_TRUSTED_PROXIES trusts every address, so that any client can claim to \
                 come from anywhere. Name the proxies alone."
                    .to_owned(),
            );
        }
        said
    }

    /// Those about signing in. The last sentence of each says what to do.
    #[must_use]
    pub fn sign_in_warnings(&self) -> Vec<String> {
        let mut said = Vec::new();
        let auth = &self.auth;
        if auth.jwt_secret.is_none() && auth.supabase_url.is_none() {
            said.push(
                "Nobody can sign in: neither SUPABASE_JWT_SECRET nor SUPABASE_URL is set. \
                 Set one of them."
                    .to_owned(),
            );
        }
        let secret = auth.jwt_secret.as_ref().map(ExposeSecret::expose_secret);
        if secret.is_some_and(|secret| secret.len() < SHORTEST_SECRET) {
            said.push(format!(
                "SUPABASE_JWT_SECRET is shorter than {SHORTEST_SECRET} bytes and may be guessed. \
                 Use a longer one."
            ));
        }
        let project = auth.supabase_url.as_ref();
        if project.is_some_and(|url| url.scheme() == "http" && !web_url::is_loopback(url)) {
            said.push(
                "SUPABASE_URL is not https: whoever sits in between can give us keys of their own. \
                 Use https unless the network is yours."
                    .to_owned(),
            );
        }
        said
    }

    fn warn_about_the_carrier(&self, said: &mut Vec<String>) {
        let defaults = &self.agency_defaults;
        if defaults.any_set() && defaults.telnyx_public_key.is_none() {
            said.push(
                "TELNYX_PUBLIC_KEY is not set: the default agency's webhooks are refused unless \
                 its key is stored in the database. Copy it from the Telnyx portal."
                    .to_owned(),
            );
        }
        for name in defaults.placeholders() {
            said.push(format!(
                "{name} still holds the example's text. Put in your own."
            ));
        }
        let server = &self.providers.sip_server;
        if server.split(':').next() == Some(SIGNALLING_HOST) {
            said.push(format!(
                "TELNYX_SIP_SERVER is {SIGNALLING_HOST}, which Telnyx documents as the signalling \
                 host only: calls may not reach the agents. Use sip.telnyx.com."
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::testing::config;

    const SECRET: (&str, &str) = ("SUPABASE_JWT_SECRET", "0123456789abcdef0123456789abcdef");

    fn warned<const N: usize>(set: [(&str, &str); N], words: &str) {
        let warnings = config(set).warnings();
        assert!(
            warnings.iter().any(|said| said.contains(words)),
            "{warnings:?}"
        );
    }

    #[test]
    fn a_set_up_that_is_right_is_quiet() {
        assert_eq!(config([SECRET]).warnings(), Vec::<String>::new());
        let project = ("SUPABASE_URL", "https://p.supabase.co");
        assert_eq!(config([project]).warnings(), Vec::<String>::new());
        let project = ("SUPABASE_URL", "http://127.0.0.1:54321");
        assert_eq!(config([project]).warnings(), Vec::<String>::new());
    }

    #[test]
    fn a_set_up_that_will_disappoint_says_so() {
        warned([], "Nobody can sign in");
        warned([("SUPABASE_JWT_SECRET", "short")], "shorter than 32 bytes");
        warned([("SUPABASE_URL", "http://p.example")], "not https");
        warned(
            [("TELNYX_SIP_SERVER", "rtc.telnyx.com")],
            "signalling host only",
        );
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
}
