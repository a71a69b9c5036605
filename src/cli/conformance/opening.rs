//! Rules of `connect`: who is let in, and from which position.

use super::link::{GARBAGE, PING, closed_with, unexpected};
use super::{Finding, Rule, Target, broken};
use callboard_simulator::browser::{
    Browser, BrowserSettings, Call, CloseCode, Message, Position, Resumed, Snapshot,
};
use serde_json::json;
use std::time::Duration;
use tokio::time::timeout;

/// How far before the head a resume is tried.
const BACK: u64 = 5;
/// Beyond any head that comes about while a rule is tried.
const FUTURE: u64 = 1_000_000_000;
/// The contract gives a client 10 s to speak; the rest is for the way and a busy machine.
const SPEAK: Duration = Duration::from_secs(13);

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: r#"connect without a position gives a snapshot, reason "fresh""#,
        check: |target| Box::pin(fresh(target)),
    },
    Rule {
        name: "connect without a token is closed with 4500",
        check: |target| Box::pin(first_words(target, r#"{"type":"connect"}"#, 4500)),
    },
    Rule {
        name: "connect with a garbage token is closed with 4500",
        check: |target| Box::pin(garbage_token(target)),
    },
    Rule {
        name: "a first message other than connect is closed with 4502",
        check: |target| Box::pin(first_words(target, PING, 4502)),
    },
    Rule {
        name: "a client that says nothing is closed with 4004 after 10 s",
        check: |target| Box::pin(says_nothing(target)),
    },
    Rule {
        name: r#"resume at the head gives "resumed" from there"#,
        check: |target| Box::pin(resume_at_head(target)),
    },
    Rule {
        name: r#"resume from a known position gives "resumed" and each event since"#,
        check: |target| Box::pin(resume_from_before(target)),
    },
    Rule {
        name: r#"a position of another epoch gives a snapshot, reason "epoch_changed""#,
        check: |target| Box::pin(other_epoch(target)),
    },
    Rule {
        name: r#"a position from the future gives a snapshot, reason "ahead""#,
        check: |target| Box::pin(ahead(target)),
    },
    Rule {
        name: "a position that is none is closed with 4502",
        check: |target| Box::pin(no_position(target)),
    },
];

async fn fresh(target: Target) -> Result<(), Finding> {
    let settings = BrowserSettings::new(target.url, target.token);
    match Browser::connect(settings).await?.next().await? {
        Message::Snapshot(snapshot) if snapshot.reason == "fresh" => well_formed(&snapshot),
        other => unexpected("a snapshot (fresh)", &other),
    }
}

fn well_formed(snapshot: &Snapshot) -> Result<(), Finding> {
    if snapshot.epoch.is_empty() {
        return broken("its epoch is blank");
    }
    if !snapshot.user.is_object() {
        return broken("it does not say who the user is");
    }
    if snapshot.calls.iter().any(Call::is_ended) {
        return broken("it holds a call that has ended");
    }
    let began: Vec<_> = (snapshot.calls.iter())
        .map(|call| call.text("created_at"))
        .collect();
    if !began.is_sorted() {
        return broken("its calls are not in order, oldest first");
    }
    Ok(())
}

async fn first_words(target: Target, words: &str, code: u16) -> Result<(), Finding> {
    let mut socket = target.open().await?;
    socket.say(words).await?;
    closed_with(CloseCode(code), &mut socket).await?;
    Ok(())
}

async fn garbage_token(target: Target) -> Result<(), Finding> {
    let connect = json!({"type": "connect", "token": GARBAGE}).to_string();
    first_words(target, &connect, 4500).await
}

async fn says_nothing(target: Target) -> Result<(), Finding> {
    let mut socket = target.open().await?;
    let closed = timeout(SPEAK, async {
        loop {
            if let Message::Closed(closed) = socket.receive().await?.message {
                return Ok::<_, Finding>(closed);
            }
        }
    });
    match closed.await {
        Ok(closed) => match closed? {
            closed if closed.code == CloseCode::NO_CONNECT => Ok(()),
            closed => broken(format!("closed with {closed}")),
        },
        Err(_) => broken(format!("still open after {} s", SPEAK.as_secs())),
    }
}

async fn resume_at_head(target: Target) -> Result<(), Finding> {
    let head = target.board().await?.position().clone();
    let (_, answer) = target.board_at(head.clone()).await?;
    let resumed = resumed(answer)?;
    if resumed.from != head.seq || resumed.epoch != head.epoch {
        let from = resumed.from;
        return broken(format!("resumed from {from}; the position was {head}"));
    }
    // A live board may have moved on meanwhile, but never back.
    if resumed.seq < resumed.from {
        return broken(format!("resumed from {head} to {}", resumed.seq));
    }
    Ok(())
}

fn resumed(answer: Message) -> Result<Resumed, Finding> {
    match answer {
        Message::Resumed(resumed) => Ok(resumed),
        other => unexpected("resumed", &other),
    }
}

async fn resume_from_before(target: Target) -> Result<(), Finding> {
    let head = target.board().await?.position().clone();
    if head.seq == 0 {
        let why = "nothing has happened on this board yet";
        return Err(Finding::Unproven(why.to_owned()));
    }
    let position = Position {
        seq: head.seq.saturating_sub(BACK),
        ..head
    };
    let (mut board, answer) = target.board_at(position.clone()).await?;
    if matches!(&answer, Message::Snapshot(snapshot) if snapshot.reason == "too_old") {
        let why = format!("what came after {} is beyond retention", position.seq);
        return Err(Finding::Unproven(why));
    }
    let resumed = resumed(answer)?;
    if resumed.from != position.seq || resumed.seq < head.seq {
        let Resumed { from, seq, .. } = resumed;
        return broken(format!(
            "resumed {from} to {seq}; the position was {position}"
        ));
    }
    hears_each(&mut board, position.seq, resumed.seq).await
}

async fn hears_each(board: &mut Browser, from: u64, to: u64) -> Result<(), Finding> {
    for expected in from + 1..=to {
        let next = timeout(Duration::from_secs(10), board.next());
        match next.await {
            Ok(Ok(message)) if message.number() == Some(expected) => {}
            Ok(Ok(other)) => return unexpected(&format!("event {expected}"), &other),
            Ok(Err(error)) => return Err(error.into()),
            Err(_) => return broken(format!("event {expected} did not come within 10 s")),
        }
    }
    Ok(())
}

async fn other_epoch(target: Target) -> Result<(), Finding> {
    let head = target.board().await?.position().clone();
    let stranger = Position {
        epoch: format!("not-{}", head.epoch),
        ..head
    };
    snapshot_because(target, stranger, "epoch_changed").await
}

async fn ahead(target: Target) -> Result<(), Finding> {
    let head = target.board().await?.position().clone();
    let future = Position {
        seq: head.seq.saturating_add(FUTURE),
        ..head
    };
    snapshot_because(target, future, "ahead").await
}

async fn snapshot_because(target: Target, position: Position, reason: &str) -> Result<(), Finding> {
    match target.board_at(position).await?.1 {
        Message::Snapshot(snapshot) if snapshot.reason == reason => Ok(()),
        other => unexpected(&format!("a snapshot ({reason})"), &other),
    }
}

async fn no_position(target: Target) -> Result<(), Finding> {
    let epoch = target.board().await?.position().epoch.clone();
    for seq in [json!(-1), json!("x"), json!(1.5), json!([])] {
        let mut socket = target.open().await?;
        let connect = target.connect(&json!({"epoch": epoch, "seq": seq}));
        socket.say(connect).await?;
        if let Err(finding) = closed_with(CloseCode::PROTOCOL_ERROR, &mut socket).await {
            return match finding {
                Finding::Broken(why) => broken(format!("seq {seq}: {why}")),
                unproven @ Finding::Unproven(_) => Err(unproven),
            };
        }
    }
    Ok(())
}
