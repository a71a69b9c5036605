//! Who may come in from where: origins of browsers, and proxies to be believed.

use super::error::{Mistakes, Rule};
use super::ip_range::IpRange;
use super::origin::Origin;
use clap::Args;
use secrecy::SecretString;

const ORIGINS: Rule = Rule {
    name: "CALLBOARD_ALLOWED_ORIGINS",
    expected: "origins with commas between them, each scheme://host or scheme://host:port",
    fix: "set CALLBOARD_ALLOWED_ORIGINS=https://app.example.com,http://localhost:5173",
};
const PROXIES: Rule = Rule {
    name: "CALLBOARD_TRUSTED_PROXIES",
    expected: "IP addresses or ranges with commas between them",
    fix: "set CALLBOARD_TRUSTED_PROXIES=127.0.0.1,10.0.0.0/8",
};

/// Who may come in, as written.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Browsers and proxies")]
pub struct AccessSettings {
    /// Origins that may use the API and the sockets, with commas between them
    /// [default: the same origin]
    #[arg(
        long,
        env = "CALLBOARD_ALLOWED_ORIGINS",
        value_name = "ORIGIN[,ORIGIN]",
        global = true,
        hide_short_help = true
    )]
    pub allowed_origins: Option<String>,
    /// Addresses or ranges (10.0.0.0/8) whose X-Forwarded-For is believed, with commas between
    /// them [default: none]
    #[arg(
        long,
        env = "CALLBOARD_TRUSTED_PROXIES",
        value_name = "IP[,IP]",
        global = true,
        hide_short_help = true
    )]
    pub trusted_proxies: Option<String>,
}

/// A short address that signs a person in, `/as/CODE`: a demo's alone, since no setting makes one.
#[derive(Clone, Debug)]
pub struct SignInLink {
    /// What the address ends with.
    pub code: SecretString,
    /// What the person is then known by.
    pub token: SecretString,
    /// What the button on the page says.
    pub name: String,
    /// Whether it is the owner.
    pub owner: bool,
}

/// Who may come in.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Origins allowed besides our own.
    pub allowed_origins: Vec<Origin>,
    /// Addresses whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpRange>,
    /// Addresses that sign people in.
    pub sign_in_links: Vec<SignInLink>,
}

impl Access {
    pub(super) fn read(settings: &AccessSettings, mistakes: &mut Mistakes) -> Self {
        let origins = settings.allowed_origins.as_ref();
        let proxies = settings.trusted_proxies.as_ref();
        Self {
            allowed_origins: mistakes
                .read_in_words(&ORIGINS, origins, |text| list(text, Origin::parse))
                .unwrap_or_default(),
            trusted_proxies: mistakes
                .read_in_words(&PROXIES, proxies, |text| list(text, str::parse))
                .unwrap_or_default(),
            sign_in_links: Vec::new(),
        }
    }
}

/// Reads each item of a list with commas; a comma at the end does no harm.
fn list<T, E: ToString>(
    text: &str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<Vec<T>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(|item| parse(item).map_err(|found| found.to_string()))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::config::testing::{config, mistake};

    #[test]
    fn origins_are_listed_with_commas() {
        let access = config([(
            "CALLBOARD_ALLOWED_ORIGINS",
            "https://App.example.com:443/, http://localhost:5173,",
        )])
        .access;
        let origins: Vec<String> = access
            .allowed_origins
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            origins,
            ["https://app.example.com", "http://localhost:5173"]
        );
    }

    #[test]
    fn the_origin_that_is_none_is_named() {
        let said = mistake([(
            "CALLBOARD_ALLOWED_ORIGINS",
            "https://a.example,https://b.example/app",
        )]);
        assert!(
            said.contains("found \"https://b.example/app\" (it has a path)"),
            "{said}"
        );
        let said = mistake([("CALLBOARD_ALLOWED_ORIGINS", "*")]);
        assert!(
            said.contains("found \"*\" (every origin at once is not accepted"),
            "{said}"
        );
    }

    #[test]
    fn the_proxy_that_is_no_address_is_named() {
        let said = mistake([("CALLBOARD_TRUSTED_PROXIES", "127.0.0.1,10.0.0.0/33")]);
        assert_eq!(
            said,
            "CALLBOARD_TRUSTED_PROXIES: expected IP addresses or ranges with commas between them, \
             found \"10.0.0.0/33\"; set CALLBOARD_TRUSTED_PROXIES=127.0.0.1,10.0.0.0/8"
        );
    }
}
