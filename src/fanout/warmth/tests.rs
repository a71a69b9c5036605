//! How many boards are kept ready, and of whom.

use super::{Fanout, MOST, PAUSE};
use crate::agencies::Directory;
use crate::clock::Clock;
use crate::config::{self, Settings};
use crate::domain::{Agency, AgencyId, Timestamp};
use crate::hub::{Board, Caps, Ending, Endings, Hub};
use crate::relay::{Parts, Relay};
use crate::store::Store;
use crate::telemetry::Metrics;
use tokio::runtime::Handle;
use uuid::Uuid;

const ACME: AgencyId = AgencyId(Uuid::from_u128(1));

struct Node {
    fanout: Fanout,
    store: Store,
    hub: Hub,
    clock: Clock,
    metrics: Metrics,
    _folder: tempfile::TempDir,
}

impl Node {
    /// One that knows Acme, and that nobody has come to.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Settings::default().validate().unwrap();
        let path = folder.path().join("callboard.db");
        config.database = config::DatabaseUrl::Sqlite { path };
        config.relay = config::Relay::Off;
        let clock = Clock::by_hand(Timestamp::default());
        let store = Store::open(&config.database, Handle::current());
        let store = store.await.unwrap();
        store.migrate().await.unwrap();
        let acme = Agency {
            id: ACME,
            name: "Acme".into(),
            is_default: false,
        };
        let added = store.add_agency(acme, "e".into(), clock.now());
        added.await.unwrap();
        let defaults = config.agency_defaults.clone();
        let directory = Directory::open(store.clone(), clock.clone(), None, defaults, false);
        let directory = directory.await.unwrap();
        let metrics = Metrics::new();
        let parts = Parts {
            store: store.clone(),
            directory: directory.clone(),
            clock: clock.clone(),
            metrics: metrics.clone(),
        };
        let (relay, _) = Relay::open(&config, parts).await.unwrap();
        let ending = Ending {
            last: Vec::new(),
            code: 4000,
            at_once: false,
        };
        let caps = Caps {
            per_user: 9,
            per_agency: 9,
        };
        let endings = Endings {
            slow: ending.clone(),
            renewed: ending,
        };
        let hub = Hub::new(caps, endings);
        let fanout = Fanout::new(
            hub.clone(),
            store.clone(),
            clock.clone(),
            metrics.clone(),
            Handle::current(),
            relay,
            directory,
        );
        Self {
            fanout,
            store,
            hub,
            clock,
            metrics,
            _folder: folder,
        }
    }

    /// Another node has told that it has sockets of these.
    async fn hears_of(&self, agency: AgencyId) {
        self.fanout.is_watched_elsewhere(vec![agency]);
        let warmed = async {
            let agencies = self.fanout.cold.some().await;
            self.fanout.warm_up(agencies).await;
        };
        let mut warmed = std::pin::pin!(warmed);
        while futures_util::poll!(&mut warmed).is_pending() {
            self.clock.advance(PAUSE);
            tokio::task::yield_now().await;
        }
    }

    fn shows(&self, line: &str) -> bool {
        let page = self.metrics.encode().unwrap();
        page.lines().any(|shown| shown == line)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_boards_are_kept_ready_than_there_is_room_for() {
    let node = Node::new().await;
    for number in 0..MOST {
        let agency = AgencyId(Uuid::from_u128(1000 + number as u128));
        let board = Board {
            epoch: "e".into(),
            seq: 0,
            rows: Vec::new(),
        };
        assert!(!node.hub.load(agency, board));
    }
    node.hears_of(ACME).await;
    assert!(!node.hub.knows(ACME));
    assert!(node.shows(r#"callboard_boards_warmed_total{result="full"} 1"#));

    // The others were not told of lately.
    node.hub.sweep();
    node.hub.sweep();
    node.hears_of(ACME).await;
    assert!(node.hub.keep(ACME) && node.hub.unwatched() == 1);
    assert!(node.shows(r#"callboard_boards_warmed_total{result="loaded"} 1"#));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_ready_or_no_agency_costs_no_query() {
    let node = Node::new().await;
    node.hears_of(ACME).await;
    let reads = node.store.reads();
    node.hears_of(AgencyId(Uuid::from_u128(2))).await;
    assert_eq!(node.hub.size(), 1);
    node.fanout.is_watched_elsewhere(vec![ACME]);
    assert!(node.fanout.cold.agencies().is_empty());
    assert_eq!(node.store.reads(), reads);
}
