//! Log lines, on stderr or in a file: text for people, JSON for collectors.

use super::{Logs, TelemetryError};
use crate::config::LogFormat;
use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

/// Where log lines go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LogTarget {
    /// The process's standard error.
    #[default]
    Stderr,
    /// The end of this file, which is made when it is not there; its folder must be.
    #[cfg_attr(not(feature = "demo"), allow(dead_code))] // A demo's own.
    File(PathBuf),
}

/// Starts the process's logs, with times in RFC 3339 UTC.
///
/// `filter` is in tracing's directive syntax (`info,callboard::ws=debug`).
///
/// # Errors
/// When the filter cannot be read, the file cannot be written, or the logs run already.
pub fn init(filter: &str, format: LogFormat, target: &LogTarget) -> Result<Logs, TelemetryError> {
    let ((lines, logs), colour) = match target {
        LogTarget::Stderr => (Logs::to(io::stderr()), io::stderr().is_terminal()),
        LogTarget::File(path) => (Logs::to(end_of(path)?), false),
    };
    let subscriber = subscriber(filter, format, colour, move || lines.clone())?;
    subscriber
        .try_init()
        .map_err(|_| TelemetryError::StartedTwice)?;
    // A panic's own lines would go to stderr directly, and wait there for whoever reads it.
    std::panic::set_hook(Box::new(|panic| tracing::error!("Panic: {panic}")));
    Ok(logs)
}

/// Appended to, so that a restarted process, or two at once, overwrite nothing.
fn end_of(path: &Path) -> Result<File, TelemetryError> {
    let opened = OpenOptions::new().create(true).append(true).open(path);
    opened.map_err(|source| TelemetryError::File {
        path: path.to_owned(),
        source,
    })
}

/// What others log is kept down, whatever the filter says in general; one that names the module
/// still has its way. tungstenite writes whole frames at trace level, tokens included, and what
/// strangers send in place of HTTP is an error to actix's dispatcher alone.
const QUIET: &str =
    "actix_server=warn,actix_http::h1::dispatcher=off,tungstenite=info,tokio_tungstenite=info";

type AnySubscriber = Box<dyn Subscriber + Send + Sync>;

fn subscriber<W>(
    filter: &str,
    format: LogFormat,
    colour: bool,
    writer: W,
) -> Result<AnySubscriber, TelemetryError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let unreadable = |error: &dyn std::fmt::Display| TelemetryError::Filter {
        filter: filter.to_owned(),
        reason: error.to_string(),
    };
    let levels = EnvFilter::builder()
        .parse(format!("{QUIET},{filter}"))
        .map_err(|error| unreadable(&error))?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(levels)
        // What cannot be logged is not said on stderr either, where it might panic or wait.
        .log_internal_errors(false);
    Ok(match format {
        // Where colour is possible the decision is left to tracing-subscriber, which honours
        // NO_COLOR; it is only ever switched off here.
        LogFormat::Text if colour => Box::new(lines.with_writer(OneLine(writer)).finish()),
        LogFormat::Text => Box::new(lines.with_ansi(false).with_writer(OneLine(writer)).finish()),
        LogFormat::Json => Box::new(
            lines
                .json()
                .flatten_event(true)
                .with_current_span(false)
                .with_writer(writer)
                .finish(),
        ),
    })
}

/// Keeps an event on one line. A database's or a carrier's message may hold line breaks, and a
/// stranger could forge whole lines with them. JSON escapes them by itself.
struct OneLine<W>(W);

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for OneLine<W> {
    type Writer = OneLineWriter<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        OneLineWriter(self.0.make_writer())
    }
}

struct OneLineWriter<W>(W);

impl<W: Write> Write for OneLineWriter<W> {
    /// Takes a whole event, as the subscriber hands it over: its last byte ends the line.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let line = event.strip_suffix(b"\n").unwrap_or(event);
        if line.contains(&b'\n') || line.contains(&b'\r') {
            let mut kept = Vec::with_capacity(event.len() + 16);
            for byte in line {
                match byte {
                    b'\n' => kept.extend_from_slice(b"\\n"),
                    b'\r' => kept.extend_from_slice(b"\\r"),
                    other => kept.push(*other),
                }
            }
            kept.push(b'\n');
            self.0.write_all(&kept)?;
        } else {
            self.0.write_all(event)?;
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::{LogFormat, LogTarget, end_of, init, subscriber};
    use crate::telemetry::TelemetryError;
    use std::io;
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::fmt::MakeWriter;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Paper {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    fn written(filter: &str, format: LogFormat, story: impl FnOnce()) -> String {
        let paper = Paper::default();
        let logs = subscriber(filter, format, false, paper.clone()).unwrap();
        tracing::subscriber::with_default(logs, story);
        let bytes = paper.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_text_line_reads_alone_and_has_no_colour_outside_a_terminal() {
        let text = written("info", LogFormat::Text, || {
            tracing::info!("Call {} answered by {}", "0193", "Anna");
        });
        let time = text.split_whitespace().next().unwrap();
        assert!(time.ends_with('Z') && time.contains('T'), "{text}");
        assert!(time.parse::<jiff::Timestamp>().is_ok(), "{text}");
        assert!(text.contains("INFO"), "{text}");
        assert!(text.ends_with("Call 0193 answered by Anna\n"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn a_message_with_line_breaks_cannot_forge_a_line() {
        let text = written("info", LogFormat::Text, || {
            tracing::warn!(
                "The carrier said {}",
                "no\r\n2026-11-21T00:00:00Z INFO all is well"
            );
        });
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains(r"no\r\n2026"), "{text}");
    }

    #[test]
    fn a_json_line_holds_the_message_the_fields_and_the_spans() {
        let text = written("info", LogFormat::Json, || {
            let span = tracing::info_span!("request", route = "/api/me");
            let _inside = span.enter();
            tracing::info!(call = "0193", "Call ended\nby the caller");
        });
        assert_eq!(text.lines().count(), 1, "{text}");
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["message"], "Call ended\nby the caller");
        assert_eq!(line["call"], "0193");
        assert_eq!(line["spans"][0]["route"], "/api/me");
        let time = line["timestamp"].as_str().unwrap();
        assert!(time.parse::<jiff::Timestamp>().is_ok(), "{time}");
    }

    #[test]
    fn the_filter_decides_by_level_and_module() {
        let text = written("warn,callboard=debug", LogFormat::Text, || {
            tracing::debug!("ours");
            tracing::info!(target: "stranger", "theirs");
        });
        assert!(text.contains("ours") && !text.contains("theirs"), "{text}");
    }

    #[test]
    fn a_log_file_is_added_to_and_one_that_cannot_be_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("callboard.log");
        for run in ["first run", "second run"] {
            let logs = subscriber(
                "info",
                LogFormat::Text,
                false,
                Arc::new(end_of(&path).unwrap()),
            )
            .unwrap();
            tracing::subscriber::with_default(logs, || tracing::info!("{run}"));
        }
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 2, "{text}");
        let error = end_of(&path.join("no folder")).unwrap_err().to_string();
        assert!(error.contains("callboard.log/no folder"), "{error}");
    }

    #[test]
    fn a_filter_that_cannot_be_read_says_how_to_mend_it() {
        let refused = init("callboard=louder", LogFormat::Text, &LogTarget::Stderr);
        let error = refused.err().unwrap();
        assert!(matches!(error, TelemetryError::Filter { .. }));
        assert!(error.to_string().contains("callboard=louder"), "{error}");
    }
}
