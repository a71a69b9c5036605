//! A story's world: a database with two agencies and their people, a clock wound by hand, and any
//! number of nodes.

use super::database::Database;
use super::node::Node;
use super::patience::soon;
use callboard::agencies::seal::{Keyring, WrappedKey};
use callboard::auth;
use callboard::clock::Clock;
use callboard::config::{Config, Settings, Watching};
use callboard::domain::{
    Agency, AgencyChange, AgencyId, CredentialKey, Role, Timestamp, User, UserId,
};
use callboard::store::{Named, SealedCredential, Store};
use callboard_simulator::SigningKey;
use jsonwebtoken::{EncodingKey, Header};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::runtime::Handle;
use uuid::Uuid;

/// The secret that signs the stories' tokens.
pub const JWT_SECRET: &str = "a secret of the stories, long enough for HS256";
/// 32 bytes in base64.
pub const ENCRYPTION_KEY: &str = "c3Rvcmllcy1zdG9yaWVzLXN0b3JpZXMtc3Rvcmllcy0=";

pub struct World {
    pub database: Database,
    pub clock: Clock,
    pub config: Config,
    pub store: Store,
    /// The agency that the stories are about: Anna and Ben take calls, Olivia owns it.
    pub acme: Tenant,
    /// Another agency, of Mallory's.
    pub rival: Tenant,
    pub anna: UserId,
    pub ben: UserId,
    pub olivia: UserId,
    pub mallory: UserId,
}

/// An agency and its account at the carrier.
#[derive(Clone)]
pub struct Tenant {
    pub id: AgencyId,
    pub key: SigningKey,
    pub connection: String,
}

impl World {
    pub async fn on_sqlite() -> Self {
        Self::on(Database::migrated_sqlite().await).await
    }

    pub async fn on_postgres() -> Self {
        Self::on(Database::migrated_postgres().await).await
    }

    pub async fn on(database: Database) -> Self {
        let start = Timestamp::parse("2026-11-21T09:00:00Z").expect("a time");
        Self::on_a_day(database, Clock::by_hand(start)).await
    }

    /// A world that goes by the machine's clock: for what only real time brings about.
    pub async fn in_real_time(database: Database) -> Self {
        Self::on_a_day(database, Clock::system()).await
    }

    /// A world by that clock.
    pub async fn on_a_day(database: Database, clock: Clock) -> Self {
        let config = config_for(&database);
        let store = Store::open(&config.database, Handle::current())
            .await
            .expect("the database");
        store.migrate().await.expect("the migrations");
        let acme = tenant(&store, &clock, "Acme", "1684641123236054244").await;
        let rival = tenant(&store, &clock, "Rival", "2684641123236054244").await;
        let mut people = Vec::new();
        for (name, agency, role) in [
            ("Anna", acme.id, Role::Member),
            ("Ben", acme.id, Role::Member),
            ("Olivia", acme.id, Role::Owner),
            ("Mallory", rival.id, Role::Owner),
        ] {
            let user = User {
                id: UserId(Uuid::new_v4()),
                agency_id: Some(agency),
                role: Some(role),
                name: Some(name.into()),
                email: None,
                sip_username: None,
            };
            people.push(user.id);
            store.put_user(user, clock.now()).await.expect("a user");
        }
        Self {
            database,
            clock,
            config,
            store,
            acme,
            rival,
            anna: people[0],
            ben: people[1],
            olivia: people[2],
            mallory: people[3],
        }
    }

    /// A world whose database, agencies and people were there before: Anna, Ben, Olivia and Mallory.
    pub async fn found(
        database: Database,
        clock: Clock,
        [acme, rival]: [Tenant; 2],
        [anna, ben, olivia, mallory]: [UserId; 4],
    ) -> Self {
        let config = config_for(&database);
        let store = Store::open(&config.database, Handle::current())
            .await
            .expect("the database");
        Self {
            database,
            clock,
            config,
            store,
            acme,
            rival,
            anna,
            ben,
            olivia,
            mallory,
        }
    }

    /// The same world by the machine's clock, for servers that are processes.
    pub fn by_the_machines_clock(mut self) -> Self {
        self.clock = Clock::system();
        self
    }

    /// The same world with other settings.
    pub fn configured(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// A server of this world.
    pub async fn node(&self) -> Node {
        Node::start(self).await
    }

    /// A server of this world that believes unsigned webhooks too.
    pub async fn credulous_node(&self) -> Node {
        Node::start_with(self, true).await
    }

    /// Stores a credential, as a command on another machine would.
    pub async fn sets(&self, tenant: &Tenant, name: CredentialKey, value: &str) {
        let agencies = self.store.agencies().await.expect("agencies");
        let mut all = agencies.into_iter();
        let held = all
            .find(|held| held.agency.id == tenant.id)
            .expect("an agency");
        let wrapped = WrappedKey(held.data_key.expect("a data key"));
        let keyring = Keyring::parse(&ENCRYPTION_KEY.into()).expect("a keyring");
        let data_key = keyring
            .open_data_key(tenant.id, &wrapped)
            .expect("a data key");
        let former = held.credentials.iter().find(|one| one.name == name.name());
        let version = former.map_or(1, |former| former.version + 1);
        let sealed = data_key.seal(tenant.id, name, version, &value.into());
        let credential = SealedCredential {
            name: name.name().into(),
            version,
            sealed: sealed.expect("a seal"),
        };
        let now = self.clock.now();
        self.store
            .put_credentials(tenant.id, wrapped.0, vec![credential], now)
            .await
            .expect("credentials");
    }

    /// Takes a credential away.
    pub async fn unsets(&self, tenant: &Tenant, name: CredentialKey) {
        let sql = format!(
            "DELETE FROM agency_credentials WHERE agency_id = '{}' AND name = '{name}'",
            tenant.id
        );
        self.database.execute(&sql).await;
    }

    /// Nobody is here yet: no agencies, no people.
    pub async fn is_emptied(&self) {
        let tables = ["users", "agency_credentials", "agency_heads", "agencies"];
        let sql = tables.map(|table| format!("DELETE FROM {table};")).concat();
        self.database.execute(&sql).await;
    }

    /// What became of each webhook of an agency, in the order of their ids.
    pub async fn outcomes(&self, agency: AgencyId) -> Vec<String> {
        let kept = self
            .store
            .kept_webhooks(agency, Named::default(), 1000)
            .await;
        let kept = kept.expect("webhooks").into_iter();
        kept.map(|webhook| webhook.outcome).collect()
    }

    /// A token of that person, good for an hour.
    pub fn token(&self, user: UserId) -> SecretString {
        self.token_for(user, 3600)
    }

    /// A token of that person, good for so many seconds.
    pub fn token_for(&self, user: UserId, seconds: i64) -> SecretString {
        let secret = JWT_SECRET.into();
        auth::mint(&secret, user, None, seconds, self.clock.now())
            .expect("a token")
            .into()
    }

    /// A rightly signed token of that person with these claims in place of the usual ones; null
    /// takes a claim away.
    pub fn odd_token(&self, user: UserId, odd: Value) -> SecretString {
        let now = self.clock.now().seconds();
        let mut claims = json!({
            "sub": user.to_string(), "role": "authenticated", "aud": "authenticated",
            "iat": now, "exp": now + 3600,
        });
        for (name, value) in odd.as_object().expect("claims") {
            claims[name] = value.clone();
        }
        let key = EncodingKey::from_secret(JWT_SECRET.as_bytes());
        let claims: Value = claims
            .as_object()
            .expect("claims")
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect::<serde_json::Map<_, _>>()
            .into();
        jsonwebtoken::encode(&Header::default(), &claims, &key)
            .expect("a token")
            .into()
    }

    /// The person as the database knows it, changed.
    pub async fn changes_user(&self, id: UserId, change: impl FnOnce(&mut User)) {
        let mut users = self.store.users(vec![id]).await.expect("users");
        let mut user = users.remove(0);
        change(&mut user);
        self.store
            .put_user(user, self.clock.now())
            .await
            .expect("a user");
    }

    /// Acme masks callers' numbers for people of these roles.
    pub async fn masks_numbers_for(&self, roles: Vec<Role>) {
        let change = AgencyChange {
            mask_numbers_for: Some(roles),
            ..AgencyChange::default()
        };
        let changed = self.store.change_agency(self.acme.id, change).await;
        assert!(changed.expect("a policy"));
    }

    /// What comes while the clock is wound by at most `limit`.
    pub async fn within<T>(&self, limit: Duration, what: &str, wait: impl Future<Output = T>) -> T {
        let step = Duration::from_millis(250);
        let mut wait = std::pin::pin!(wait);
        let mut wound = Duration::ZERO;
        while wound < limit {
            self.clock.advance(step);
            wound += step;
            // Long enough for whoever was woken to ask the database.
            let turn = tokio::time::timeout(Duration::from_millis(20), &mut wait);
            if let Ok(value) = turn.await {
                return value;
            }
        }
        soon(what, wait).await
    }

    /// Winds the clock, in steps that let everything that waits take its turn.
    pub async fn wind(&self, time: Duration) {
        let step = Duration::from_millis(500);
        let mut left = time;
        while !left.is_zero() {
            let by = left.min(step);
            self.clock.advance(by);
            left -= by;
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Winds the clock step by step until `wait` is over, at most a step every four milliseconds:
    /// it may not run away from those who work by it, on however busy a machine.
    pub async fn wind_until<T>(&self, step: Duration, wait: impl Future<Output = T>) -> T {
        let mut wait = std::pin::pin!(soon("what the clock brings", wait));
        let mut pace = tokio::time::interval(Duration::from_millis(4));
        pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                value = &mut wait => return value,
                _ = pace.tick() => self.clock.advance(step),
            }
        }
    }

    /// The number of an agency's latest event.
    pub async fn last_seq(&self, tenant: &Tenant) -> u64 {
        let heads = self.store.heads(vec![tenant.id]).await.expect("the head");
        heads[0].1.last_seq.unsigned_abs()
    }
}

fn config_for(database: &Database) -> Config {
    let mut config = Settings::default().validate().expect("the defaults");
    config.database = database.url.clone();
    config.auth.jwt_secret = Some(JWT_SECRET.into());
    config.encryption_key = Some(ENCRYPTION_KEY.into());
    // In most stories one person takes several calls.
    config.calls.per_agent = None;
    // Most stories count the events of calls.
    config.calls.presence = Watching::Off;
    config
}

async fn tenant(store: &Store, clock: &Clock, name: &str, connection: &str) -> Tenant {
    let id = AgencyId(Uuid::new_v4());
    let agency = Agency {
        id,
        name: name.into(),
        is_default: false,
    };
    let epoch = Uuid::new_v4().to_string();
    let now = clock.now();
    store.add_agency(agency, epoch, now).await.expect("agency");
    let key = SigningKey::generate().expect("a key");
    let keyring = Keyring::parse(&ENCRYPTION_KEY.into()).expect("a keyring");
    let (data_key, wrapped) = keyring.new_data_key(id).expect("a data key");
    let sealed = [
        (CredentialKey::TelnyxPublicKey, key.public_key()),
        (CredentialKey::TelnyxConnectionIds, connection.to_owned()),
    ]
    .map(|(name, value)| SealedCredential {
        name: name.name().into(),
        version: 1,
        sealed: data_key.seal(id, name, 1, &value.into()).expect("a seal"),
    });
    store
        .put_credentials(id, wrapped.0, sealed.to_vec(), now)
        .await
        .expect("credentials");
    Tenant {
        id,
        key,
        connection: connection.into(),
    }
}
