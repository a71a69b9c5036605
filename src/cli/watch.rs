//! `callboard watch`: a board on the terminal, for any server.
//!
//! It shows events as they come, holds the server to its promises while it does, and comes back
//! when the connection is lost. The end is ctrl-c; it is a good end when every promise was kept.

mod latencies;
mod line;
#[cfg(test)]
mod tests;

#[cfg(feature = "proving")]
use crate::cli::conformance::{self, Report, Target};
use crate::clock::Clock;
#[cfg(feature = "proving")]
use callboard_simulator::browser::Browser;
use callboard_simulator::browser::{
    BrowserError, BrowserSettings, Event, Fault, Lost, Message, ResumingBrowser, Step, Tally,
};
use latencies::Latencies;
use line::{ms, plain};
use secrecy::SecretString;
use std::io::{self, ErrorKind, Write};

/// Why watching did not end well.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// No connection, or one that will not be given again.
    #[error(transparent)]
    Browser(#[from] BrowserError),
    /// The first connection could not be made; a later one is waited for.
    #[error("{0}")]
    NotConnected(String),
    /// The server delivered wrongly.
    #[error("the server broke its promises: {0}")]
    Promises(Tally),
    #[cfg(feature = "proving")]
    /// The server breaks rules of the protocol.
    #[error("the server breaks the protocol: {0}")]
    Conformance(Report),
    /// Ctrl-c cannot be heard on this machine.
    #[error("cannot listen for ctrl-c: {0}")]
    Signal(#[source] io::Error),
    /// The lines cannot be written.
    #[error("cannot write to stdout: {0}")]
    Output(#[source] io::Error),
}

/// Watches the board at `url` until ctrl-c. The lines go to stdout.
///
/// # Errors
/// When the server cannot be reached or turns us away, and when it broke a promise.
pub async fn run(url: &str, token: SecretString) -> Result<(), WatchError> {
    let mut out = io::stdout();
    let clock = Clock::system();
    let board = ResumingBrowser::new(BrowserSettings::new(url, token), clock.clone());
    let watch = Watch::new(board, clock, &mut out);
    read_to_the_end(watch.until(tokio::signal::ctrl_c()).await)
}

/// Tries the protocol's rules on the board at `url`. The lines go to stdout.
///
/// # Errors
/// When the server cannot be reached or turns us away, and when it broke a rule.
#[cfg(feature = "proving")]
pub async fn try_rules(url: &str, token: SecretString) -> Result<(), WatchError> {
    read_to_the_end(try_each_rule(url, token, &mut io::stdout()).await)
}

/// Whoever read the lines has seen enough when they close the pipe, as `head` does.
fn read_to_the_end(ended: Result<(), WatchError>) -> Result<(), WatchError> {
    match ended {
        Err(WatchError::Output(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

#[cfg(feature = "proving")]
async fn try_each_rule(
    url: &str,
    token: SecretString,
    out: &mut (dyn Write + Send),
) -> Result<(), WatchError> {
    // A server that is away, or a token that is none, would break every rule for one reason.
    let settings = BrowserSettings::new(url, token.clone());
    Browser::connect(settings).await?.close().await;
    let target = Target {
        url: url.to_owned(),
        token,
    };
    let report = (conformance::try_all(&target, out).await).map_err(WatchError::Output)?;
    writeln!(out, "-- {report}").map_err(WatchError::Output)?;
    if report.broken > 0 {
        return Err(WatchError::Conformance(report));
    }
    Ok(())
}

/// One run of `watch`.
struct Watch<'a> {
    board: ResumingBrowser,
    clock: Clock,
    out: &'a mut (dyn Write + Send),
    latencies: Latencies,
    /// Events up to this one were missed and are being caught up.
    caught_up_at: u64,
}

impl<'a> Watch<'a> {
    fn new(board: ResumingBrowser, clock: Clock, out: &'a mut (dyn Write + Send)) -> Self {
        Self {
            board,
            clock,
            out,
            latencies: Latencies::default(),
            caught_up_at: 0,
        }
    }

    async fn until(
        mut self,
        ctrl_c: impl Future<Output = io::Result<()>>,
    ) -> Result<(), WatchError> {
        let ended = tokio::select! {
            biased;
            pressed = ctrl_c => pressed.map_err(WatchError::Signal),
            Err(stopped) = self.watch() => Err(stopped),
        };
        let tally = *self.board.checker().tally();
        if tally.connections > 0 {
            let latencies = &self.latencies;
            self.print(&format!("-- {tally}; {latencies}"))?;
        }
        self.board.close().await;
        ended?;
        if tally.held() {
            Ok(())
        } else {
            Err(WatchError::Promises(tally))
        }
    }

    /// Shows what happens, without an end of its own but an error.
    async fn watch(&mut self) -> Result<std::convert::Infallible, WatchError> {
        loop {
            match self.board.next().await? {
                Step::Received { received, fault } => self.show(&received.message, fault)?,
                Step::Lost(lost) => self.show_loss(lost)?,
            }
        }
    }

    fn show(&mut self, message: &Message, fault: Option<Fault>) -> Result<(), WatchError> {
        match message {
            Message::Snapshot(snapshot) => {
                let user = line::user(&snapshot.user);
                let (position, reason) = (snapshot.position(), &snapshot.reason);
                let (open, reason) = (snapshot.calls.len(), plain(reason));
                self.print(&format!(
                    "-- board at {position} ({reason}), {open} calls open, watched by {user}"
                ))?;
                self.print(&line::heading())?;
                for call in &snapshot.calls {
                    self.print(&line::open_call(call))?;
                }
            }
            Message::Resumed(resumed) => {
                self.caught_up_at = resumed.seq;
                let (from, missed) = (resumed.from, resumed.missed());
                self.print(&format!(
                    "-- reconnected, resumed from {from}: {missed} events to catch up"
                ))?;
            }
            Message::Event(event) => self.show_event(event)?,
            Message::Agent(event) => self.print(&line::agent(event))?,
            Message::Error(error) => {
                let (code, message) = (plain(&error.code), plain(&error.message));
                self.print(&format!("-- the server says {code}: {message}"))?;
            }
            Message::TokenExpiring { expires_at } => self.print(&format!(
                "-- the token ends at {expires_at}, and this board soon after: start again with a new one"
            ))?,
            _ => {}
        }
        match fault {
            Some(fault) => self.print(&format!("!! {}", plain(&fault.to_string()))),
            None => Ok(()),
        }
    }

    fn show_event(&mut self, event: &Event) -> Result<(), WatchError> {
        let latency = event.latency(self.clock.now().into());
        let live = event.seq > self.caught_up_at;
        if live {
            self.latencies.add(latency.recorded_to_here);
        }
        self.print(&line::event(event, latency, live))
    }

    /// The first connection is not waited for: a wrong address would never be told.
    fn show_loss(&mut self, lost: Lost) -> Result<(), WatchError> {
        if self.board.checker().position().is_none() {
            return Err(WatchError::NotConnected(lost.why));
        }
        let wait = i64::try_from(lost.wait.as_micros()).unwrap_or(i64::MAX);
        let (why, wait) = (plain(&lost.why), ms(wait));
        self.print(&format!("-- lost: {why}; trying again in {wait} ms"))
    }

    fn print(&mut self, line: &str) -> Result<(), WatchError> {
        writeln!(self.out, "{line}").map_err(WatchError::Output)
    }
}
