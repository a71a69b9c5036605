//! The key with which a page may ask a Supabase project: it is public, and nothing else may be.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

const PUBLISHABLE: &str = "sb_publishable_";
const SECRET: &str = "sb_secret_";

#[derive(Deserialize)]
struct Payload {
    role: Option<String>,
    #[serde(rename = "ref")]
    project: Option<String>,
}

/// The key, if a page may have it. The error says in words what it is instead, and never repeats it:
/// what is not known to be public may be the one that opens everything.
pub(super) fn read(text: &str) -> Result<String, String> {
    let is_plain = |part: &str| {
        let mut letters = part.bytes();
        !part.is_empty()
            && letters.all(|letter| letter.is_ascii_alphanumeric() || b"-_".contains(&letter))
    };
    if let Some(rest) = text.strip_prefix(PUBLISHABLE) {
        return match is_plain(rest) {
            true => Ok(text.to_owned()),
            false => Err("a publishable key with something else in it".to_owned()),
        };
    }
    if text.starts_with(SECRET) {
        return Err("a secret key (sb_secret_…): the page would show it to everybody".to_owned());
    }
    let role = payload(text).and_then(|payload| payload.role);
    match role.as_deref() {
        Some("anon") if text.split('.').all(is_plain) => Ok(text.to_owned()),
        Some("service_role") => {
            let found =
                "the service_role key, with which everybody could read and change everything";
            Err(found.to_owned())
        }
        Some(_) => Err("a token of another role".to_owned()),
        None => Err("something else".to_owned()),
    }
}

/// The project that a key names, where it does.
pub(super) fn project(key: &str) -> Option<String> {
    payload(key)?.project
}

fn payload(key: &str) -> Option<Payload> {
    let [_, payload, _] = key.split('.').collect::<Vec<_>>().try_into().ok()?;
    let json = URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice(&json).ok()
}

#[cfg(test)]
mod tests {
    use crate::config::testing::{config, mistake};
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    const PROJECT: (&str, &str) = ("SUPABASE_URL", "https://abc.supabase.co");

    fn key(payload: &str) -> String {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!(
            "{}.{}.c2lnbmF0dXJl",
            part(r#"{"alg":"HS256"}"#),
            part(payload)
        )
    }

    #[test]
    fn anon_and_publishable_keys_are_taken() {
        let anon = key(r#"{"iss":"supabase","ref":"abc","role":"anon"}"#);
        for good in [anon.as_str(), "sb_publishable_Abc-123_x"] {
            let auth = config([PROJECT, ("SUPABASE_ANON_KEY", good)]).auth;
            assert_eq!(auth.project_key.as_deref(), Some(good));
            assert!(auth.signs_in_at_the_project());
        }
        let alone = config([("SUPABASE_ANON_KEY", "sb_publishable_Abc")]);
        assert!(!alone.auth.signs_in_at_the_project());
        let said = alone
            .findings()
            .iter()
            .map(ToString::to_string)
            .collect::<String>();
        assert!(said.contains("without SUPABASE_URL"), "{said}");
    }

    #[test]
    fn a_key_that_is_not_public_stops_the_start_and_is_not_shown() {
        let service = key(r#"{"iss":"supabase","ref":"abc","role":"service_role"}"#);
        let other = key(r#"{"role":"authenticated"}"#);
        for (wrong, words) in [
            ("sb_secret_hush", "a secret key"),
            (service.as_str(), "the service_role key"),
            (other.as_str(), "a token of another role"),
            ("sb_publishable_hush hush", "with something else in it"),
            ("hush", "found something else"),
        ] {
            let said = mistake([PROJECT, ("SUPABASE_ANON_KEY", wrong)]);
            assert!(said.contains(words), "{said}");
            assert!(!said.contains("hush") && !said.contains(wrong), "{said}");
        }
    }

    #[test]
    fn a_key_of_another_project_is_named() {
        let other = key(r#"{"iss":"supabase","ref":"xyz","role":"anon"}"#);
        let findings = config([PROJECT, ("SUPABASE_ANON_KEY", &other)]).findings();
        let wrong = findings.iter().find(|finding| finding.is_wrong);
        let said = wrong.map(ToString::to_string).unwrap_or_default();
        assert!(
            said.contains("SUPABASE_ANON_KEY is of the project xyz"),
            "{said}"
        );
        // A project of one's own, whose keys name what they were made with.
        let own = ("SUPABASE_URL", "https://auth.example");
        assert!(
            config([own, ("SUPABASE_ANON_KEY", &other)])
                .findings()
                .is_empty()
        );
    }
}
