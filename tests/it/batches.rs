//! What waits together is committed together: one transaction, whatever it holds, and the rows that
//! one transaction each would have left.

use crate::support::World;
use crate::support::patience::soon;
use callboard::config::DatabaseUrl;
use callboard::domain::{
    AgencyId, Carrier, ClaimId, Direction, LegEvent, LegHandle, LegNews, Mark, Moment, Timestamp,
    UserId,
};
use callboard::journal::{Append, ClaimAppend, Journal, Meaning, WebhookAppend};
use callboard::store::batch::StoredWebhook;
use callboard::telemetry::Metrics;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Text;
use futures_util::future::join_all;
use futures_util::poll;
use std::path::Path;
use std::pin::pin;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Phone calls at each agency, of four kinds.
const CALLS: u32 = 24;

/// A call of each kind, as its row stands in the end.
const KINDS: [&str; 4] = [
    "caller 00, session 0, ended from +15550100, by Agent after 5, until 9, recorded, won 1, logs 1",
    "caller 01, session 1, ended from +15550100, by nobody after -1, until 5, won 0, logs 1",
    "caller 02, session 2, ended from +15550100, by nobody after -1, until 9, won 0, logs 1",
    "caller 03, session 3, ended from +15550100, by nobody after 2, until 9, recorded, won 0, logs 1",
];

async fn batches_leave_what_one_transaction_each_leaves(world: World) {
    // The same handles, sessions and webhook ids at both agencies.
    let together = Tale {
        agency: world.acme.id,
        agent: world.anna,
    };
    let one_by_one = Tale {
        agency: world.rival.id,
        agent: world.mallory,
    };
    for (batch, singles) in together.steps().into_iter().zip(one_by_one.steps()) {
        let before = world.store.writes();
        commit(&world, batch).await;
        assert_eq!(
            world.store.writes() - before,
            1,
            "a transaction for all of them"
        );
        for single in singles {
            commit(&world, vec![single]).await;
        }
    }

    let rows = together.rows(&world).await;
    assert_eq!(rows.len(), CALLS as usize);
    assert_eq!(rows[..4], KINDS);
    assert_eq!(rows, one_by_one.rows(&world).await);
    assert_eq!(together.legs(&world).await, one_by_one.legs(&world).await);
    assert_eq!(
        together.events(&world).await,
        one_by_one.events(&world).await
    );
    let kept = together.kept(&world).await;
    assert!(
        kept.contains(&"Answered of Some(\"leg 3\") caller 03 applied".to_owned()),
        "{kept:#?}"
    );
    assert_eq!(kept, one_by_one.kept(&world).await);
}

async fn one_batch_holds_two_agencies_apart(world: World) {
    let ours = Tale {
        agency: world.acme.id,
        agent: world.anna,
    };
    let theirs = Tale {
        agency: world.rival.id,
        agent: world.mallory,
    };
    for (mut batch, others) in ours.steps().into_iter().zip(theirs.steps()) {
        batch.extend(others);
        commit(&world, batch).await;
    }

    assert_eq!(ours.rows(&world).await.len(), CALLS as usize);
    assert_eq!(ours.rows(&world).await, theirs.rows(&world).await);
    assert_eq!(ours.legs(&world).await, theirs.legs(&world).await);
    assert_eq!(ours.events(&world).await, theirs.events(&world).await);
    let strangers = "SELECT k.id FROM claims k JOIN inbound_calls c ON c.id = k.call_id \
                     WHERE k.agency_id <> c.agency_id";
    assert!(world.database.texts(strangers).await.is_empty());
}

on_each_database!(
    batches_leave_what_one_transaction_each_leaves,
    one_batch_holds_two_agencies_apart,
);

#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_to_sqlite_reaches_the_file_while_the_writer_goes_on() {
    let world = World::on_sqlite().await;
    let tale = Tale {
        agency: world.acme.id,
        agent: world.anna,
    };
    let DatabaseUrl::Sqlite { path } = &world.database.url else {
        panic!("a file");
    };
    let alone = path.with_extension("alone");
    let carrying = tokio::spawn(world.store.clone().carry_over(CancellationToken::new()));
    let carried = async {
        for append in tale.steps().into_iter().flatten().cycle() {
            commit(&world, vec![append]).await;
            // A copy without its log holds what was carried over and nothing else.
            std::fs::copy(path, &alone).expect("a copy");
            if calls_in(&alone) > 9 {
                break;
            }
        }
    };
    soon("the log to be carried over", carried).await;
    carrying.abort();
}

/// How many calls a SQLite file holds; none before its tables.
fn calls_in(path: &Path) -> usize {
    let mut connection = SqliteConnection::establish(&path.to_string_lossy()).expect("a file");
    let calls = sql::<Text>("SELECT call_control_id FROM inbound_calls");
    let calls: Vec<String> = calls.load(&mut connection).unwrap_or_default();
    calls.len()
}

/// Commits all of these in one batch: the writer begins when all of them wait.
async fn commit(world: &World, appends: Vec<Append>) {
    let (journal, writer, mut recorded) =
        Journal::open(world.store.clone(), world.clock.clone(), Metrics::new());
    let mut waiting = pin!(join_all(
        appends.into_iter().map(|append| journal.append(append))
    ));
    assert!(poll!(&mut waiting).is_pending());
    let stop = CancellationToken::new();
    let writing = tokio::spawn(writer.run(stop.clone()));
    let reading = tokio::spawn(async move { while recorded.recv().await.is_some() {} });
    for answer in waiting.await {
        answer.expect("an answer");
    }
    stop.cancel();
    writing.await.expect("the writer's end");
    reading.await.expect("the reader's end");
}

/// Calls of four kinds, told to one agency: taken by an agent whose phone is in a session of its
/// own; given up; taken by nobody until its end; and heard of backwards, its recording first.
struct Tale {
    agency: AgencyId,
    agent: UserId,
}

impl Tale {
    /// What comes in together, and then what comes in together, and so on.
    fn steps(&self) -> Vec<Vec<Append>> {
        let backwards = |n: &u32| n % 4 == 3;
        let taken = |n: &u32| n.is_multiple_of(4);
        let all = || 0..CALLS;
        let caller_answered = || {
            all()
                .filter(taken)
                .map(|n| self.caller(n, 4, LegNews::Answered))
        };
        vec![
            all()
                .filter(|n| !backwards(n))
                .map(|n| self.caller(n, 0, LegNews::Initiated(Direction::Incoming)))
                .chain(all().filter(backwards).map(|n| self.recorded(n)))
                .chain(
                    all()
                        .filter(backwards)
                        .map(|n| self.caller(n, 2, LegNews::Answered)),
                )
                .collect(),
            all()
                .filter(backwards)
                .map(|n| self.caller(n, 0, LegNews::Initiated(Direction::Incoming)))
                .chain(all().filter(taken).map(|n| self.claim(n)))
                .collect(),
            all()
                .filter(taken)
                .map(|n| self.phone(n, 3, LegNews::Initiated(Direction::Outgoing)))
                .collect(),
            caller_answered()
                .chain(
                    all()
                        .filter(taken)
                        .map(|n| self.phone(n, 5, LegNews::Answered)),
                )
                .chain(
                    all()
                        .filter(|n| n % 4 == 1)
                        .map(|n| self.caller(n, 5, hung_up())),
                )
                .collect(),
            caller_answered()
                .chain(
                    all()
                        .filter(|n| n % 4 != 1)
                        .map(|n| self.caller(n, 9, hung_up())),
                )
                .chain(all().filter(taken).map(|n| self.phone(n, 9, hung_up())))
                .chain(all().filter(taken).map(|n| self.recorded(n)))
                .collect(),
        ]
    }

    fn caller(&self, n: u32, second: i64, news: LegNews) -> Append {
        self.webhook(LegEvent {
            handle: LegHandle::new(Carrier::Telnyx, format!("caller {n:02}")),
            // What comes before its call is known does not name the session yet.
            session: (second != 2).then(|| format!("session {n}")),
            leg_id: Some(format!("leg {n}")),
            from: Some("+15550100".into()),
            ..event(second, news)
        })
    }

    /// The agent's phone, which names its claim and not the caller's session.
    fn phone(&self, n: u32, second: i64, news: LegNews) -> Append {
        self.webhook(LegEvent {
            handle: LegHandle::new(Carrier::Telnyx, format!("phone {n:02}")),
            session: Some(format!("session of phone {n}")),
            leg_id: Some(format!("leg of phone {n}")),
            mark: Mark::Ours(Some(self.claim_id(n))),
            ..event(second, news)
        })
    }

    /// A recording names its leg and no handle.
    fn recorded(&self, n: u32) -> Append {
        let news = LegNews::Recorded {
            id: Some(format!("recording {n}")),
            channels: Some("dual".into()),
            started_at: Some(at(4)),
            ended_at: Some(at(9)),
        };
        self.webhook(LegEvent {
            leg_id: Some(format!("leg {n}")),
            ..event(10, news)
        })
    }

    fn webhook(&self, event: LegEvent) -> Append {
        let webhook = StoredWebhook {
            agency_id: self.agency,
            carrier: Carrier::Telnyx,
            webhook_id: format!("{:?} of {:?} {}", event.news, event.leg_id, event.handle),
            event_type: "call.something".into(),
            leg: Some(event.handle.clone()),
            connection_id: None,
            occurred_at: event.moment.occurred,
            received_at: event.moment.received,
            body: "{}".into(),
        };
        Append::Webhook(WebhookAppend {
            webhook,
            meaning: Meaning::Leg(event),
        })
    }

    fn claim(&self, n: u32) -> Append {
        Append::Claim(ClaimAppend {
            agency_id: self.agency,
            handle: LegHandle::new(Carrier::Telnyx, format!("caller {n:02}")),
            claim_id: self.claim_id(n),
            user_id: self.agent,
            user_name: Some("Agent".into()),
            at: at(1),
            most: Some(CALLS),
            driven_until: at(60),
        })
    }

    fn claim_id(&self, n: u32) -> ClaimId {
        let AgencyId(agency) = self.agency;
        ClaimId(Uuid::from_u128(agency.as_u128() ^ u128::from(n)))
    }

    async fn rows(&self, world: &World) -> Vec<String> {
        self.texts(
            world,
            "c.call_control_id || ', ' || c.call_session_id || ', ' || c.status \
             || ' from ' || c.from_number || ', by ' || COALESCE(c.answered_by_name, 'nobody') \
             || ' after ' || COALESCE((c.answered_at - c.created_at) / 1000000, -1) \
             || ', until ' || COALESCE((c.ended_at - c.created_at) / 1000000, -1) \
             || CASE WHEN c.recordings LIKE '[{\"id\":\"recording %' THEN ', recorded' ELSE '' END \
             || ', won ' || (SELECT COUNT(*) FROM claims k WHERE k.call_id = c.id AND k.standing = 'won') \
             || ', logs ' || (SELECT COUNT(*) FROM call_logs l WHERE l.id = c.id) \
             FROM inbound_calls c WHERE c.agency_id =",
            "c.call_control_id",
        )
        .await
    }

    async fn events(&self, world: &World) -> Vec<String> {
        self.texts(
            world,
            "c.call_control_id || ' ' || e.event_type FROM call_events e \
             JOIN inbound_calls c ON c.id = e.call_id WHERE e.agency_id =",
            "c.call_control_id, e.seq",
        )
        .await
    }

    async fn legs(&self, world: &World) -> Vec<String> {
        self.texts(
            world,
            "call_control_id || ' ' || COALESCE(call_session_id, '') || ' ' || COALESCE(call_leg_id, '') \
             || ' ' || CASE WHEN claim_id IS NULL THEN '' ELSE 'claimed' END \
             FROM call_legs WHERE agency_id =",
            "call_control_id",
        )
        .await
    }

    async fn kept(&self, world: &World) -> Vec<String> {
        let kept = "webhook_id || ' ' || outcome FROM webhook_events WHERE agency_id =";
        self.texts(world, kept, "webhook_id").await
    }

    async fn texts(&self, world: &World, what: &str, order: &str) -> Vec<String> {
        let agency = self.agency;
        let sql = format!("SELECT {what} '{agency}' ORDER BY {order}");
        world.database.texts(&sql).await
    }
}

fn hung_up() -> LegNews {
    LegNews::HungUp {
        cause: Some("normal_clearing".into()),
        source: Some("caller".into()),
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::parse("2026-11-21T09:00:00Z")
        .expect("a time")
        .plus_seconds(second)
}

fn event(second: i64, news: LegNews) -> LegEvent {
    LegEvent {
        handle: LegHandle::new(Carrier::Telnyx, ""),
        news,
        moment: Moment {
            occurred: at(second),
            received: at(second),
        },
        session: None,
        leg_id: None,
        from: None,
        to: None,
        caller_name: None,
        mark: Mark::Absent,
    }
}
