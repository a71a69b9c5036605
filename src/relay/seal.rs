//! Who may be believed: every message is signed with a key that only nodes of one deployment can
//! derive.

use crate::telemetry::Unheard;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// How a message begins that is of this version.
const VERSION: &str = "callboard1";
/// What every version begins with.
const OURS: &str = "callboard";

/// Signs what goes out, and judges what comes in.
pub(super) struct Seal {
    /// The first signs, all are believed: while the setting changes, nodes have it in two versions.
    keys: Vec<hmac::Key>,
    is_secret: bool,
}

impl Seal {
    /// Keys for the deployment of this database. Without the setting nothing is secret: then it only
    /// keeps deployments apart, and what is heard is never more than a hint where to look.
    pub(super) fn new(setting: Option<&SecretString>, birth: &str) -> Self {
        let entries = setting.map_or("", |setting| setting.expose_secret());
        let keys = entries.split(',').map(str::trim);
        let keys = keys.filter(|entry| !entry.is_empty());
        let keys = keys.filter_map(|entry| STANDARD.decode(entry).ok().map(Zeroizing::new));
        let mut keys: Vec<hmac::Key> = keys.map(|key| derived(&key, birth)).collect();
        let is_secret = !keys.is_empty();
        if !is_secret {
            keys.push(derived(b"", birth));
        }
        Self { keys, is_secret }
    }

    /// Whether a signature proves anything.
    pub(super) fn is_secret(&self) -> bool {
        self.is_secret
    }

    /// The whole message.
    pub(super) fn sign(&self, body: &str) -> String {
        let signature = self
            .keys
            .first()
            .map(|key| hmac::sign(key, body.as_bytes()));
        let signature = signature.map_or_else(String::new, |tag| URL_SAFE_NO_PAD.encode(tag));
        format!("{VERSION}.{signature}.{body}")
    }

    /// Its body, if it is one of ours.
    pub(super) fn open<'a>(&self, message: &'a str) -> Result<&'a str, Unheard> {
        let mut parts = message.splitn(3, '.');
        let (Some(version), Some(signature), Some(body)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return Err(Unheard::Unreadable);
        };
        if version != VERSION {
            let known = version.starts_with(OURS);
            return Err(if known {
                Unheard::Version
            } else {
                Unheard::Unreadable
            });
        }
        let signature = URL_SAFE_NO_PAD.decode(signature);
        let signature = signature.map_err(|_| Unheard::Unreadable)?;
        let fits = |key: &hmac::Key| hmac::verify(key, body.as_bytes(), &signature).is_ok();
        match self.keys.iter().any(fits) {
            true => Ok(body),
            false => Err(Unheard::Forged),
        }
    }
}

/// Another for each database, so that what is told in one deployment is nothing in another.
fn derived(key: &[u8], birth: &str) -> hmac::Key {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let of = hmac::sign(&key, format!("callboard relay 1 of {birth}").as_bytes());
    hmac::Key::new(hmac::HMAC_SHA256, of.as_ref())
}

#[cfg(test)]
mod tests {
    use super::Seal;
    use crate::telemetry::Unheard;
    use secrecy::SecretString;

    const ONE: &str = "c3Rvcmllcy1zdG9yaWVzLXN0b3JpZXMtc3Rvcmllcy0=";
    const OTHER: &str = "b3RoZXJzLW90aGVycy1vdGhlcnMtb3RoZXJzLW90aGU=";

    fn seal(setting: &str) -> Seal {
        Seal::new(Some(&SecretString::from(setting)), "2026-11-26")
    }

    #[test]
    fn what_one_node_signs_another_opens_while_the_keys_change_too() {
        let (old, both, new) = (seal(ONE), seal(&format!("{OTHER},{ONE}")), seal(OTHER));
        let body = r#"{"a":"b.c"}"#;
        for (from, to) in [(&old, &both), (&both, &new), (&new, &both), (&old, &old)] {
            assert_eq!(to.open(&from.sign(body)), Ok(body));
        }
        assert_eq!(new.open(&old.sign(body)), Err(Unheard::Forged));
    }

    proptest::proptest! {
        #[test]
        fn whatever_comes_is_judged_and_what_was_altered_is_refused(
            text in ".{0,200}", at in 0_usize..200, with in "[ -~]",
        ) {
            let seal = seal(ONE);
            let _ = seal.open(&text).map(crate::relay::letter::Letter::read);
            let good = seal.sign(&text);
            let mut altered: Vec<char> = good.chars().collect();
            let at = at % altered.len();
            altered.splice(at..=at, with.chars());
            let altered: String = altered.into_iter().collect();
            if altered != good {
                proptest::prop_assert!(seal.open(&altered).is_err());
            }
        }
    }

    #[test]
    fn nothing_else_opens() {
        let seal = seal(ONE);
        let good = seal.sign("{}");
        let elsewhere = Seal::new(Some(&SecretString::from(ONE)), "2026-11-27");
        let open = Seal::new(None, "2026-11-26");
        assert_eq!(elsewhere.open(&good), Err(Unheard::Forged));
        assert_eq!(open.open(&good), Err(Unheard::Forged));
        assert_eq!(seal.open(&open.sign("{}")), Err(Unheard::Forged));
        assert!(seal.is_secret() && !open.is_secret());
        let (cut, longer) = (&good[..good.len() - 1], format!("{good} "));
        assert_eq!(seal.open(cut), Err(Unheard::Forged));
        assert_eq!(seal.open(&longer), Err(Unheard::Forged));
        let tomorrow = good.replace("callboard1", "callboard2");
        assert_eq!(seal.open(&tomorrow), Err(Unheard::Version));
        for foreign in ["", "x", "a.b.c", "callboard1", "callboard1.!.{}"] {
            assert_eq!(seal.open(foreign), Err(Unheard::Unreadable), "{foreign}");
        }
        assert_eq!(seal.open("callboard1..{}"), Err(Unheard::Forged));
    }
}
