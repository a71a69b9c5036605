//! Listens to every log line of the process, at every level, while somebody listens.
//!
//! The subscriber is the process's, and other stories run beside; so each story looks for words
//! that are its own.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use tracing::Level;
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

static LISTENERS: OnceLock<Tap> = OnceLock::new();

#[derive(Clone, Default)]
struct Tap(Arc<Mutex<Vec<Weak<Notes>>>>);

struct Notes {
    words: Vec<String>,
    /// Whether whoever logs such a line dies of it; once.
    is_trap: AtomicBool,
    heard: Mutex<Vec<String>>,
}

/// Somebody who listens for words, until dropped.
pub struct Wiretap(Arc<Notes>);

impl Wiretap {
    /// Listens from now on for lines with any of these words.
    pub fn listens_for(words: Vec<String>) -> Self {
        Self::listens(words, false)
    }

    /// The first to log a line with this word dies of it, as of a bug.
    pub fn kills_who_says(word: &str) -> Self {
        Self::listens(vec![word.to_owned()], true)
    }

    fn listens(words: Vec<String>, is_trap: bool) -> Self {
        let notes = Arc::new(Notes {
            words,
            is_trap: is_trap.into(),
            heard: Mutex::default(),
        });
        let tap = LISTENERS.get_or_init(Tap::install);
        let mut listeners = tap.0.lock().unwrap();
        listeners.retain(|listener| listener.strong_count() > 0);
        listeners.push(Arc::downgrade(&notes));
        Self(notes)
    }

    /// The lines that were heard, at this level and those that matter more.
    pub fn heard(&self, level: Level) -> Vec<String> {
        let heard = self.0.heard.lock().unwrap();
        let of_level = |line: &&String| level_of(line) <= level;
        heard.iter().filter(of_level).cloned().collect()
    }
}

fn level_of(line: &str) -> Level {
    let line: serde_json::Value = serde_json::from_str(line).expect("a JSON line");
    line["level"]
        .as_str()
        .expect("a level")
        .parse()
        .expect("a level")
}

impl Tap {
    fn install() -> Self {
        let tap = Self::default();
        let (listening, writer) = (tap.clone(), tap.clone());
        // The stories' own clients are not the server.
        let is_client = |target: &str| target.starts_with("tungstenite");
        let lines = tracing_subscriber::fmt::layer()
            .json()
            // A span that begins is a line too: what it says stands in every line within.
            .with_span_events(FmtSpan::NEW)
            .with_writer(writer)
            .with_filter(dynamic_filter_fn(move |metadata, _| {
                !is_client(metadata.target()) && listening.is_in_use()
            }));
        tracing_subscriber::registry()
            .with(lines)
            .try_init()
            .expect("nobody else listens");
        tap
    }

    fn is_in_use(&self) -> bool {
        let listeners = self.0.lock().unwrap();
        listeners.iter().any(|listener| listener.strong_count() > 0)
    }
}

impl<'a> MakeWriter<'a> for Tap {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl io::Write for Tap {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let mut trapped = false;
        for notes in self.0.lock().unwrap().iter().filter_map(Weak::upgrade) {
            if notes.words.iter().any(|word| text.contains(word)) {
                notes.heard.lock().unwrap().push(text.trim_end().to_owned());
                trapped |= notes.is_trap.swap(false, Ordering::SeqCst);
            }
        }
        // Only now that no lock is held, which would be poisoned.
        assert!(!trapped, "a story kills whoever says {text}");
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
