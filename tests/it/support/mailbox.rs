//! A mail server of a story's own, with TLS and passwords.

use super::patience::{look_again, soon};
use callboard::config::{Mail, MailTls};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

const USER: &str = "callboard@example.com";
pub const PASSWORD: &str = "mail/secret@1";

pub struct Mailbox {
    folder: TempDir,
    port: u16,
    way: MailTls,
    /// Ends with its stdin.
    server: Child,
}

impl Mailbox {
    /// With TLS from the first byte (`wrapped`), or after STARTTLS.
    pub fn start(way: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mail");
        let mut server = Command::new(script)
            .arg(folder.path())
            .arg(way)
            .args([
                certificates().join("near.pem"),
                certificates().join("near.key"),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("tests/mail, which wants python3-aiosmtpd: see tests/install");
        let mut line = String::new();
        let told = server.stdout.take().expect("its output");
        BufReader::new(told).read_line(&mut line).expect("its port");
        let way = match way {
            "wrapped" => MailTls::Wrapped,
            _ => MailTls::StartTls,
        };
        Self {
            folder,
            port: line.trim().parse().expect("a port"),
            way,
            server,
        }
    }

    pub fn settings(&self) -> Mail {
        Self::at(self.port, self.way)
    }

    /// Whoever is on that port.
    pub fn at(port: u16, tls: MailTls) -> Mail {
        Mail {
            host: "localhost".to_owned(),
            port,
            tls,
            root_cert: Some(certificates().join("near_authority.pem")),
            credentials: Some((USER.to_owned(), PASSWORD.into())),
            from: "Acme <callboard@example.com>".to_owned(),
        }
    }

    /// The same as an address, with that password.
    pub fn url(&self, password: &str) -> String {
        let scheme = match self.way {
            MailTls::Wrapped => "smtps",
            _ => "smtp",
        };
        let user = USER.replace('@', "%40");
        let password = password.replace('/', "%2F").replace('@', "%40");
        let roots = certificates().join("near_authority.pem");
        let (port, roots) = (self.port, roots.display());
        format!("{scheme}://{user}:{password}@localhost:{port}?sslrootcert={roots}")
    }

    /// From now on that is answered in place of taking a mail.
    pub fn answers(&self, line: &str) {
        std::fs::write(self.folder.path().join("answer"), line).expect("written");
    }

    /// From now on mails are taken again.
    pub fn takes(&self) {
        std::fs::remove_file(self.folder.path().join("answer")).expect("removed");
    }

    /// The mails that came, once there are so many.
    pub async fn mails(&self, least: usize) -> Vec<String> {
        let came = async {
            loop {
                let mails = read(self.folder.path());
                if mails.len() >= least {
                    return mails;
                }
                look_again().await;
            }
        };
        soon("mails", came).await
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn read(folder: &Path) -> Vec<String> {
    let mut mails = Vec::new();
    while let Ok(mail) = std::fs::read_to_string(folder.join(format!("{}.eml", mails.len() + 1))) {
        mails.push(mail);
    }
    mails
}

fn certificates() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/it/support/certificates"
    ))
}
