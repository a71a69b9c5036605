//! Somebody's open board that is looked at all the time, as a browser does whatever the story does
//! meanwhile: a board that is not read answers no pings, and is closed.

use crate::support::World;
use crate::support::browser::Board;
use crate::support::node::Node;
use crate::support::patience::soon;
use callboard::domain::UserId;
use callboard_simulator::browser::{AgentEvent, Message, Position};
use std::time::Duration;
use tokio::sync::{oneshot, watch};

/// How much time passes at once, and how much of the machine's that takes at least: slow enough for
/// servers and boards to take their turns.
const STEP: Duration = Duration::from_millis(100);
const PACE: Duration = Duration::from_millis(8);

/// What a board has shown.
#[derive(Clone, Default)]
struct Seen {
    people: Vec<String>,
    told: Vec<AgentEvent>,
    closed: Option<u16>,
}

pub struct Eyes {
    seen: watch::Receiver<Seen>,
    leave: Option<oneshot::Sender<oneshot::Sender<Position>>>,
    task: tokio::task::JoinHandle<()>,
    /// How much of what was told the story has asked for.
    asked: usize,
}

impl Drop for Eyes {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Eyes {
    pub fn on(board: Board) -> Self {
        let first = Seen {
            people: people(&board),
            ..Seen::default()
        };
        let (shows, seen) = watch::channel(first);
        let (leave, leaves) = oneshot::channel();
        let task = tokio::spawn(looks(board, shows, leaves));
        Self {
            seen,
            leave: Some(leave),
            task,
            asked: 0,
        }
    }

    pub fn people(&self) -> Vec<String> {
        self.seen.borrow().people.clone()
    }

    /// Looks until people are this.
    pub async fn sees(&mut self, people: &[&str]) {
        let what = format!("{people:?}");
        let shown = async {
            let seen = self.seen.wait_for(|seen| {
                assert!(seen.closed.is_none(), "closed: {:?}", seen.closed);
                seen.people == people
            });
            seen.await.map(|_| ())
        };
        if soon(&what, shown).await.is_err() {
            panic!("the board is gone");
        }
    }

    /// The next that is said of people.
    pub async fn hears(&mut self) -> AgentEvent {
        let asked = self.asked;
        let told = self.seen.wait_for(|seen| seen.told.len() > asked);
        let told = soon("news of people", told).await.expect("a board");
        let event = told.told[asked].clone();
        drop(told);
        self.asked += 1;
        event
    }

    /// All that was told until now is known to the story.
    pub fn knows_all(&mut self) {
        self.asked = self.seen.borrow().told.len();
    }

    /// The code with which the server closed it.
    pub async fn closes(&mut self) -> u16 {
        let closed = self.seen.wait_for(|seen| seen.closed.is_some());
        let closed = soon("the board to be closed", closed)
            .await
            .expect("a board");
        closed.closed.expect("a code")
    }

    /// Closes it; the position is what to come back with.
    pub async fn leaves(mut self) -> Position {
        let (tell, told) = oneshot::channel();
        let leave = self.leave.take().expect("a board");
        leave.send(tell).expect("an open board");
        soon("a board to be left", told).await.expect("a position")
    }
}

async fn looks(
    mut board: Board,
    shows: watch::Sender<Seen>,
    mut leaves: oneshot::Receiver<oneshot::Sender<Position>>,
) {
    loop {
        let message = tokio::select! {
            tell = &mut leaves => {
                let position = board.leaves().await;
                if let Ok(tell) = tell {
                    let _ = tell.send(position);
                }
                return;
            }
            message = board.next() => message,
        };
        let closed = match &message {
            Message::Closed(closed) => Some(closed.code.0),
            _ => None,
        };
        let people = people(&board);
        shows.send_modify(|seen| {
            seen.people = people;
            seen.closed = closed;
            if let Message::Agent(event) = message {
                seen.told.push(*event);
            }
        });
        if closed.is_some() {
            return;
        }
    }
}

/// Who is what on a board, by name: `Anna away (lunch)`.
fn people(board: &Board) -> Vec<String> {
    let mut people: Vec<String> = board
        .agents()
        .values()
        .map(|agent| {
            let name = agent.name.as_deref().unwrap_or("-");
            match &agent.reason {
                Some(reason) => format!("{name} {} ({reason})", agent.state),
                None => format!("{name} {}", agent.state),
            }
        })
        .collect();
    people.sort();
    people
}

impl Node {
    /// Somebody opens the board and looks at it from then on.
    pub async fn eyes(&self, world: &World, user: UserId) -> Eyes {
        Eyes::on(self.board(world, user).await)
    }

    /// The same, where it stopped.
    pub async fn eyes_at(&self, world: &World, user: UserId, position: Position) -> Eyes {
        Eyes::on(self.board_at(world, user, position).await)
    }
}

impl World {
    /// So many seconds pass, at a pace that everybody keeps.
    pub async fn passes(&self, seconds: u64) {
        for _ in 0..seconds * 10 {
            self.clock.advance(STEP);
            tokio::time::sleep(PACE).await;
        }
    }

    /// Time passes until then; how many seconds it was.
    pub async fn passes_until<T>(&self, wait: impl Future<Output = T>) -> i64 {
        let began = self.clock.now();
        let mut wait = std::pin::pin!(wait);
        loop {
            tokio::select! {
                biased;
                _ = &mut wait => return self.clock.now().micros_since(began) / 1_000_000,
                () = tokio::time::sleep(PACE) => self.clock.advance(STEP),
            }
        }
    }
}
