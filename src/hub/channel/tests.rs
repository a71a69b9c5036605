use super::{Board, Caps, Channel, NotCaughtUp, Position, RING_BYTES};
use crate::domain::{Audience, Timestamp, UserId};
use crate::hub::{Bell, Change, Delivery, Frame, Member, Outbox, PerAudience};
use std::sync::Arc;
use uuid::Uuid;

const CAPS: Caps = Caps {
    per_user: 2,
    per_agency: 9,
};

/// A channel in whose ring are the events from 11 on, each of that size.
fn channel(last: i64, size: usize) -> Channel {
    let mut channel = Channel::default();
    let epoch = "one".to_owned();
    let _gap = channel.load(Board {
        epoch: epoch.clone(),
        seq: 10,
        rows: Vec::new(),
    });
    for seq in 11..=last {
        let frame = Frame::text(&"x".repeat(size));
        channel.publish(Delivery {
            epoch: epoch.clone(),
            seq,
            recorded_at: Timestamp::default(),
            frame: Arc::new(PerAudience::new(frame, Clone::clone)),
            change: Change::Unknown,
        });
    }
    channel
}

/// A socket that has been greeted.
fn socket() -> Member {
    let outbox = Outbox::corked(Bell::default());
    outbox.uncork(Vec::new());
    Member {
        socket: Uuid::new_v4(),
        user: UserId(Uuid::nil()),
        is_person: true,
        audience: Audience::Full,
        outbox,
    }
}

fn told(epoch: &str, seq: i64) -> Position {
    let epoch = epoch.to_owned();
    Position { epoch, seq }
}

#[test]
fn a_socket_that_was_told_joins_where_the_ring_covers_the_rest_and_else_knows_why_not() {
    let mut channel = channel(20, 100);
    for (position, expected) in [
        (told("one", 9), Err(NotCaughtUp::Behind)),
        (told("one", 21), Err(NotCaughtUp::Ahead)),
        (told("other", 15), Err(NotCaughtUp::OfAnotherLife)),
        (told("one", 10), Ok(())),
        (told("one", 20), Ok(())),
        (told("one", 20), Err(NotCaughtUp::TooMany)),
    ] {
        let member = socket();
        let joined = channel.join_after(&member, &position, CAPS);
        assert_eq!(joined, expected, "{position:?}");
        let heard = if joined.is_ok() { 20 } else { 0 };
        assert_eq!(member.outbox.last_seq(), heard, "{position:?}");
    }
    let nothing = Channel::default().join_after(&socket(), &told("one", 10), CAPS);
    assert_eq!(nothing, Err(NotCaughtUp::NotLoaded));
}

#[test]
fn a_full_ring_waits_for_a_socket_that_has_not_taken_all_it_was_told() {
    let size = 1000;
    let last = 10 + i64::try_from(RING_BYTES / (size + 4)).unwrap();
    let mut channel = channel(last, size);
    let member = socket();
    let before = Frame::text(&"x".repeat(2 * size));
    member.outbox.push_event(before, 10, None).unwrap();
    let joined = channel.join_after(&member, &told("one", 10), CAPS);
    assert_eq!(joined, Err(NotCaughtUp::Full));
    // Told a little more out of the journal, it finds room beside what waits.
    let joined = channel.join_after(&member, &told("one", 13), CAPS);
    assert_eq!(joined, Ok(()));
}
