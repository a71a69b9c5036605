//! What a new call's webhook leads to, as rows, without a journal: for whoever knows beforehand that
//! nothing of it is there yet.

use super::webhooks::Calls;
use callboard::domain::{
    AgencyId, CallId, Errand, ErrandKind, Event, EventType, Facts, Happened, Leg, Timestamp, derive,
};
use callboard::journal::{Append, Meaning};
use callboard::store::batch::{Head, NewEvent, WebhookOutcome, Writes};
use callboard::view::Published;
use uuid::Uuid;

/// The rows that the next call of `calls` leads to, its event numbered `seq`.
pub fn of_a_new_call(calls: &mut Calls, agency: AgencyId, seq: i64, now: Timestamp) -> Writes {
    let Append::Webhook(append) = calls.next() else {
        panic!("a webhook");
    };
    let Meaning::Leg(news) = append.meaning else {
        panic!("news of a leg");
    };
    let mut leg = Leg::unknown(news.handle.clone());
    leg.learn(&news);
    let facts = Facts {
        caller: &leg,
        claims: &[],
        legs: &[],
    };
    let call = derive(CallId(Uuid::now_v7()), agency, facts).expect("a call");
    let event = Event {
        event_type: EventType::Incoming,
        reason: None,
        moment: news.moment,
        actor: None,
        call: call.call.clone(),
    };
    let event = Happened::ToCall(event);
    let published = Published::new(&event, String::new(), seq, now).expect("JSON");
    let head = Head {
        epoch: String::new(),
        last_seq: seq,
        pruned_seq: 0,
    };
    let look = Errand::of_leg(agency, &news.handle, ErrandKind::Look, now);
    Writes {
        webhooks: vec![(append.webhook, WebhookOutcome::Applied)],
        legs: vec![(agency, leg)],
        calls: vec![call.call],
        errands: vec![look],
        events: vec![NewEvent { event, published }],
        heads: vec![(agency, head)],
        ..Writes::default()
    }
}
