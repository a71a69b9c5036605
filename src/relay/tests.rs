//! The receiver: whatever comes, in whatever order, what goes on to the boards is in order and
//! ours, and what was lost is looked for.

use super::letter::Letter;
use super::outgoing::Parcel;
use super::{CALM, Heard, Parts, Relay, State, lock};
use crate::agencies::Directory;
use crate::clock::Clock;
use crate::config::{self, RedisUrl, Settings};
use crate::domain::{AgencyId, Timestamp};
use crate::store::Store;
use crate::telemetry::Metrics;
use crate::view::Published;
use futures_util::FutureExt;
use rand::seq::SliceRandom;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use uuid::Uuid;

const KEY: &str = "c3Rvcmllcy1zdG9yaWVzLXN0b3JpZXMtc3Rvcmllcy0=";
const ANNA: Uuid = Uuid::from_u128(1);

struct Ear {
    relay: Relay,
    out: mpsc::Receiver<Heard>,
    clock: Clock,
    _folder: tempfile::TempDir,
}

impl Ear {
    async fn new(key: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Settings::default().validate().unwrap();
        let path = folder.path().join("callboard.db");
        config.database = config::DatabaseUrl::Sqlite { path };
        config.encryption_key = key.map(Into::into);
        let url = RedisUrl::parse("redis://localhost:1").unwrap();
        config.relay = config::Relay::Redis(url);
        let store = Store::open(&config.database, Handle::current())
            .await
            .unwrap();
        store.migrate().await.unwrap();
        let clock = Clock::by_hand(Timestamp::default());
        let defaults = config.agency_defaults.clone();
        let directory = Directory::open(store.clone(), clock.clone(), None, defaults, false);
        let parts = Parts {
            store,
            directory: directory.await.unwrap(),
            clock: clock.clone(),
            metrics: Metrics::new(),
        };
        let (relay, out) = Relay::open(&config, parts).await.unwrap();
        Self {
            relay,
            out,
            clock,
            _folder: folder,
        }
    }

    /// It hears itself, now and every second from then on, as it hears Anna.
    fn hears_for(&self, seconds: u64, n: &mut u64) {
        for _ in 0..seconds {
            self.clock.advance(Duration::from_secs(1));
            *n += 1;
            lock(&self.relay.0.beats).told(*n, self.clock.tick());
            self.relay.hear_ourselves(*n);
            self.relay.take_in(&self.told(*n, &[]));
        }
    }

    /// What Anna tells under that number.
    fn told(&self, n: u64, seqs: &[i64]) -> String {
        let events = seqs.iter().map(|seq| event(*seq)).collect();
        let parcel = Parcel {
            events,
            ..Parcel::default()
        };
        let text = Letter::of(&parcel, ANNA, n, 0).text().unwrap();
        self.relay.0.seal.sign(&text)
    }

    /// Whether the heads are to be looked at.
    fn is_in_doubt(&self) -> bool {
        self.relay.0.doubt.notified().now_or_never().is_some()
    }
}

fn event(seq: i64) -> Published {
    let agency = AgencyId(Uuid::from_u128(7));
    let text = format!(r#"{{"seq":{seq}}}"#);
    Published::stored(agency, ("e".into(), seq), Timestamp::default(), None, text)
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_becomes_of_messages_on_the_way_boards_are_told_in_order_or_look() {
    let mut ear = Ear::new(Some(KEY)).await;
    let letters: Vec<(u64, String)> = (1..=20)
        .map(|n| (n, ear.told(n, &[i64::try_from(n).unwrap()])))
        .collect();
    for _ in 0..100 {
        *lock(&ear.relay.0.hearing) = super::Hearing::default();
        let _ = ear.is_in_doubt();
        let mut way = [letters.clone(), letters.clone()].concat();
        way.shuffle(&mut rand::rng());
        way.truncate(rand::random_range(1..40));
        let mut last = 0;
        for (n, letter) in &way {
            ear.relay.take_in(letter);
            let forged = letter.replace("\"seq\":", "\"seq\": ");
            ear.relay.take_in(&forged);
            match ear.out.try_recv() {
                Ok(Heard::Events(events)) => {
                    let heard: Vec<i64> = events.iter().map(|event| event.seq).collect();
                    assert_eq!(heard, [i64::try_from(*n).unwrap()]);
                    assert_eq!(ear.is_in_doubt(), *n != last + 1, "{n} after {last}");
                    last = *n;
                }
                Ok(other) => panic!("{other:?}"),
                Err(_) => assert!(*n <= last, "{n} after {last}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_relied_upon_after_an_hour_in_which_nothing_was_amiss() {
    const HOUR: u64 = CALM.as_secs() + 1;
    let ear = Ear::new(Some(KEY)).await;
    let relay = &ear.relay;
    assert_eq!(relay.state(), State::Starting);
    let mut n = 0;
    ear.hears_for(1, &mut n);
    assert_eq!(relay.state(), State::Up);
    assert!(ear.is_in_doubt() && !relay.is_calm());
    ear.hears_for(HOUR, &mut n);
    assert!(relay.is_calm() && !ear.is_in_doubt());
    relay.take_in("hello");
    assert!(!relay.is_calm());
    ear.hears_for(HOUR, &mut n);
    assert!(relay.is_calm());
    n += 1;
    ear.hears_for(1, &mut n);
    assert!(!relay.is_calm() && ear.is_in_doubt());
    ear.hears_for(HOUR, &mut n);
    assert!(relay.is_calm());
    relay.is_amiss();
    assert!(!relay.is_calm());
    ear.hears_for(HOUR, &mut n);
    let gone = ear.clock.tick().plus(Duration::from_secs(2));
    assert!(lock(&relay.0.hearing).misses_somebody(gone));
    assert!(!relay.is_calm());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_an_event_is_only_a_place_to_look() {
    let mut ear = Ear::new(None).await;
    ear.relay.take_in(&ear.told(1, &[5]));
    match ear.out.try_recv() {
        Ok(Heard::Heads(heads)) => assert_eq!(heads[0].2, 5),
        other => panic!("{other:?}"),
    }
}
