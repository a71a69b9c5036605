//! Where Telnyx and Ultravox are found.

use super::error::{Mistakes, Rule};
use super::{listener, web_url};
use crate::domain::words;
use clap::Args;
use url::Url;

/// The host that Telnyx documents for signalling only; Telnyx's older guides give it as the SIP domain.
pub const SIGNALLING_HOST: &str = "rtc.telnyx.com";

const DEFAULT_SIP_SERVER: &str = "sip.telnyx.com";
const DEFAULT_TELNYX_API: &str = "https://api.telnyx.com/v2";
const DEFAULT_ULTRAVOX_API: &str = "https://api.ultravox.ai";

const SIP_SERVER: Rule = Rule {
    name: "TELNYX_SIP_SERVER",
    expected: "a host name, with a port if need be",
    fix: "set TELNYX_SIP_SERVER=sip.telnyx.com",
};
const TELNYX_API: Rule = Rule {
    name: "TELNYX_API_BASE",
    expected: "an http or https address",
    fix: "leave it out to use https://api.telnyx.com/v2",
};
const ULTRAVOX_API: Rule = Rule {
    name: "ULTRAVOX_API_BASE",
    expected: "an http or https address",
    fix: "leave it out to use https://api.ultravox.ai",
};
const ENDPOINT: Rule = Rule {
    name: "ULTRAVOX_TELEPHONY_ENDPOINT",
    expected: "account or provider",
    fix: "set ULTRAVOX_TELEPHONY_ENDPOINT=account",
};

/// Where the providers are, as written.
#[derive(Args, Clone, Debug, Default)]
#[allow(rustdoc::bare_urls)] // The sentences are the command line's help.
#[command(next_help_heading = "Telnyx and Ultravox")]
pub struct ProviderSettings {
    /// SIP domain of the agents' addresses [default: sip.telnyx.com]
    #[arg(
        long,
        env = "TELNYX_SIP_SERVER",
        value_name = "HOST",
        global = true,
        hide_short_help = true
    )]
    pub telnyx_sip_server: Option<String>,
    /// Telnyx's REST API, or a stand-in for it [default: https://api.telnyx.com/v2]
    #[arg(
        long,
        env = "TELNYX_API_BASE",
        value_name = "URL",
        global = true,
        hide_short_help = true
    )]
    pub telnyx_api_base: Option<String>,
    /// Ultravox's REST API, or a stand-in for it [default: https://api.ultravox.ai]
    #[arg(
        long,
        env = "ULTRAVOX_API_BASE",
        value_name = "URL",
        global = true,
        hide_short_help = true
    )]
    pub ultravox_api_base: Option<String>,
    /// `account`: /api/accounts/me/telephony_config; `provider`: /api/telephony_configs/{provider}
    /// [default: account]
    #[arg(
        long,
        env = "ULTRAVOX_TELEPHONY_ENDPOINT",
        value_name = "account|provider",
        global = true,
        hide_short_help = true
    )]
    pub ultravox_telephony_endpoint: Option<String>,
}

/// Where the providers are.
#[derive(Clone, Debug)]
pub struct Providers {
    /// The domain of the agents' SIP addresses: `host` or `host:port`.
    pub sip_server: String,
    /// Telnyx's REST API, without a slash at its end.
    pub telnyx_api_base: Url,
    /// Ultravox's REST API; its text ends in a slash when there is no path.
    pub ultravox_api_base: Url,
    /// Which of Ultravox's two telephony endpoints to write to.
    pub ultravox_endpoint: TelephonyEndpoint,
}

words! {
    /// Ultravox keeps telephony settings behind two endpoints.
    #[derive(Default)]
    pub enum TelephonyEndpoint {
        /// `/api/accounts/me/telephony_config`: every provider in one document.
        #[default]
        Account = "account",
        /// `/api/telephony_configs/{provider}`: a document for each provider.
        Provider = "provider",
    }
}

impl Providers {
    pub(super) fn read(settings: &ProviderSettings, mistakes: &mut Mistakes) -> Self {
        let mut api = |rule, value: Option<&String>, default| {
            mistakes
                .read_in_words(rule, value, web_url::parse)
                .unwrap_or_else(|| fixed(default))
        };
        let telnyx = settings.telnyx_api_base.as_ref();
        let ultravox = settings.ultravox_api_base.as_ref();
        let telnyx_api_base = api(&TELNYX_API, telnyx, DEFAULT_TELNYX_API);
        let ultravox_api_base = api(&ULTRAVOX_API, ultravox, DEFAULT_ULTRAVOX_API);
        let endpoint = settings.ultravox_telephony_endpoint.as_ref();
        Self {
            sip_server: mistakes
                .read(&SIP_SERVER, settings.telnyx_sip_server.as_ref(), sip_server)
                .unwrap_or_else(|| DEFAULT_SIP_SERVER.to_owned()),
            telnyx_api_base,
            ultravox_api_base,
            ultravox_endpoint: mistakes
                .read(&ENDPOINT, endpoint, TelephonyEndpoint::from_name)
                .unwrap_or_default(),
        }
    }
}

fn fixed(address: &str) -> Url {
    #[allow(clippy::expect_used)] // Only ever called with the two constants above.
    Url::parse(address).expect("a fixed address is well-formed")
}

fn sip_server(text: &str) -> Option<String> {
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !text.ends_with(']') => (name, Some(port)),
        _ => (text, None),
    };
    let port_is_right = port.is_none_or(|port| port.parse::<std::num::NonZeroU16>().is_ok());
    (listener::host(name).is_some() && port_is_right).then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::TelephonyEndpoint;
    use crate::config::testing::{config, mistake};

    #[test]
    fn the_providers_are_the_real_ones_until_told_otherwise() {
        let providers = config([]).providers;
        assert_eq!(providers.sip_server, "sip.telnyx.com");
        assert_eq!(
            providers.telnyx_api_base.as_str(),
            "https://api.telnyx.com/v2"
        );
        assert_eq!(
            providers.ultravox_api_base.as_str(),
            "https://api.ultravox.ai/"
        );
        assert_eq!(providers.ultravox_endpoint, TelephonyEndpoint::Account);
    }

    #[test]
    fn a_sip_server_is_a_bare_host() {
        for server in ["sip.telnyx.com:5061", "RTC.telnyx.com", "10.0.0.1"] {
            let providers = config([("TELNYX_SIP_SERVER", server)]).providers;
            assert_eq!(providers.sip_server, server.to_ascii_lowercase());
        }
        for server in [
            "sip:sip.telnyx.com",
            "wss://rtc.telnyx.com",
            "me@sip.telnyx.com",
            "a:b",
        ] {
            let said = mistake([("TELNYX_SIP_SERVER", server)]);
            assert!(
                said.ends_with("set TELNYX_SIP_SERVER=sip.telnyx.com"),
                "{said}"
            );
        }
    }

    #[test]
    fn an_unknown_endpoint_hears_which_there_are() {
        assert_eq!(
            mistake([("ULTRAVOX_TELEPHONY_ENDPOINT", "both")]),
            "ULTRAVOX_TELEPHONY_ENDPOINT: expected account or provider, found \"both\"; \
             set ULTRAVOX_TELEPHONY_ENDPOINT=account"
        );
    }
}
