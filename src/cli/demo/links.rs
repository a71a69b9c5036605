//! Logins as links, and what a demo says when it starts.

use super::DemoError;
use super::folder::Folder;
use super::identity::Identity;
use crate::auth::mint;
use crate::config::SignInLink;
use crate::domain::{Role, Timestamp, User};
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt::Write as _;

/// A login lasts a day: longer than anybody looks at a demo.
const LIFETIME_SECONDS: i64 = 24 * 3_600;

/// A person, a token of theirs, and the code that stands for it.
#[derive(Clone, Debug)]
pub(super) struct Login {
    pub(super) user: User,
    pub(super) token: SecretString,
    code: SecretString,
}

impl Login {
    /// What colleagues call this person.
    pub(super) fn name(&self) -> &str {
        self.user.name.as_deref().unwrap_or("somebody")
    }

    /// Whether this person's work is to answer.
    pub(super) fn takes_calls(&self) -> bool {
        self.user.role == Some(Role::Member)
    }

    /// The page, signed in: short enough to be read out and typed.
    fn link(&self, port: u16) -> String {
        let code = self.code.expose_secret();
        format!("{}as/{code}", address(port))
    }

    /// The same as the demo's server is to know it.
    pub(super) fn sign_in_link(self) -> SignInLink {
        SignInLink {
            name: self.name().to_owned(),
            owner: self.user.role == Some(Role::Owner),
            code: self.code,
            token: self.token,
        }
    }
}

/// The board's address.
pub(super) fn address(port: u16) -> String {
    format!("http://127.0.0.1:{port}/")
}

/// A login for each person of the demo.
pub(super) fn logins(identity: &Identity, now: Timestamp) -> Result<Vec<Login>, DemoError> {
    let people = identity.people.iter();
    people
        .map(|user| {
            let token = mint(&identity.jwt_secret, user.id, None, LIFETIME_SECONDS, now)?;
            Ok(Login {
                user: user.clone(),
                token: token.into(),
                code: identity.code_of(user),
            })
        })
        .collect()
}

/// What somebody who has just typed `callboard demo` wants to know.
pub(super) struct Welcome<'a> {
    pub(super) wanted_port: u16,
    pub(super) port: u16,
    pub(super) logins: &'a [Login],
    pub(super) folder: &'a Folder,
    /// Whoever serves: one process, which may be killed with the demo, or nodes, which come back.
    pub(super) processes: Vec<u32>,
    /// Whether keys kill nodes.
    pub(super) keys: bool,
    /// Events that a former run left.
    pub(super) events_before: i64,
}

impl Welcome<'_> {
    /// The text, several lines.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a text cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        let data = self.folder.path().display();
        writeln!(
            text,
            "A live call board with a simulated carrier, all on this machine.\n"
        )?;
        write!(text, "board     {}", address(self.port))?;
        if self.port == self.wanted_port {
            writeln!(text)?;
        } else {
            writeln!(text, "  (port {} was taken)", self.wanted_port)?;
        }
        for login in self.logins {
            let owner = match login.user.role {
                Some(Role::Owner) => "  (owner)",
                _ => "",
            };
            writeln!(text, "{:<9} {}{owner}", login.name(), login.link(self.port))?;
        }
        writeln!(
            text,
            "          Open two of them, see both ring, and answer: you have some seconds.\n"
        )?;
        let processes: Vec<String> = self.processes.iter().map(u32::to_string).collect();
        writeln!(text, "process   {}", processes.join(", "))?;
        if self.folder.is_temporary() {
            writeln!(
                text,
                "data      {data}  (removed at the end; --data DIR keeps it)"
            )?;
        } else {
            writeln!(text, "data      {data}  (kept)")?;
        }
        writeln!(text, "log       {}", self.folder.log_file().display())?;
        self.write_what_next(text)
    }

    fn write_what_next(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text)?;
        if self.events_before > 0 {
            let events = self.events_before;
            writeln!(
                text,
                "Resumed: {events} events of the runs before are here."
            )?;
        }
        let nodes = self.processes.len();
        match self.processes.first() {
            Some(process) if nodes > 1 && self.keys => writeln!(
                text,
                "Ctrl-C ends it. Press 1 to {nodes} to kill that node, as kill -9 {process} does the \
                 first: it comes back after some seconds, and every board goes on."
            ),
            Some(process) if nodes > 1 => writeln!(
                text,
                "Ctrl-C ends it. Try kill -9 {process}: that node comes back after some seconds, and \
                 every board goes on."
            ),
            Some(process) if !self.folder.is_temporary() => writeln!(
                text,
                "Ctrl-C ends it. Or try kill -9 {process}, and start it again with the same --data: \
                 open pages resume."
            ),
            _ => writeln!(text, "Ctrl-C ends it."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Welcome, logins};
    use crate::cli::demo::folder::Folder;
    use crate::cli::demo::identity::Identity;
    use crate::domain::Timestamp;
    use secrecy::ExposeSecret;

    #[test]
    fn a_newcomer_is_told_where_to_click_and_tokens_stay_out_of_queries() {
        let folder = Folder::open(None).unwrap();
        let identity = Identity::new();
        let logins = logins(&identity, Timestamp::from_micros(0)).unwrap();
        let welcome = Welcome {
            wanted_port: 3001,
            port: 3002,
            logins: &logins,
            folder: &folder,
            processes: vec![4711],
            keys: false,
            events_before: 0,
        };
        let text = welcome.text();
        assert!(text.contains("http://127.0.0.1:3002/  (port 3001 was taken)\n"));
        for name in ["Anna", "Ben", "Olivia"] {
            let line = text.lines().find(|line| line.starts_with(name)).unwrap();
            let link = line.split_whitespace().nth(1).unwrap();
            let code = link.strip_prefix("http://127.0.0.1:3002/as/").unwrap();
            assert!(code.len() == 10 && link.len() < 40, "{link}");
        }
        assert!(!text.contains('?') && !text.contains("token"), "{text}");
        let codes = identity
            .people
            .iter()
            .map(|person| identity.code_of(person));
        let mut codes: Vec<_> = codes.map(|code| code.expose_secret().to_owned()).collect();
        codes.dedup();
        assert_eq!(codes.len(), 3, "to each their own");
        assert!(text.contains("process   4711\n") && text.contains("callboard.log\n"));
        let data = folder.path().display().to_string();
        assert!(
            text.contains(&format!("{data}  (removed at the end")),
            "{text}"
        );
    }
}
