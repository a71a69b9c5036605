//! The mail server that takes invitations and links to other passwords.

use super::error::{Mistakes, Rule, quoted};
use clap::Args;
use secrecy::SecretString;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use url::Url;

const SMTP_URL: Rule = Rule {
    name: "SMTP_URL",
    expected: "smtps://USER:PASSWORD@HOST:465, or smtp://USER:PASSWORD@HOST:587 for STARTTLS",
    fix: "set SMTP_URL=smtps://USER:PASSWORD@HOST:465, with %40 for an @ in the user or password and \
          the like, or leave it out: then links are shown to copy",
};

const MAIL_FROM: Rule = Rule {
    name: "MAIL_FROM",
    expected: "the address that mails come from, such as callboard@example.com",
    fix: "set MAIL_FROM beside SMTP_URL, or leave both out: then links are shown to copy",
};

/// The mail server, as written.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Mail")]
pub struct MailSettings {
    /// Mail server for invitations and links to other passwords: smtps://USER:PASSWORD@HOST:465, or
    /// smtp://USER:PASSWORD@HOST:587 for STARTTLS, which must succeed (`?tls=none`: without, as on this
    /// machine; `?sslrootcert=FILE`: the authorities to believe)
    ///
    /// Without it links are shown to copy. Other users of this machine can read flags: use the
    /// variable.
    #[arg(
        long,
        env = "SMTP_URL",
        hide_env_values = true,
        value_name = "URL",
        global = true,
        hide_short_help = true
    )]
    pub smtp_url: Option<SecretString>,
    /// The address that mails come from
    #[arg(
        long,
        env = "MAIL_FROM",
        value_name = "ADDRESS",
        global = true,
        hide_short_help = true
    )]
    pub mail_from: Option<String>,
}

/// How a mail server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailTls {
    /// TLS from the first byte.
    Wrapped,
    /// TLS before anything is said, or nothing at all.
    StartTls,
    /// In the clear.
    Plain,
}

/// A mail server. `Debug` and `Display` leave out who we are there.
#[derive(Clone)]
pub struct Mail {
    /// Its name or address, without brackets.
    pub host: String,
    pub port: u16,
    pub tls: MailTls,
    /// A PEM file of the authorities to believe. `None`: the system's.
    pub root_cert: Option<PathBuf>,
    /// Who we are, and what proves it.
    pub credentials: Option<(String, SecretString)>,
    /// The address that mails come from.
    pub from: String,
}

impl Mail {
    pub(super) fn read(settings: &MailSettings, mistakes: &mut Mistakes) -> Option<Self> {
        let server = mistakes.read_secret(&SMTP_URL, settings.smtp_url.as_ref(), server);
        let from = mistakes.read(&MAIL_FROM, settings.mail_from.as_ref(), |text| {
            is_address(text).then(|| text.to_owned())
        });
        match (server, from) {
            (Some(server), Some(from)) => Some(Self { from, ..server }),
            (Some(_), None) if settings.mail_from.is_none() => {
                mistakes.keep::<()>(Err(MAIL_FROM.broken("nothing, while SMTP_URL is set")));
                None
            }
            _ => None,
        }
    }
}

/// Also with a name before it: `Acme <callboard@example.com>`.
fn is_address(text: &str) -> bool {
    let address = text.rsplit_once('<').map_or(text, |(_, rest)| rest);
    let address = address.strip_suffix('>').unwrap_or(address);
    let odd = |char: char| char.is_control() || char.is_whitespace();
    let parts = address.rsplit_once('@');
    parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
        && !address.contains(odd)
        && !text.contains(char::is_control)
}

fn server(text: &str) -> Result<Mail, String> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err("an address without a scheme".to_owned());
    };
    if rest.matches('@').count() > 1 {
        return Err("an @ inside a user name or password (write it as %40)".to_owned());
    }
    // A scheme of which the library knows no port.
    let url = Url::parse(&format!("mail://{rest}"))
        .map_err(|error| format!("an address that cannot be read ({error})"))?;
    let host = url.host_str().unwrap_or_default();
    if host.is_empty() {
        return Err("an address without a host".to_owned());
    }
    let host = host.trim_matches(['[', ']']).to_owned();
    let mut tls = match scheme {
        "smtps" => MailTls::Wrapped,
        "smtp" => MailTls::StartTls,
        _ => return Err(format!("the scheme {}", quoted(scheme))),
    };
    let mut root_cert = None;
    for (name, value) in url.query_pairs() {
        match (name.as_ref(), value.as_ref()) {
            ("tls", "required") => {}
            ("tls", "none") if scheme == "smtp" => tls = MailTls::Plain,
            ("sslrootcert", file) => root_cert = Some(PathBuf::from(file)),
            (other, _) => return Err(format!("the parameter {}", quoted(other))),
        }
    }
    let decoded = |text: &str| {
        percent_encoding::percent_decode_str(text)
            .decode_utf8_lossy()
            .into_owned()
    };
    let user = Some(url.username()).filter(|user| !user.is_empty());
    let credentials = user.map(|user| {
        let password = decoded(url.password().unwrap_or_default());
        (decoded(user), SecretString::from(password))
    });
    if tls == MailTls::Plain && credentials.is_some() && !is_loopback(&host) {
        return Err("a password that would be sent in the clear (tls=none)".to_owned());
    }
    let port = match tls {
        MailTls::Wrapped => 465,
        MailTls::StartTls | MailTls::Plain => 587,
    };
    Ok(Mail {
        host,
        port: url.port().unwrap_or(port),
        tls,
        root_cert,
        credentials,
        from: String::new(),
    })
}

fn is_loopback(host: &str) -> bool {
    let address: Result<IpAddr, _> = host.parse();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

impl fmt::Display for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.tls {
            MailTls::Wrapped => "smtps",
            MailTls::StartTls | MailTls::Plain => "smtp",
        };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mail({self}, from {})", self.from)
    }
}

#[cfg(test)]
mod tests {
    use super::MailTls;
    use crate::config::testing::{config, mistake};
    use secrecy::ExposeSecret;

    const FROM: (&str, &str) = ("MAIL_FROM", "Acme <callboard@example.com>");

    #[test]
    fn a_mail_server_is_read_with_its_tls_and_its_password() {
        for (url, tls, port) in [
            ("smtps://u%40x:p%2Fw@mail.example", MailTls::Wrapped, 465),
            ("smtp://u%40x:p%2Fw@mail.example", MailTls::StartTls, 587),
            (
                "smtp://u%40x:p%2Fw@127.0.0.1:25?tls=none",
                MailTls::Plain,
                25,
            ),
        ] {
            let mail = config([("SMTP_URL", url), FROM]).mail.expect("a server");
            assert_eq!((mail.tls, mail.port), (tls, port), "{url}");
            let (user, password) = mail.credentials.clone().expect("credentials");
            assert_eq!((&*user, password.expose_secret()), ("u@x", "p/w"));
            assert!(!format!("{mail:?} {mail}").contains("p/w"));
        }
        let nothing: [(&str, &str); 0] = [];
        assert!(config(nothing).mail.is_none());
        assert!(config([FROM]).mail.is_none());
    }

    #[test]
    fn what_cannot_be_used_is_said_without_the_password() {
        for (url, found) in [
            ("http://u:secret@h", "the scheme \"http\""),
            ("smtp://u:secret@mail.example?tls=none", "sent in the clear"),
            ("smtp://u:se@cret@h", "an @ inside"),
            ("smtps://u:secret@h?tls=off", "the parameter \"tls\""),
        ] {
            let said = mistake([("SMTP_URL", url), FROM]);
            assert!(said.contains(found) && !said.contains("secret"), "{said}");
        }
        let said = mistake([("SMTP_URL", "smtps://h")]);
        assert!(said.starts_with("MAIL_FROM: expected"), "{said}");
        let said = mistake([("SMTP_URL", "smtps://h"), ("MAIL_FROM", "nobody")]);
        assert!(said.contains("found \"nobody\""), "{said}");
    }
}
