//! Who plays in a demo, and the secrets that must survive its restart.

use super::DemoError;
use super::folder::private;
use crate::domain::{AgencyId, Role, User, UserId};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callboard_simulator::SigningKey;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use uuid::Uuid;
use zeroize::Zeroizing;

/// The people of the demo: names and roles, in the order in which they are shown.
const CAST: [(&str, Role); 3] = [
    ("Anna", Role::Member),
    ("Ben", Role::Member),
    ("Olivia", Role::Owner),
];

/// A link's code: 50 bits in letters that nobody mistakes for each other.
const CODE_LETTERS: usize = 10;
const LETTERS: &str = "0123456789abcdefghjkmnpqrstvwxyz";

/// Where the phones of the demo's people are, by name.
pub(super) const SIP_SERVER: &str = "sip.telnyx.com";

/// What makes this demo the same after a restart: with another JWT secret every open page would be
/// signed out, and with another signing seed every webhook refused.
pub(super) struct Identity {
    pub(super) jwt_secret: SecretString,
    pub(super) encryption_key: SecretString,
    signing_seed: Zeroizing<[u8; 32]>,
    pub(super) agency: AgencyId,
    pub(super) people: Vec<User>,
    /// The carrier's application.
    pub(super) connection_id: String,
    /// Where it listened last.
    pub(super) port: Option<u16>,
}

/// The file, as it is written. No `Debug`: everything in it is secret or close to it.
#[derive(Serialize, Deserialize)]
struct Written {
    about: String,
    jwt_secret: String,
    encryption_key: String,
    signing_seed: String,
    agency: Uuid,
    people: Vec<Uuid>,
    connection_id: String,
    port: Option<u16>,
}

impl Identity {
    /// A new one, with new keys.
    pub(super) fn new() -> Self {
        Self {
            jwt_secret: secret(),
            encryption_key: secret(),
            signing_seed: Zeroizing::new(rand::random()),
            agency: AgencyId(Uuid::new_v4()),
            people: people(CAST.iter().map(|_| Uuid::new_v4()).collect()),
            // Decimal, like Telnyx's own.
            connection_id: format!("2{:018}", rand::random_range(0..10_u64.pow(18))),
            port: None,
        }
    }

    /// The same keys for another agency and other people, so that a run starts from nothing in a
    /// database that has seen others.
    #[cfg(feature = "proving")]
    pub(super) fn with_new_agency(self) -> Self {
        let Self {
            agency,
            people,
            connection_id,
            ..
        } = Self::new();
        Self {
            agency,
            people,
            connection_id,
            ..self
        }
    }

    /// What a former run left in the file, if there was one.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, DemoError> {
        let unreadable = |why: String| DemoError::Identity {
            path: path.to_owned(),
            why,
        };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(error.to_string())),
        };
        // The parser's own words could repeat a secret.
        let written: Written = serde_json::from_str(&text)
            .map_err(|_| unreadable("it is not what a demo writes".to_owned()))?;
        let seed = STANDARD.decode(&written.signing_seed).map(Zeroizing::new);
        let seed = seed.ok().and_then(|seed| seed.as_slice().try_into().ok());
        if written.people.len() != CAST.len() {
            return Err(unreadable("it names other people".to_owned()));
        }
        Ok(Some(Self {
            jwt_secret: written.jwt_secret.into(),
            encryption_key: written.encryption_key.into(),
            signing_seed: Zeroizing::new(
                seed.ok_or_else(|| unreadable("its signing seed is not 32 bytes".to_owned()))?,
            ),
            agency: AgencyId(written.agency),
            people: people(written.people),
            connection_id: written.connection_id,
            port: written.port,
        }))
    }

    /// Leaves it in the file, whole or not at all.
    pub(super) fn write(&self, path: &Path) -> Result<(), DemoError> {
        let written = Written {
            about: "Keys of a callboard demo, for this machine alone".to_owned(),
            jwt_secret: self.jwt_secret.expose_secret().to_owned(),
            encryption_key: self.encryption_key.expose_secret().to_owned(),
            signing_seed: STANDARD.encode(self.signing_seed.as_slice()),
            agency: self.agency.0,
            people: self.people.iter().map(|person| person.id.0).collect(),
            connection_id: self.connection_id.clone(),
            port: self.port,
        };
        write_whole(path, &written).map_err(|error| DemoError::Identity {
            path: path.to_owned(),
            why: error.to_string(),
        })
    }

    /// What this person's link ends with: the same in every run, and not to be guessed.
    pub(super) fn code_of(&self, person: &User) -> SecretString {
        let key = hmac::Key::new(
            hmac::HMAC_SHA256,
            self.jwt_secret.expose_secret().as_bytes(),
        );
        let tag = hmac::sign(&key, format!("link of {}", person.id).as_bytes());
        let letter = |byte: &u8| LETTERS.chars().nth(usize::from(byte % 32)).unwrap_or('0');
        let code: String = tag.as_ref().iter().take(CODE_LETTERS).map(letter).collect();
        code.into()
    }

    /// The key that the carrier signs with.
    pub(super) fn signing_key(&self) -> Result<SigningKey, DemoError> {
        Ok(SigningKey::from_seed(*self.signing_seed)?)
    }
}

/// The address of this person's phone.
pub(super) fn phone_of(person: &User) -> Option<String> {
    let name = person.sip_username.as_deref()?;
    Some(format!("sip:{name}@{SIP_SERVER}"))
}

fn people(ids: Vec<Uuid>) -> Vec<User> {
    let cast = ids.into_iter().zip(CAST);
    cast.map(|(id, (name, role))| User {
        id: UserId(id),
        agency_id: None,
        role: Some(role),
        name: Some(name.to_owned()),
        email: None,
        sip_username: Some(format!("demo{}", name.to_lowercase())),
    })
    .collect()
}

/// 32 random bytes in Base64: fit for either key.
fn secret() -> SecretString {
    let bytes: Zeroizing<[u8; 32]> = Zeroizing::new(rand::random());
    STANDARD.encode(bytes.as_slice()).into()
}

fn write_whole(path: &Path, written: &Written) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    let mut file = private(&mut options).open(&beside)?;
    let text = Zeroizing::new(serde_json::to_string_pretty(written)?);
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::Identity;
    use secrecy::ExposeSecret;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_demo_is_the_same_after_a_restart_and_its_file_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("demo.json");
        assert!(Identity::read(&path).unwrap().is_none());
        let mut before = Identity::new();
        before.port = Some(3002);
        before.write(&path).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);

        let after = Identity::read(&path).unwrap().unwrap();
        assert_eq!(after.agency, before.agency);
        assert_eq!(after.people, before.people);
        assert_eq!(after.port, Some(3002));
        assert_eq!(
            after.jwt_secret.expose_secret(),
            before.jwt_secret.expose_secret()
        );
        assert_eq!(
            after.signing_key().unwrap().public_key(),
            before.signing_key().unwrap().public_key()
        );
        assert_eq!(after.connection_id, before.connection_id);
    }

    #[test]
    fn a_file_of_something_else_is_named_without_its_contents() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("demo.json");
        std::fs::write(&path, r#"{"jwt_secret":"hunter2"}"#).unwrap();
        let error = Identity::read(&path).err().unwrap().to_string();
        assert!(
            error.contains("demo.json") && !error.contains("hunter2"),
            "{error}"
        );
    }

    #[cfg(feature = "proving")]
    #[test]
    fn another_agency_keeps_the_keys() {
        let one = Identity::new();
        let (agency, key) = (one.agency, one.signing_key().unwrap().public_key());
        let other = one.with_new_agency();
        assert_ne!(other.agency, agency);
        assert_eq!(other.signing_key().unwrap().public_key(), key);
    }
}
