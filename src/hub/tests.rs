//! Which boards stay, and how much room their rings take.

use super::channel::Board;
use super::{
    Bell, Caps, Change, Delivery, Ending, Endings, Hub, Member, Outbox, PerAudience,
    UNWATCHED_RINGS_BYTES,
};
use crate::domain::{AgencyId, Audience, Timestamp, UserId};
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use uuid::Uuid;

fn hub() -> Hub {
    let caps = Caps {
        per_user: 9,
        per_agency: 9,
    };
    let ending = Ending {
        last: Vec::new(),
        code: 4000,
        at_once: false,
    };
    let endings = Endings {
        slow: ending.clone(),
        renewed: ending,
    };
    Hub::new(caps, endings)
}

fn agency(number: u128) -> AgencyId {
    AgencyId(Uuid::from_u128(number))
}

fn loaded(hub: &Hub, agency: AgencyId) {
    let board = Board {
        epoch: "e".into(),
        seq: 0,
        rows: Vec::new(),
    };
    assert!(!hub.load(agency, board));
}

fn joined(hub: &Hub, agency: AgencyId) -> Uuid {
    let member = Member {
        socket: Uuid::new_v4(),
        user: UserId(Uuid::new_v4()),
        is_person: true,
        audience: Audience::Full,
        outbox: Outbox::corked(Bell::default()),
    };
    assert!(hub.join(agency, &member, None).is_ok());
    member.socket
}

#[test]
fn a_board_stays_as_long_as_somebody_watches_or_it_is_kept() {
    let hub = hub();
    let [watched, kept, left] = [1, 2, 3].map(agency);
    for agency in [watched, kept, left] {
        loaded(&hub, agency);
    }
    let socket = joined(&hub, watched);
    assert_eq!((hub.watched(), hub.unwatched()), (vec![watched], 2));
    for _ in 0..3 {
        assert!(hub.keep(kept));
        hub.sweep();
    }
    assert!(hub.knows(watched) && hub.knows(kept) && !hub.knows(left));
    assert!(!hub.keep(left), "what is not there cannot be kept");

    hub.leave(watched, socket);
    assert!(!hub.is_watched(watched) && hub.unwatched() == 2);
    hub.sweep();
    hub.sweep();
    assert_eq!(hub.size(), 0);
}

#[test]
fn a_board_that_is_not_loaded_is_none() {
    let hub = hub();
    let member = Member {
        socket: Uuid::new_v4(),
        user: UserId(Uuid::new_v4()),
        is_person: true,
        audience: Audience::Full,
        outbox: Outbox::corked(Bell::default()),
    };
    assert!(hub.join(agency(1), &member, None).is_err());
    assert!(hub.knows(agency(1)) && !hub.keep(agency(1)) && hub.unwatched() == 0);
}

#[test]
fn rings_that_nobody_here_hears_leave_half_of_the_room_to_the_others() {
    const BYTES: usize = 64 * 1024;
    let frame = Bytes::from(vec![0; BYTES]);
    let frame = Arc::new(PerAudience::new(frame, Bytes::clone));
    let publish = |hub: &Hub, agency: AgencyId, seq| {
        let delivery = Delivery {
            epoch: "e".into(),
            seq,
            recorded_at: Timestamp::default(),
            frame: Arc::clone(&frame),
            change: Change::Unknown,
        };
        hub.publish(agency, delivery);
    };
    let bytes = |hub: &Hub| hub.0.rings_bytes.load(Ordering::Relaxed);
    let hub = hub();
    let most = UNWATCHED_RINGS_BYTES / BYTES;
    let channels = u128::try_from(most).unwrap();
    for number in 0..channels {
        loaded(&hub, agency(number));
        for seq in 1..=4 {
            publish(&hub, agency(number), seq);
        }
    }
    assert!(bytes(&hub) <= UNWATCHED_RINGS_BYTES + BYTES);
    let watched = agency(channels);
    loaded(&hub, watched);
    joined(&hub, watched);
    let before = bytes(&hub);
    for seq in 1..=4 {
        publish(&hub, watched, seq);
    }
    assert_eq!(bytes(&hub), before + 4 * BYTES);
}
