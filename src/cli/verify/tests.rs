//! Stories: the journal writes, somebody meddles, verify finds it.

use super::run;
use crate::carriers::understand;
use crate::cli::CliError;
use crate::cli::testing::Desk;
use crate::domain::{Agency, AgencyId, Call, ClaimId, LegHandle, Status, UserId};
use crate::journal::{Append, ClaimAppend, Journal, Meaning, WebhookAppend};
use crate::store::CallFilter;
use crate::store::batch::{BatchKeys, StoredWebhook, WebhookOutcome, Writes};
use crate::telemetry::Metrics;
use callboard_simulator::{Carrier, CarrierSettings, HangupCause, SigningKey, Webhook};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const OURS: AgencyId = AgencyId(Uuid::from_u128(1));
const ANNA: UserId = UserId(Uuid::from_u128(0xa));

/// An office whose calls come from the simulated carrier, through the real journal.
struct Office {
    desk: Desk,
    carrier: Carrier,
    journal: Journal,
}

impl Office {
    async fn open() -> Self {
        let desk = Desk::new().await;
        let agency = Agency {
            id: OURS,
            name: "Ours".into(),
            is_default: false,
        };
        let (store, clock) = (desk.store.clone(), desk.clock.clone());
        let added = store.add_agency(agency, "e".into(), clock.now());
        added.await.unwrap();
        let key = SigningKey::from_seed([7; 32]).unwrap();
        let url = "http://localhost/".parse().unwrap();
        let carrier = Carrier::new(CarrierSettings::new(url, key, clock.clone())).unwrap();
        let (journal, writer, out) = Journal::open(store, clock, Metrics::new());
        drop(out);
        tokio::spawn(writer.run(CancellationToken::new()));
        Self {
            desk,
            carrier,
            journal,
        }
    }

    async fn hears(&self, webhook: &Webhook) {
        let body = String::from_utf8(webhook.body(1, "http://localhost/")).unwrap();
        let stored = self.stored(webhook.id, &body);
        let news = understand(stored.carrier, &body, stored.received_at)
            .unwrap()
            .news;
        let append = WebhookAppend {
            webhook: stored,
            meaning: news.map_or(Meaning::Nothing, Meaning::Leg),
        };
        self.journal.append(Append::Webhook(append)).await.unwrap();
        self.desk.clock.advance(Duration::from_secs(1));
    }

    fn stored(&self, id: Uuid, body: &str) -> StoredWebhook {
        let now = self.desk.clock.now();
        let understood = understand(crate::domain::Carrier::Telnyx, body, now).unwrap();
        StoredWebhook {
            agency_id: OURS,
            carrier: crate::domain::Carrier::Telnyx,
            webhook_id: id.to_string(),
            event_type: understood.event_type,
            leg: understood.leg,
            connection_id: understood.connection_id,
            occurred_at: understood.occurred_at,
            received_at: now,
            body: body.to_owned(),
        }
    }

    /// A transferred call from its ring to its end, and one that still rings; webhooks late and
    /// twice.
    async fn has_a_busy_minute(&self) {
        let caller = self.carrier.new_call("+15550100001");
        let ring = caller.initiated();
        self.hears(&ring).await;
        self.hears(&ring).await;
        let claim = ClaimAppend {
            agency_id: OURS,
            handle: LegHandle::test(&caller.call_control_id),
            claim_id: ClaimId(Uuid::from_u128(0xc)),
            user_id: ANNA,
            user_name: Some("Anna".into()),
            at: self.desk.clock.now(),
            most: None,
            driven_until: self.desk.clock.now(),
        };
        self.journal.append(Append::Claim(claim)).await.unwrap();
        let agent = caller.second_leg(None);
        self.hears(&agent.initiated()).await;
        self.hears(&agent.answered()).await;
        let bridge = caller.bridged();
        self.desk.clock.advance(Duration::from_secs(60));
        let end = caller.hung_up(HangupCause::NormalClearing);
        self.hears(&end).await;
        self.hears(&bridge).await;
        self.hears(&self.carrier.new_call("+15550100002").initiated())
            .await;
    }

    async fn calls(&self) -> Vec<Call> {
        let filter = CallFilter {
            limit: 10,
            ..CallFilter::default()
        };
        self.desk.store.calls(OURS, filter).await.unwrap()
    }

    /// Writes past the journal, as somebody with an SQL prompt would.
    async fn meddle(&self, writes: Writes) {
        let now = self.desk.clock.now();
        let store = &self.desk.store;
        let done = store.commit(BatchKeys::default(), now, |_| Ok((writes, ())));
        done.await.unwrap();
    }

    async fn verified(&mut self) -> (Result<(), CliError>, Vec<String>) {
        self.desk.clock.advance(Duration::from_secs(1));
        let desk = &mut self.desk;
        let ended = run(&desk.store, &desk.config, &desk.clock, &mut desk.out).await;
        let lines = desk.said().lines().map(str::to_owned).collect();
        (ended, lines)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_journal_wrote_is_what_the_webhooks_say() {
    let mut office = Office::open().await;
    office.has_a_busy_minute().await;
    let ended = &office.calls().await[1];
    assert_eq!(
        (ended.status, ended.answered_by),
        (Status::Ended, Some(ANNA))
    );
    let (ended, lines) = office.verified().await;
    ended.unwrap();
    assert_eq!(
        lines,
        ["2 calls checked against 6 webhooks: 0 differing, 0 too old to check"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_field_that_was_tampered_with_is_named() {
    let mut office = Office::open().await;
    office.has_a_busy_minute().await;
    let mut call = office.calls().await.remove(1);
    call.status = Status::Answered;
    call.answered_by_name = Some("Mallory\n".into());
    let (joined, left) = (call.answered_at.unwrap(), call.ended_at.unwrap());
    call.participants = Some(Vec::new());
    let id = call.id;
    let calls = vec![call];
    office
        .meddle(Writes {
            calls,
            ..Writes::default()
        })
        .await;
    let (ended, lines) = office.verified().await;
    assert!(matches!(ended, Err(CliError::Differences(1))));
    assert_eq!(
        lines,
        [
            format!("call {id} status: webhooks say ended, the table says answered"),
            format!(
                "call {id} answered_by_name: webhooks say \"Anna\", the table says \"Mallory\\n\""
            ),
            format!(
                "call {id} participants: webhooks say [Anna left ({joined} to {left})], the table says []"
            ),
            "2 calls checked against 6 webhooks: 1 differing, 0 too old to check".into(),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_nobody_told_of_and_one_that_was_lost_are_both_named() {
    let mut office = Office::open().await;
    office.has_a_busy_minute().await;
    let mut call = office.calls().await.remove(0);
    call.id.0 = Uuid::from_u128(9);
    call.handle = LegHandle::test("v3:made-up");
    let body = r#"{"data":{"event_type":"call.initiated","occurred_at":"2026-11-21T12:00:00Z",
        "payload":{"call_control_id":"v3:lost","direction":"incoming"}}}"#;
    let lost = office.stored(Uuid::from_u128(8), body);
    let writes = Writes {
        calls: vec![call],
        webhooks: vec![(lost, WebhookOutcome::Applied)],
        ..Writes::default()
    };
    office.meddle(writes).await;
    let (ended, lines) = office.verified().await;
    assert!(matches!(ended, Err(CliError::Differences(2))));
    let told = format!(
        "call {} is in the table, and no webhook tells of it",
        Uuid::from_u128(9)
    );
    assert!(lines.contains(&told), "{lines:?}");
    assert!(lines[1].starts_with("call v3:lost: webhooks tell of it, the table does not have it"));
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_that_did_not_count_then_do_not_count_now() {
    let mut office = Office::open().await;
    let ring = office.carrier.new_call("+15550100003").initiated();
    let body = String::from_utf8(ring.body(1, "http://localhost/")).unwrap();
    let stored = office.stored(Uuid::new_v4(), &body);
    office
        .meddle(Writes {
            webhooks: vec![(stored, WebhookOutcome::OtherConnection)],
            ..Writes::default()
        })
        .await;
    let (ended, lines) = office.verified().await;
    ended.unwrap();
    assert!(
        lines[0].starts_with("0 calls checked against 1 webhook:"),
        "{lines:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_could_not_be_applied_is_named_as_wrong() {
    let mut office = Office::open().await;
    let ring = office.carrier.new_call("+15550100003").initiated();
    let body = String::from_utf8(ring.body(1, "http://localhost/")).unwrap();
    let id = Uuid::new_v4();
    let stored = office.stored(id, &body);
    office
        .meddle(Writes {
            webhooks: vec![(stored, WebhookOutcome::Failed)],
            ..Writes::default()
        })
        .await;
    let (ended, lines) = office.verified().await;
    assert!(matches!(ended, Err(CliError::Differences(1))));
    assert_eq!(
        lines,
        [
            format!("webhook {id}: kept as failed, and not on the board"),
            "0 calls checked against 1 webhook: 0 differing, 0 too old to check; 1 webhook could \
             not be applied (a running server tries again by itself; its log says why)"
                .into(),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_older_than_its_webhooks_is_counted_and_not_judged() {
    let mut office = Office::open().await;
    office.has_a_busy_minute().await;
    let clock = office.desk.clock.clone();
    clock.advance(Duration::from_secs(8 * 86_400));
    let limits = office.desk.config.limits;
    let store = office.desk.store.clone();
    let retention = crate::journal::Retention::new(store, clock, Metrics::new(), limits);
    let driver = office.desk.clock.clone();
    let winding = tokio::spawn(async move {
        loop {
            driver.advance(Duration::from_millis(50));
            tokio::task::yield_now().await;
        }
    });
    retention.sweep().await.unwrap();
    winding.abort();
    office
        .hears(&office.carrier.new_call("+15550100004").initiated())
        .await;
    office.desk.clock.advance(Duration::from_secs(3600));
    office
        .hears(&office.carrier.new_call("+15550100005").initiated())
        .await;
    let (ended, lines) = office.verified().await;
    ended.unwrap();
    // The first call after the gap may have had webhooks that are gone: that cannot be told.
    assert_eq!(
        lines,
        ["1 call checked against 2 webhooks: 0 differing, 3 too old to check"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_changes_meanwhile_is_not_taken_for_a_wrong_one() {
    let mut office = Office::open().await;
    office.has_a_busy_minute().await;
    let mut call = office.calls().await.remove(0);
    call.status = Status::Answered;
    call.updated_at = office.desk.clock.now().plus_seconds(60);
    let calls = vec![call];
    office
        .meddle(Writes {
            calls,
            ..Writes::default()
        })
        .await;
    let (ended, lines) = office.verified().await;
    ended.unwrap();
    assert!(
        lines[0].ends_with("1 changed while being checked (run it again)"),
        "{lines:?}"
    );
}
