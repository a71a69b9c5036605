//! The key that the stored credentials are sealed with.

use super::error::{Mistakes, Rule};
use super::keys;
use clap::Args;
use secrecy::SecretString;

const ENCRYPTION_KEY: Rule = Rule {
    name: "CALLBOARD_ENCRYPTION_KEY",
    expected: "the base64 of 32 bytes, or several with commas between them",
    fix: "make one with: openssl rand -base64 32",
};

/// The encryption key, as written.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Stored credentials")]
pub struct EncryptionSettings {
    /// 32 bytes in base64 that seal the stored credentials; needed as soon as one is stored
    ///
    /// While it changes: several with commas between them, of which the first one seals. Make one
    /// with: openssl rand -base64 32. Other users of this machine can read flags: use the variable.
    #[arg(
        long,
        env = "CALLBOARD_ENCRYPTION_KEY",
        hide_env_values = true,
        value_name = "KEY[,KEY]",
        global = true,
        hide_short_help = true
    )]
    pub encryption_key: Option<SecretString>,
}

/// Reads the keys: each the base64 of 32 bytes, with single commas between them.
pub(super) fn read(settings: &EncryptionSettings, mistakes: &mut Mistakes) -> Option<SecretString> {
    mistakes.read_secret(&ENCRYPTION_KEY, settings.encryption_key.as_ref(), |text| {
        keys::list_of_32_bytes(text).map(SecretString::from)
    })
}

#[cfg(test)]
mod tests {
    use crate::config::testing::{config, mistake};
    use secrecy::ExposeSecret;

    #[test]
    fn several_keys_may_be_given_while_they_change() {
        let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        let config = config([("CALLBOARD_ENCRYPTION_KEY", &format!("{key}, {key}"))]);
        let keys = config.encryption_key.unwrap();
        assert_eq!(keys.expose_secret(), format!("{key},{key}"));
    }

    #[test]
    fn a_short_key_is_counted_and_not_repeated() {
        assert_eq!(
            mistake([("CALLBOARD_ENCRYPTION_KEY", "c2hvcnQ=")]),
            "CALLBOARD_ENCRYPTION_KEY: expected the base64 of 32 bytes, or several with commas \
             between them, found 5 bytes; make one with: openssl rand -base64 32"
        );
    }
}
