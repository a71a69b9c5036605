//! Who is who, from memory: agencies with their keys, and the people who have been asked about.
//!
//! The database counts every change of agencies, people and credentials. Each node reads that count
//! every two seconds and reads again when it has moved, so a change by a command or on another node
//! takes effect within five seconds, and neither a webhook nor a storm of reconnecting boards costs
//! a query.

mod met;

use super::key::KeyHash;
use super::profile::{Profile, open_profiles};
use super::seal::Keyring;
use super::uses::Uses;
use super::vault::Vault;
use crate::clock::Clock;
use crate::config::AgencyDefaults;
use crate::domain::{Agency, AgencyId, AgencyKey, Carrier, User, UserId};
use crate::store::{Store, StoreError};
use dashmap::DashMap;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{Mutex, Notify, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often the count of changes is read.
const POLL: Duration = Duration::from_secs(2);
/// Most people remembered; beyond, the memory starts again.
const PEOPLE: usize = 100_000;
/// People per query when they are read again.
const PEOPLE_PER_QUERY: usize = 1000;

/// The cached agencies and people of one node. Clones are the same one.
#[derive(Clone)]
pub struct Directory(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Clock,
    vault: Vault,
    defaults: AgencyDefaults,
    agencies: RwLock<Arc<Agencies>>,
    people: DashMap<UserId, Option<User>>,
    /// Agencies all of whose people are among them.
    met: DashMap<AgencyId, ()>,
    /// People are read again, or many for the first time, by one at a time.
    turn: Mutex<()>,
    version: AtomicI64,
    changed: watch::Sender<i64>,
    nudged: Notify,
    uses: Uses,
}

#[derive(Default)]
struct Agencies {
    by_id: HashMap<AgencyId, Arc<Profile>>,
    by_connection: HashMap<(Carrier, String), AgencyId>,
    default: Option<AgencyId>,
    /// For programs, by their hashes.
    keys: HashMap<KeyHash, Arc<AgencyKey>>,
}

impl Directory {
    /// Reads the agencies, making the default one first when there is none and `make_default`.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn open(
        store: Store,
        clock: Clock,
        keyring: Option<Keyring>,
        defaults: AgencyDefaults,
        make_default: bool,
    ) -> Result<Self, StoreError> {
        let vault = Vault::new(store.clone(), clock.clone(), keyring);
        let uses = Uses::new(clock.clone());
        let directory = Self(Arc::new(Inner {
            store,
            clock,
            vault,
            defaults,
            agencies: RwLock::default(),
            people: DashMap::new(),
            met: DashMap::new(),
            turn: Mutex::default(),
            version: AtomicI64::new(0),
            changed: watch::Sender::new(0),
            nudged: Notify::new(),
            uses,
        }));
        if make_default && directory.0.store.agencies().await?.is_empty() {
            directory.add_default().await?;
        }
        directory.refresh().await?;
        Ok(directory)
    }

    async fn add_default(&self) -> Result<(), StoreError> {
        let agency = Agency {
            id: AgencyId(Uuid::new_v4()),
            name: "Default agency".into(),
            is_default: true,
        };
        let id = agency.id;
        let epoch = Uuid::new_v4().to_string();
        let now = self.0.clock.now();
        self.0.store.add_agency(agency, epoch, now).await?;
        tracing::info!("Agency {id} made from the settings: the default one");
        Ok(())
    }

    /// Keeps it true until `stop`.
    pub async fn keep_true(self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.0.clock.sleep(POLL) => {}
                () = self.0.nudged.notified() => {}
            }
            if let Err(error) = self.refresh().await {
                tracing::warn!("Agencies and people not read anew, the old ones stay: {error}");
            }
        }
    }

    /// Has it looked again at once.
    pub fn look_again(&self) {
        self.0.nudged.notify_one();
    }

    /// How often something has changed, as far as is known here.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.0.version.load(Ordering::SeqCst)
    }

    /// Reads what has changed, if anything has.
    ///
    /// # Errors
    /// When the database is away; what was known stays.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        let _turn = self.0.turn.lock().await;
        let version = self.0.store.directory_version().await?;
        if version == self.0.version.load(Ordering::SeqCst) {
            return Ok(());
        }
        let sealed = self.0.store.agencies().await?;
        let mut names: HashMap<AgencyId, HashSet<String>> = HashMap::new();
        for (agency, name) in self.0.store.sip_names().await? {
            names.entry(agency).or_default().insert(name);
        }
        let profiles = open_profiles(sealed, self.0.vault.keyring(), &self.0.defaults, names);
        let keys = self.0.store.all_keys().await?.into_iter();
        let keys = keys.map(|(hash, key)| (KeyHash::stored(hash), Arc::new(key)));
        let keys = keys.collect();
        let agencies = Arc::new(Agencies {
            keys,
            ..Agencies::of(profiles)
        });
        *self
            .0
            .agencies
            .write()
            .unwrap_or_else(PoisonError::into_inner) = agencies;
        // Counted before the people are read: whoever reads one meanwhile will look again.
        self.0.version.store(version, Ordering::SeqCst);
        self.reread_people().await?;
        // There may be new ones.
        self.0.met.clear();
        self.0.changed.send_replace(version);
        Ok(())
    }

    async fn reread_people(&self) -> Result<(), StoreError> {
        let known: Vec<UserId> = self.0.people.iter().map(|entry| *entry.key()).collect();
        for ids in known.chunks(PEOPLE_PER_QUERY) {
            let users = self.0.store.users(ids.to_vec()).await?;
            let mut found: HashMap<UserId, User> =
                users.into_iter().map(|user| (user.id, user)).collect();
            for id in ids {
                self.0.people.insert(*id, found.remove(id));
            }
        }
        Ok(())
    }

    /// Where credentials are kept.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.0.vault
    }

    /// The default agency's settings of the environment.
    #[must_use]
    pub fn defaults(&self) -> &AgencyDefaults {
        &self.0.defaults
    }

    /// Told after every change of agencies or people.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<i64> {
        self.0.changed.subscribe()
    }

    /// The person of that id, if the database knows one.
    ///
    /// # Errors
    /// When the database must be asked and is away.
    pub async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        if let Some(user) = self.0.people.get(&id) {
            return Ok(user.clone());
        }
        loop {
            let version = self.0.version.load(Ordering::SeqCst);
            let user = self.0.store.users(vec![id]).await?.into_iter().next();
            if self.0.people.len() >= PEOPLE {
                self.0.people.clear();
                self.0.met.clear();
            }
            self.0.people.insert(id, user.clone());
            // A change that came while we asked would otherwise be forgotten by this insert.
            if version == self.0.version.load(Ordering::SeqCst) {
                return Ok(user);
            }
        }
    }

    /// The key of that hash, if there is one.
    #[must_use]
    pub fn key(&self, hash: &KeyHash) -> Option<Arc<AgencyKey>> {
        self.agencies().keys.get(hash).cloned()
    }

    /// The key of that hash is used now.
    pub fn note_use(&self, hash: &KeyHash) {
        if let Some(key) = self.key(hash) {
            self.0.uses.note(key.id);
        }
    }

    /// Writes down when keys were used last, until `stop`.
    pub async fn note_uses(self, stop: CancellationToken) {
        self.0.uses.write_down(&self.0.store, stop).await;
    }

    /// The agency of that id.
    #[must_use]
    pub fn agency(&self, id: AgencyId) -> Option<Arc<Profile>> {
        self.agencies().by_id.get(&id).cloned()
    }

    /// The agency that this connection of that carrier belongs to.
    #[must_use]
    pub fn agency_of_connection(&self, carrier: Carrier, connection: &str) -> Option<Arc<Profile>> {
        let agencies = self.agencies();
        let connection = (carrier, connection.to_owned());
        let id = agencies.by_connection.get(&connection)?;
        agencies.by_id.get(id).cloned()
    }

    /// What is odd about the credentials of each agency, in sentences that hold none of them.
    #[must_use]
    pub fn doubts(&self) -> Vec<String> {
        let agencies = self.agencies();
        let of = |profile: &Arc<Profile>| {
            let id = profile.agency.id;
            let doubts = profile
                .doubts()
                .map(move |doubt| format!("Agency {id}: {doubt}"));
            doubts.collect::<Vec<_>>()
        };
        agencies.by_id.values().flat_map(of).collect()
    }

    /// The agency of a single-tenant set-up.
    #[must_use]
    pub fn default_agency(&self) -> Option<Arc<Profile>> {
        let agencies = self.agencies();
        agencies.by_id.get(&agencies.default?).cloned()
    }

    fn agencies(&self) -> Arc<Agencies> {
        let agencies = self.0.agencies.read();
        Arc::clone(&agencies.unwrap_or_else(PoisonError::into_inner))
    }
}

impl Agencies {
    fn of(profiles: Vec<Profile>) -> Self {
        let mut agencies = Self::default();
        for profile in profiles {
            let id = profile.agency.id;
            if profile.agency.is_default && agencies.default.is_none() {
                agencies.default = Some(id);
            }
            let connections = Carrier::ALL.into_iter().flat_map(|carrier| {
                let own = profile.connection_ids(carrier).iter();
                own.map(move |connection| (carrier, connection))
            });
            for (carrier, connection) in connections {
                let held = agencies.by_connection.entry((carrier, connection.clone()));
                let holder = *held.or_insert(id);
                if holder != id {
                    tracing::warn!(
                        "{carrier} connection {connection} is claimed by agencies {holder} and {id}; \
                         the first one gets its webhooks"
                    );
                }
            }
            agencies.by_id.insert(id, Arc::new(profile));
        }
        agencies
    }
}
