//! The real server with agencies and people.

use callboard::app::{App, Listeners};
use callboard::auth;
use callboard::clock::Clock;
use callboard::config::{Config, DatabaseUrl, Settings};
use callboard::domain::{Agency, AgencyId, Role, User, UserId};
use callboard::store::Store;
use secrecy::SecretString;
use serde_json::json;
use socket2::SockRef;
use std::net::{SocketAddr, TcpListener};
use tempfile::TempDir;
use tokio::runtime::Handle;
use uuid::Uuid;

/// The secret that signs the benchmarks' tokens.
const JWT_SECRET: &str = "a secret of the benchmarks, long enough for HS256";
/// Beyond what any benchmark opens.
const SOCKETS: u32 = 100_000;

pub struct World {
    pub app: App,
    pub agencies: Vec<AgencyId>,
    /// A token per person, agency by agency.
    pub tokens: Vec<String>,
    _folder: TempDir,
}

/// What a benchmark must know of a server to sign in.
pub struct Door {
    pub addr: SocketAddr,
    pub tokens: Vec<String>,
}

impl World {
    /// A server on SQLite with so many agencies, of so many people each.
    pub async fn start(agencies: usize, people: usize, clock: Clock) -> Self {
        Self::start_with(agencies, people, clock, |_| {}).await
    }

    /// The same with other settings. The settings of the default agency are the first one's.
    pub async fn start_with(
        agencies: usize,
        people: usize,
        clock: Clock,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("callboard.db");
        let mut config = config(DatabaseUrl::Sqlite { path });
        change(&mut config);
        let store = open(&config.database).await;
        let (agencies, tokens) = populate(&store, agencies, people, &clock).await;
        Self {
            app: serve(config, clock).await,
            agencies,
            tokens,
            _folder: folder,
        }
    }

    /// The door in one line, for [`Door::read`].
    pub fn door(&self) -> String {
        json!({"addr": self.app.addr, "tokens": self.tokens}).to_string()
    }
}

impl Door {
    pub fn read(line: &str) -> Self {
        let door: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let tokens = door["tokens"].as_array().expect("tokens").iter();
        Self {
            addr: door["addr"]
                .as_str()
                .expect("a text")
                .parse()
                .expect("an address"),
            tokens: tokens
                .map(|token| token.as_str().expect("a text").into())
                .collect(),
        }
    }
}

/// So many agencies of so many people each, and a token of each of them, agency by agency.
pub async fn populate(
    store: &Store,
    agencies: usize,
    people: usize,
    clock: &Clock,
) -> (Vec<AgencyId>, Vec<String>) {
    let agencies = add_agencies(store, agencies, clock).await;
    let mut tokens = Vec::new();
    for agency in &agencies {
        for _ in 0..people {
            let user = add_person(store, *agency, clock).await;
            let secret = SecretString::from(JWT_SECRET);
            let token = auth::mint(&secret, user, None, 24 * 3600, clock.now());
            tokens.push(token.expect("a token"));
        }
    }
    (agencies, tokens)
}

/// The real server.
pub async fn serve(config: Config, clock: Clock) -> App {
    let public = TcpListener::bind("127.0.0.1:0").expect("a port");
    // As `callboard serve` does it.
    SockRef::from(&public).listen(4096).expect("a longer queue");
    let listeners = Listeners {
        public,
        metrics: None,
    };
    let app = App::start(config, clock, listeners, false);
    app.await.expect("a server")
}

/// A database with our tables.
pub async fn open(url: &DatabaseUrl) -> Store {
    let store = Store::open(url, Handle::current()).await;
    let store = store.expect("a database");
    store.migrate().await.expect("the migrations");
    store
}

pub async fn add_agencies(store: &Store, count: usize, clock: &Clock) -> Vec<AgencyId> {
    let mut agencies = Vec::new();
    for number in 0..count {
        let id = AgencyId(Uuid::new_v4());
        let agency = Agency {
            id,
            name: format!("Agency {number}"),
            is_default: number == 0,
        };
        let epoch = Uuid::new_v4().to_string();
        let added = store.add_agency(agency, epoch, clock.now()).await;
        added.expect("an agency");
        agencies.push(id);
    }
    agencies
}

async fn add_person(store: &Store, agency: AgencyId, clock: &Clock) -> UserId {
    let id = UserId(Uuid::new_v4());
    let user = User {
        id,
        agency_id: Some(agency),
        role: Some(Role::Member),
        name: Some("Anna Example".into()),
        email: Some("anna@example.com".into()),
        sip_username: None,
    };
    store.put_user(user, clock.now()).await.expect("a person");
    id
}

pub fn config(database: DatabaseUrl) -> Config {
    let mut config = Settings::default().validate().expect("the defaults");
    config.database = database;
    config.auth.jwt_secret = Some(JWT_SECRET.into());
    config.limits.sockets_per_user = SOCKETS;
    config.limits.sockets_per_agency = SOCKETS;
    config
}
