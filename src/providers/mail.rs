//! Handing mails to a mail server (SMTP): each over a connection of its own, with a time-out.

use crate::clock::Clock;
use crate::config::{Mail, MailTls};
use crate::domain::Timestamp;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use secrecy::ExposeSecret as _;
use std::time::{Duration, SystemTime};
use uuid::Uuid;

/// Longest wait for a connection.
const CONNECTED: Duration = Duration::from_secs(15);
/// Longest wait for all that a mail needs: lettre itself waits for answers without end.
const BUDGET: Duration = Duration::from_secs(60);
/// Longest text of an error that is kept.
const MOST_CHARACTERS: usize = 200;

/// A mail.
pub struct Letter {
    /// Whoever gets it twice, since an answer was lost, is told so by its id.
    pub id: Uuid,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub at: Timestamp,
}

/// Why a mail was not handed over. No text holds a password or a link.
#[derive(Clone, Debug, thiserror::Error)]
pub enum MailError {
    /// Trying again may help.
    #[error("{0}")]
    Passing(String),
    /// It will not.
    #[error("{0}")]
    Final(String),
}

/// A mail server. Clones are the same one.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    host: String,
    clock: Clock,
}

impl Mailer {
    /// The server of the settings.
    ///
    /// # Errors
    /// When its certificates cannot be read, or the address that mails come from.
    pub fn new(mail: &Mail, clock: Clock) -> Result<Self, MailError> {
        let from: Mailbox = mail
            .from
            .parse()
            .map_err(|_| MailError::Final("MAIL_FROM is no address".to_owned()))?;
        let host = from.email.domain().to_owned();
        let tls = match mail.tls {
            MailTls::Plain => Tls::None,
            MailTls::StartTls => Tls::Required(parameters(mail)?),
            MailTls::Wrapped => Tls::Wrapper(parameters(mail)?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&*mail.host)
            .port(mail.port)
            .tls(tls)
            .hello_name(ClientId::Domain(host.clone()))
            .timeout(Some(CONNECTED));
        if let Some((user, password)) = &mail.credentials {
            let password = password.expose_secret().to_owned();
            builder = builder.credentials(Credentials::new(user.clone(), password));
        }
        Ok(Self {
            transport: builder.build(),
            from,
            host,
            clock,
        })
    }

    /// Hands a mail over.
    ///
    /// # Errors
    /// When the server does not take it.
    pub async fn send(&self, letter: &Letter) -> Result<(), MailError> {
        let message = self.message(letter)?;
        self.within(self.transport.send(message)).await.map(drop)
    }

    /// Whether the server is there and takes who we are.
    ///
    /// # Errors
    /// When it is not, or does not.
    pub async fn try_out(&self) -> Result<(), MailError> {
        match self.within(self.transport.test_connection()).await? {
            true => Ok(()),
            false => Err(MailError::Passing("it does not answer NOOP".to_owned())),
        }
    }

    async fn within<T>(
        &self,
        asked: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, MailError> {
        tokio::select! {
            answer = asked => answer.map_err(|error| told(&error)),
            () = self.clock.sleep(BUDGET) => {
                let seconds = BUDGET.as_secs();
                Err(MailError::Passing(format!("it has not answered within {seconds} s")))
            }
        }
    }

    fn message(&self, letter: &Letter) -> Result<Message, MailError> {
        let no_address = |_| MailError::Final("the address is none that mails go to".to_owned());
        let to = letter.to.parse().map_err(no_address)?;
        let micros = u64::try_from(letter.at.micros()).unwrap_or_default();
        let written = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(&*letter.subject)
            .date(SystemTime::UNIX_EPOCH + Duration::from_micros(micros))
            .message_id(Some(format!("<{}@{}>", letter.id, self.host)))
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text.clone());
        written.map_err(|error| MailError::Final(error.to_string()))
    }
}

fn parameters(mail: &Mail) -> Result<TlsParameters, MailError> {
    let mut parameters = TlsParameters::builder(mail.host.clone());
    if let Some(file) = &mail.root_cert {
        let shown = file.display();
        let unread = |error: std::io::Error| MailError::Final(format!("{shown}: {error}"));
        let pem = std::fs::read(file).map_err(unread)?;
        let certificate = Certificate::from_pem(&pem);
        let certificate =
            certificate.map_err(|_| MailError::Final(format!("{shown}: no certificate")))?;
        parameters = parameters
            .certificate_store(CertificateStore::None)
            .add_root_certificate(certificate);
    }
    parameters
        .build()
        .map_err(|error| MailError::Final(error.to_string()))
}

/// What the server or the connection said, cut. Where the server says that it never will, it is not
/// asked again.
fn told(error: &Error) -> MailError {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause {
        let more = deeper.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = deeper.source();
    }
    let text: String = crate::view::plain(&text)
        .chars()
        .take(MOST_CHARACTERS)
        .collect();
    match error.is_permanent() {
        true => MailError::Final(text),
        false => MailError::Passing(text),
    }
}
