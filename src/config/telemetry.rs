//! What operators see: logs and metrics.

use super::error::{Mistakes, Rule};
use crate::domain::words;
use clap::Args;
use std::net::{Ipv4Addr, SocketAddr};
use tracing_subscriber::EnvFilter;

const FILTER: Rule = Rule {
    name: "RUST_LOG",
    expected: "a level or targets with levels, such as info or callboard=debug,info",
    fix: "set RUST_LOG=info",
};
const FORMAT: Rule = Rule {
    name: "CALLBOARD_LOG",
    expected: "text or json",
    fix: "set CALLBOARD_LOG=text",
};
const METRICS: Rule = Rule {
    name: "CALLBOARD_METRICS_ADDR",
    expected: "an IP address and a port, or off",
    fix: "set CALLBOARD_METRICS_ADDR=127.0.0.1:9464",
};
const DEFAULT_FILTER: &str = "info";
const DEFAULT_METRICS: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9464);

/// What operators see, as written.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Logs and metrics")]
pub struct TelemetrySettings {
    /// What is logged: a level, or targets with levels (callboard=debug,info) [default: info]
    #[arg(
        long,
        env = "RUST_LOG",
        value_name = "FILTER",
        global = true,
        hide_short_help = true
    )]
    pub log_filter: Option<String>,
    /// How it is logged: text or json [default: text]
    #[arg(
        long,
        env = "CALLBOARD_LOG",
        value_name = "text|json",
        global = true,
        hide_short_help = true
    )]
    pub log_format: Option<String>,
    /// Address of the Prometheus listener, or off [default: 127.0.0.1:9464]
    #[arg(
        long,
        env = "CALLBOARD_METRICS_ADDR",
        value_name = "IP:PORT",
        global = true,
        hide_short_help = true
    )]
    pub metrics_addr: Option<String>,
}

/// What operators see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telemetry {
    /// Directives that `EnvFilter` understands.
    pub log_filter: String,
    /// How a log line looks.
    pub log_format: LogFormat,
    /// Where Prometheus asks. `None`: nowhere.
    pub metrics_addr: Option<SocketAddr>,
}

words! {
    /// How a log line looks.
    #[derive(Default)]
    pub enum LogFormat {
        /// For people; coloured when stderr is a terminal and `NO_COLOR` is not set.
        #[default]
        Text = "text",
        /// For machines: one JSON object per line.
        Json = "json",
    }
}

impl Telemetry {
    pub(super) fn read(settings: &TelemetrySettings, mistakes: &mut Mistakes) -> Self {
        let format = settings.log_format.as_ref();
        let metrics = settings.metrics_addr.as_ref();
        Self {
            log_filter: mistakes
                .read_in_words(&FILTER, settings.log_filter.as_ref(), filter)
                .unwrap_or_else(|| DEFAULT_FILTER.to_owned()),
            log_format: mistakes
                .read(&FORMAT, format, LogFormat::from_name)
                .unwrap_or_default(),
            metrics_addr: mistakes
                .read(&METRICS, metrics, metrics_addr)
                .unwrap_or(Some(DEFAULT_METRICS)),
        }
    }
}

fn filter(text: &str) -> Result<String, String> {
    EnvFilter::builder()
        .parse(text)
        .map(|_| text.to_owned())
        .map_err(|error| format!("{} ({error})", super::error::quoted(text)))
}

/// The inner `None` is a listener that is switched off.
fn metrics_addr(text: &str) -> Option<Option<SocketAddr>> {
    match text {
        "off" => Some(None),
        _ => text.parse().ok().map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::LogFormat;
    use crate::config::testing::{config, mistake};

    #[test]
    fn metrics_are_local_until_told_otherwise_and_can_be_switched_off() {
        let told = |addr| {
            config([("CALLBOARD_METRICS_ADDR", addr)])
                .telemetry
                .metrics_addr
        };
        assert_eq!(told("").unwrap().to_string(), "127.0.0.1:9464");
        assert_eq!(told("[::]:9000").unwrap().to_string(), "[::]:9000");
        assert_eq!(told("off"), None);
        let said = mistake([("CALLBOARD_METRICS_ADDR", "9464")]);
        assert!(
            said.contains("an IP address and a port, or off, found \"9464\""),
            "{said}"
        );
    }

    #[test]
    fn a_filter_that_would_be_ignored_is_refused() {
        assert_eq!(config([]).telemetry.log_filter, "info");
        let filter = "callboard=debug,actix_web=warn,info";
        assert_eq!(config([("RUST_LOG", filter)]).telemetry.log_filter, filter);
        let said = mistake([("RUST_LOG", "callboard=loud")]);
        assert!(
            said.contains("found \"callboard=loud\"") && said.contains("set RUST_LOG=info"),
            "{said}"
        );
    }

    #[test]
    fn logs_are_text_or_json() {
        assert_eq!(config([]).telemetry.log_format, LogFormat::Text);
        assert_eq!(
            config([("CALLBOARD_LOG", "json")]).telemetry.log_format,
            LogFormat::Json
        );
        let said = mistake([("CALLBOARD_LOG", "xml")]);
        assert_eq!(
            said,
            "CALLBOARD_LOG: expected text or json, found \"xml\"; set CALLBOARD_LOG=text"
        );
    }
}
