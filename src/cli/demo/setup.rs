//! The demo's agency, people and credentials, put into the database.

use super::DemoError;
use super::identity::Identity;
use crate::agencies::seal::{Keyring, WrappedKey};
use crate::config::Config;
use crate::domain::{Agency, AgencyId, CredentialKey, Timestamp, User, check_credential};
use crate::store::{SealedAgency, SealedCredential, Store};
use secrecy::SecretString;
use tokio::runtime::Handle;
use uuid::Uuid;

/// What the demo's agency shows its carrier, which is on this machine and knows nobody else: no
/// secret.
pub(super) const API_KEY: &str = "KEY00000000DEMO_for_a_simulated_carrier";

/// Its TeXML application, for voice agents: another one than where its calls ring.
const TEXML_APPLICATION: &str = "2684641123236054244";
/// Its key at the simulated Ultravox, so that an owner can try the import; no secret either.
const ULTRAVOX_KEY: &str = "demo.key_of_a_simulated_ultravox";

const AGENCY_NAME: &str = "Demo Agency";
/// The version of a credential that is stored for the first time.
const FIRST_VERSION: i64 = 1;

/// Opens the demo's database, brings it up to date, and sees to it that the agency, its people and
/// its credentials are there. Whatever a former run that was killed halfway left out is added.
pub(super) async fn prepare(
    config: &Config,
    identity: &Identity,
    now: Timestamp,
) -> Result<Store, DemoError> {
    let store = Store::open(&config.database, Handle::current()).await?;
    store.migrate().await?;
    let known = find(&store, identity.agency).await?;
    if known.is_none() {
        let agency = Agency {
            id: identity.agency,
            name: AGENCY_NAME.to_owned(),
            is_default: false,
        };
        let epoch = Uuid::new_v4().to_string();
        store.add_agency(agency, epoch, now).await?;
    }
    for person in &identity.people {
        let person = User {
            agency_id: Some(identity.agency),
            ..person.clone()
        };
        store.put_user(person, now).await?;
    }
    put_credentials(&store, identity, known, credentials(identity)?, now).await?;
    Ok(store)
}

async fn find(store: &Store, agency: AgencyId) -> Result<Option<SealedAgency>, DemoError> {
    let agencies = store.agencies().await?.into_iter();
    Ok(agencies.into_iter().find(|known| known.agency.id == agency))
}

/// What the server must know of its carrier.
fn credentials(identity: &Identity) -> Result<Vec<(CredentialKey, String)>, DemoError> {
    let public_key = identity.signing_key()?.public_key();
    let connection_ids = identity.connection_id.clone();
    Ok(vec![
        (CredentialKey::TelnyxApiKey, API_KEY.to_owned()),
        (CredentialKey::TelnyxPublicKey, public_key),
        (CredentialKey::TelnyxConnectionIds, connection_ids),
        (
            CredentialKey::TelnyxApplicationId,
            TEXML_APPLICATION.to_owned(),
        ),
        (CredentialKey::UltravoxApiKey, ULTRAVOX_KEY.to_owned()),
    ])
}

/// Puts those that are not there: an earlier version's demo knew fewer.
async fn put_credentials(
    store: &Store,
    identity: &Identity,
    known: Option<SealedAgency>,
    mut values: Vec<(CredentialKey, String)>,
    now: Timestamp,
) -> Result<(), DemoError> {
    let agency = identity.agency;
    let (key, held) = match known {
        Some(known) => (known.data_key, known.credentials),
        None => (None, Vec::new()),
    };
    values.retain(|(key, _)| !held.iter().any(|held| held.name == key.name()));
    if values.is_empty() {
        return Ok(());
    }
    let keyring = Keyring::parse(&identity.encryption_key)?;
    let (data_key, WrappedKey(wrapped)) = match key.map(WrappedKey) {
        Some(wrapped) => (keyring.open_data_key(agency, &wrapped)?, wrapped),
        None => keyring.new_data_key(agency)?,
    };
    let mut sealed = Vec::with_capacity(values.len());
    for (key, value) in values {
        check_credential(key, &value)?;
        sealed.push(SealedCredential {
            name: key.name().to_owned(),
            version: FIRST_VERSION,
            sealed: data_key.seal(agency, key, FIRST_VERSION, &SecretString::from(value))?,
        });
    }
    store.put_credentials(agency, wrapped, sealed, now).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{API_KEY, credentials, find, prepare, put_credentials};
    use crate::agencies::seal::{Keyring, WrappedKey};
    use crate::cli::demo::identity::Identity;
    use crate::config::{Config, DatabaseUrl, Settings};
    use crate::domain::{Agency, CredentialKey, Timestamp};
    use crate::store::Store;
    use secrecy::ExposeSecret;
    use tokio::runtime::Handle;

    fn config(folder: &tempfile::TempDir) -> Config {
        let mut config = Settings::default().validate().unwrap();
        let path = folder.path().join("callboard.db");
        config.database = DatabaseUrl::Sqlite { path };
        config
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_demo_that_starts_again_finds_its_agency_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let (config, identity) = (config(&folder), Identity::new());
        let now = Timestamp::from_micros(1);
        for _ in 0..2 {
            let store = prepare(&config, &identity, now).await.unwrap();
            let agencies = store.agencies().await.unwrap();
            let [agency] = &agencies[..] else {
                panic!("{agencies:?}");
            };
            let people = store.people(Some(identity.agency)).await.unwrap();
            let names: Vec<_> = people.iter().filter_map(|p| p.name.as_deref()).collect();
            assert_eq!(names.len(), 3, "{names:?}");

            let keyring = Keyring::parse(&identity.encryption_key).unwrap();
            let wrapped = WrappedKey(agency.data_key.clone().unwrap());
            let key = keyring.open_data_key(identity.agency, &wrapped).unwrap();
            let stored = |name: CredentialKey| {
                let held = agency.credentials.iter();
                let held = held.clone().find(|held| held.name == name.name()).unwrap();
                key.open(identity.agency, name, held.version, &held.sealed)
                    .unwrap()
            };
            let public_key = stored(CredentialKey::TelnyxPublicKey);
            let signing = identity.signing_key().unwrap().public_key();
            assert_eq!(public_key.expose_secret(), signing);
            let connection = stored(CredentialKey::TelnyxConnectionIds);
            assert_eq!(connection.expose_secret(), identity.connection_id);
            let api_key = stored(CredentialKey::TelnyxApiKey);
            assert_eq!(api_key.expose_secret(), API_KEY);
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn the_data_of_an_earlier_version_gets_what_it_lacks_under_its_own_key() {
        let folder = tempfile::tempdir().unwrap();
        let (config, identity) = (config(&folder), Identity::new());
        let now = Timestamp::from_micros(1);
        let store = Store::open(&config.database, Handle::current())
            .await
            .unwrap();
        store.migrate().await.unwrap();
        let agency = Agency {
            id: identity.agency,
            name: "Demo Agency".to_owned(),
            is_default: false,
        };
        store.add_agency(agency, "e".to_owned(), now).await.unwrap();
        let mut few = credentials(&identity).unwrap();
        few.retain(|(key, _)| *key != CredentialKey::TelnyxApiKey);
        let known = find(&store, identity.agency).await.unwrap();
        put_credentials(&store, &identity, known, few, now)
            .await
            .unwrap();
        let before = find(&store, identity.agency).await.unwrap().unwrap();
        assert_eq!(before.credentials.len(), 4);
        drop(store);

        let store = prepare(&config, &identity, now).await.unwrap();
        let after = find(&store, identity.agency).await.unwrap().unwrap();
        assert_eq!(after.credentials.len(), 5);
        assert_eq!(after.data_key, before.data_key);
    }
}
