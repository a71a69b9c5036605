//! Where the server listens and what the world calls it.

use super::error::{Mistakes, Rule};
use super::web_url;
use clap::Args;
use std::net::IpAddr;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;

const HOST: Rule = Rule {
    name: "API_HOST",
    expected: "an IP address or a host name, without a port",
    fix: "set API_HOST=127.0.0.1, or API_HOST=0.0.0.0 to listen on every address",
};
const PORT: Rule = Rule {
    name: "API_PORT",
    expected: "a port between 1 and 65535",
    fix: "set API_PORT=3001",
};
const BASE_URL: Rule = Rule {
    name: "API_BASE_URL",
    expected: "the public http or https address of the API",
    fix: "set API_BASE_URL=https://calls.example.com/api",
};
const STATIC_DIR: Rule = Rule {
    name: "CALLBOARD_STATIC_DIR",
    expected: "a folder that exists",
    fix: "correct the path, or leave it out to serve the built-in page",
};
const DRAIN_DELAY: Rule = Rule {
    name: "CALLBOARD_DRAIN_DELAY_S",
    expected: "a whole number of seconds from 0 to 600",
    fix: "set CALLBOARD_DRAIN_DELAY_S=10: a little longer than the load balancer takes to notice that \
          /readyz is 503",
};
/// The longest that a server which is told to stop goes on as if nothing were.
const LONGEST_DRAIN_DELAY_S: u64 = 600;
const DEFAULT_HOST: &str = "127.0.0.1";
const DEFAULT_PORT: u16 = 3001;

/// Where to listen, as written.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Listener")]
pub struct ListenerSettings {
    /// Address to listen on [default: 127.0.0.1]
    #[arg(
        long,
        env = "API_HOST",
        value_name = "HOST",
        global = true,
        hide_short_help = true
    )]
    pub api_host: Option<String>,
    /// Port to listen on [default: 3001]
    #[arg(
        long,
        env = "API_PORT",
        value_name = "PORT",
        global = true,
        hide_short_help = true
    )]
    pub api_port: Option<String>,
    /// Public address of the API, for origin checks, `doctor` and the documents
    /// [default: http://localhost:$API_PORT/api]
    #[arg(
        long,
        env = "API_BASE_URL",
        value_name = "URL",
        global = true,
        hide_short_help = true
    )]
    pub api_base_url: Option<String>,
    /// Serve the page from this folder [default: the page inside the program]
    #[arg(
        long,
        env = "CALLBOARD_STATIC_DIR",
        value_name = "DIR",
        global = true,
        hide_short_help = true
    )]
    pub static_dir: Option<String>,
    /// Seconds for which a server that is told to stop goes on serving while /readyz says 503, so
    /// that load balancers notice first [default: 0]
    #[arg(
        long,
        env = "CALLBOARD_DRAIN_DELAY_S",
        value_name = "SECONDS",
        global = true,
        hide_short_help = true
    )]
    pub drain_delay_s: Option<String>,
}

/// Where to listen.
#[derive(Clone, Debug)]
pub struct Listener {
    /// An IP address, without brackets, or a host name.
    pub host: String,
    /// Never 0.
    pub port: u16,
    /// The public address of the API, without a slash at its end.
    pub base_url: Url,
    /// A folder whose files are served in place of those inside the program.
    pub static_dir: Option<PathBuf>,
    /// How long a server that is told to stop goes on serving while it says that it is not ready.
    pub drain_delay: Duration,
}

impl Listener {
    /// Whether only this machine can reach the listener. A host name other than `localhost` may
    /// resolve to anything, so it counts as public.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.host
            .parse::<IpAddr>()
            .map_or(self.host == "localhost", |address| address.is_loopback())
    }

    /// The public address of the page, without a slash at its end.
    #[must_use]
    pub fn public_address(&self) -> String {
        let address = self.base_url.as_str().trim_end_matches('/');
        address.strip_suffix("/api").unwrap_or(address).to_owned()
    }

    pub(super) fn read(settings: &ListenerSettings, mistakes: &mut Mistakes) -> Self {
        let host = mistakes.read(&HOST, settings.api_host.as_ref(), host);
        let port = mistakes
            .read(&PORT, settings.api_port.as_ref(), |text| {
                text.parse::<NonZeroU16>().ok()
            })
            .map_or(DEFAULT_PORT, NonZeroU16::get);
        let base_url = mistakes
            .read_in_words(&BASE_URL, settings.api_base_url.as_ref(), web_url::parse)
            .unwrap_or_else(|| local_base_url(port));
        let static_dir = mistakes.read(&STATIC_DIR, settings.static_dir.as_ref(), |text| {
            Path::new(text).is_dir().then(|| text.into())
        });
        let drain_delay = mistakes.read(&DRAIN_DELAY, settings.drain_delay_s.as_ref(), |text| {
            let seconds = text.parse().ok()?;
            (seconds <= LONGEST_DRAIN_DELAY_S).then_some(Duration::from_secs(seconds))
        });
        Self {
            host: host.unwrap_or_else(|| DEFAULT_HOST.to_owned()),
            port,
            base_url,
            static_dir,
            drain_delay: drain_delay.unwrap_or_default(),
        }
    }
}

fn local_base_url(port: u16) -> Url {
    #[allow(clippy::expect_used)] // A constant address but for its port, which is a number.
    Url::parse(&format!("http://localhost:{port}/api")).expect("a fixed address is well-formed")
}

/// An address with or without brackets, or a name of the letters that host names are made of.
pub(super) fn host(text: &str) -> Option<String> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let is_name = bare
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
        && bare.bytes().any(|byte| byte.is_ascii_alphabetic());
    (is_name || bare.parse::<IpAddr>().is_ok()).then(|| bare.to_owned())
}

#[cfg(test)]
mod tests {
    use crate::config::testing::{config, mistake};

    #[test]
    fn the_listener_is_local_until_told_otherwise() {
        let listener = config([]).listener;
        assert_eq!((listener.host.as_str(), listener.port), ("127.0.0.1", 3001));
        assert_eq!(listener.base_url.as_str(), "http://localhost:3001/api");
        assert!(listener.is_loopback());
    }

    #[test]
    fn the_public_address_follows_the_port() {
        let listener = config([("API_PORT", "8080")]).listener;
        assert_eq!(listener.base_url.as_str(), "http://localhost:8080/api");
    }

    #[test]
    fn only_what_stays_on_this_machine_counts_as_loopback() {
        for (host, loopback) in [
            ("localhost", true),
            ("[::1]", true),
            ("127.8.8.8", true),
            ("0.0.0.0", false),
            ("::", false),
            ("calls.example.com", false),
        ] {
            let listener = config([("API_HOST", host)]).listener;
            assert_eq!(listener.is_loopback(), loopback, "{host}");
        }
    }

    #[test]
    fn a_port_that_is_no_number_is_told_how_to_become_one() {
        assert_eq!(
            mistake([("API_PORT", "80a")]),
            "API_PORT: expected a port between 1 and 65535, found \"80a\"; set API_PORT=3001"
        );
        for port in ["0", "65536", "-1", "3001.0"] {
            assert!(
                mistake([("API_PORT", port)]).starts_with("API_PORT:"),
                "{port}"
            );
        }
    }

    #[test]
    fn a_host_with_a_port_or_a_scheme_is_refused() {
        for host in ["0.0.0.0:3001", "http://localhost", "12345", "a b"] {
            let said = mistake([("API_HOST", host)]);
            assert!(
                said.contains("without a port") && said.contains("set API_HOST="),
                "{said}"
            );
        }
    }

    #[test]
    fn a_server_that_is_told_to_stop_does_not_go_on_for_ever() {
        let delay = |seconds| {
            config([("CALLBOARD_DRAIN_DELAY_S", seconds)])
                .listener
                .drain_delay
        };
        assert!(config([]).listener.drain_delay.is_zero());
        assert_eq!((delay("0").as_secs(), delay("600").as_secs()), (0, 600));
        for seconds in ["601", "-1", "5s", "1.5"] {
            let said = mistake([("CALLBOARD_DRAIN_DELAY_S", seconds)]);
            assert!(
                said.contains("seconds from 0 to 600") && said.contains("_DELAY_S=10"),
                "{said}"
            );
        }
    }

    #[test]
    fn a_static_folder_that_is_not_there_is_noticed_at_start() {
        let said = mistake([("CALLBOARD_STATIC_DIR", "/no/such/folder")]);
        assert!(
            said.contains("a folder that exists, found \"/no/such/folder\""),
            "{said}"
        );
    }
}
