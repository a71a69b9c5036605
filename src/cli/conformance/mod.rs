//! The protocol's rules as a list, tried from outside against a running server.
//!
//! Each rule opens connections of its own, knows nothing of the others and does no harm to the
//! board it is tried on: it reads, asks to be refused, and leaves.

mod limits;
mod link;
#[cfg(test)]
mod model;
mod opening;
mod session;
#[cfg(test)]
mod tests;
mod unproven;
mod upgrade;

use callboard_simulator::browser::BrowserError;
use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use secrecy::SecretString;
use std::fmt;
use std::io::{self, Write};
use std::time::Duration;
use tokio::time::timeout;

/// Rules tried at once: enough that the slow ones are not waited for one by one, and well below
/// the sockets that a user may have.
const AT_ONCE: usize = 6;

/// Each wait within a rule has a deadline of its own; this one is for what was not thought of.
const DEADLINE: Duration = Duration::from_secs(120);

/// The server on trial, and whom it knows.
#[derive(Clone, Debug)]
pub struct Target {
    /// `http://host:port`, `wss://host/ws`, ….
    pub url: String,
    /// A good access token of an agency's user.
    pub token: SecretString,
}

/// A promise of the protocol and how to try it.
pub struct Rule {
    /// The promise, in words.
    pub name: &'static str,
    check: fn(Target) -> BoxFuture<'static, Result<(), Finding>>,
}

/// Why a rule was not seen to hold.
#[derive(Debug, PartialEq, Eq)]
enum Finding {
    /// The server broke it.
    Broken(String),
    /// It cannot be shown from outside, or not now.
    Unproven(String),
}

/// How many rules held, and how many did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Rules seen to hold.
    pub held: usize,
    /// Rules seen broken.
    pub broken: usize,
    /// Rules that could not be shown.
    pub unproven: usize,
}

impl Report {
    fn count(&mut self, outcome: &Result<(), Finding>) {
        match outcome {
            Ok(()) => self.held += 1,
            Err(Finding::Broken(_)) => self.broken += 1,
            Err(Finding::Unproven(_)) => self.unproven += 1,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} rules hold, {} are broken, {} not shown",
            self.held, self.broken, self.unproven
        )
    }
}

/// All rules, in the order of section 4 of `static/docs/contract.md`.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    [
        upgrade::RULES,
        opening::RULES,
        session::RULES,
        limits::RULES,
        unproven::RULES,
    ]
    .into_iter()
    .flatten()
}

/// Tries all rules and writes a line for each, in their order, as they are decided. Takes as long
/// as the slowest: about three heartbeats.
///
/// # Errors
/// When the lines cannot be written.
pub async fn try_all(target: &Target, out: &mut (dyn Write + Send)) -> io::Result<Report> {
    try_these(rules(), target, out).await
}

async fn try_these(
    rules: impl Iterator<Item = &'static Rule>,
    target: &Target,
    out: &mut (dyn Write + Send),
) -> io::Result<Report> {
    let mut report = Report::default();
    let mut decided = stream::iter(rules)
        .map(|rule| decide(rule, target.clone()))
        .buffered(AT_ONCE);
    while let Some((name, outcome)) = decided.next().await {
        report.count(&outcome);
        match outcome {
            Ok(()) => writeln!(out, "ok   {name}")?,
            Err(Finding::Broken(why)) => writeln!(out, "FAIL {name}: {why}")?,
            Err(Finding::Unproven(why)) => writeln!(out, "skip {name}: {why}")?,
        }
    }
    Ok(report)
}

async fn decide(rule: &Rule, target: Target) -> (&'static str, Result<(), Finding>) {
    let outcome = timeout(DEADLINE, (rule.check)(target)).await;
    let late = || Err(Finding::Broken("no end after two minutes".to_owned()));
    (rule.name, outcome.unwrap_or_else(|_| late()))
}

fn broken<T>(why: impl Into<String>) -> Result<T, Finding> {
    Err(Finding::Broken(why.into()))
}

/// What a rule did not ask for breaks it.
impl From<BrowserError> for Finding {
    fn from(error: BrowserError) -> Self {
        Self::Broken(error.to_string())
    }
}
