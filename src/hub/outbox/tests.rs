use super::{OUTBOX_BYTES, Outbox};
use crate::hub::{Bell, Ending, Frame};
use bytes::Bytes;
use std::task::{Context, Poll, Waker};

const SLICE: usize = 8 * 1024;

/// One slice, if there is one.
fn slice(outbox: &Outbox) -> Option<Bytes> {
    let mut cx = Context::from_waker(Waker::noop());
    match outbox.poll_take(&mut cx, SLICE) {
        Poll::Ready(taken) => taken.map(|taken| taken.slice),
        Poll::Pending => None,
    }
}

/// All that can be taken now.
fn all(outbox: &Outbox) -> Vec<u8> {
    std::iter::from_fn(|| slice(outbox)).flatten().collect()
}

fn ended(outbox: &Outbox, at_once: bool) {
    let last = vec![Frame::text("why"), Frame::close(4000, "slow")];
    outbox.end(Ending {
        last,
        code: 4000,
        at_once,
    });
}

fn the_end() -> Vec<u8> {
    [Frame::text("why"), Frame::close(4000, "slow")].concat()
}

/// A message in pieces, as a snapshot is.
fn in_pieces(text: &str) -> Vec<Bytes> {
    let mut pieces = vec![Frame::text_header(text.len())];
    pieces.extend(text.as_bytes().chunks(1000).map(Bytes::copy_from_slice));
    pieces
}

#[test]
fn a_frame_that_is_half_out_is_finished_before_a_slow_socket_is_told_so() {
    for (name, first) in [
        ("one piece", vec![Frame::text(&"x".repeat(20_000))]),
        ("many pieces", in_pieces(&"x".repeat(20_000))),
        ("long", in_pieces(&"x".repeat(70_000))),
    ] {
        let outbox = Outbox::corked(Bell::default());
        let whole = first.concat();
        outbox.uncork(first);
        outbox.push_event(Frame::text("event"), 1, None).unwrap();
        let mut sent = slice(&outbox).unwrap().to_vec();
        ended(&outbox, true);
        sent.extend(all(&outbox));
        assert!(sent == [whole, the_end()].concat(), "{name}");
    }
}

#[test]
fn between_frames_nothing_that_waits_is_kept_for_a_slow_socket() {
    let outbox = Outbox::corked(Bell::default());
    outbox.uncork(vec![Frame::text("first"), Frame::text("second")]);
    slice(&outbox).unwrap();
    outbox.push_event(Frame::text("event"), 1, None).unwrap();
    ended(&outbox, true);
    assert_eq!(all(&outbox), the_end());
}

#[test]
fn what_waits_goes_out_before_an_end_that_is_in_no_hurry() {
    let outbox = Outbox::corked(Bell::default());
    outbox.uncork(vec![Frame::text("first")]);
    ended(&outbox, false);
    assert_eq!(
        all(&outbox),
        [&Frame::text("first")[..], &the_end()].concat()
    );
}

#[test]
fn an_end_before_the_first_answer_lets_nothing_else_out() {
    let outbox = Outbox::corked(Bell::default());
    outbox.push_event(Frame::text("event"), 1, None).unwrap();
    ended(&outbox, false);
    outbox.uncork(vec![Frame::text("snapshot")]);
    assert_eq!(all(&outbox), the_end());
}

#[test]
fn a_pong_waits_for_no_first_answer_and_follows_no_close() {
    let outbox = Outbox::corked(Bell::default());
    outbox.pong(Frame::pong(b"early"));
    assert_eq!(all(&outbox), Frame::pong(b"early"));
    outbox.pong(Frame::pong(b"late"));
    ended(&outbox, false);
    assert_eq!(all(&outbox), the_end());
}

#[test]
fn the_first_answer_may_be_of_any_size_and_events_have_their_own_room() {
    let outbox = Outbox::corked(Bell::default());
    outbox.uncork(in_pieces(&"x".repeat(2 * OUTBOX_BYTES)));
    let event = Frame::text(&"x".repeat(OUTBOX_BYTES / 2 - 10));
    outbox.push_event(event.clone(), 1, None).unwrap();
    outbox.push_event(event.clone(), 2, None).unwrap();
    outbox.push_event(event, 3, None).unwrap_err();
    assert_eq!(outbox.last_seq(), 2);
}

#[test]
fn missed_events_are_queued_whole_or_not_at_all_and_leave_room_for_what_happens_meanwhile() {
    let outbox = Outbox::corked(Bell::default());
    outbox.uncork(vec![]);
    let sixth = Frame::text(&"x".repeat(OUTBOX_BYTES / 6 - 10));
    outbox.push_event(sixth.clone(), 1, None).unwrap();
    outbox.push_missed(vec![sixth.clone(); 3], 4).unwrap_err();
    assert_eq!((outbox.last_seq(), all(&outbox).len()), (1, sixth.len()));
    outbox.push_missed(vec![sixth.clone(); 3], 4).unwrap();
    for seq in 5..=7 {
        outbox.push_event(sixth.clone(), seq, None).unwrap();
    }
    assert_eq!(
        (outbox.last_seq(), all(&outbox).len()),
        (7, 6 * sixth.len())
    );
}
