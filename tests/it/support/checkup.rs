//! A set-up in which all is right, and the doctor who looks at it, as a process of its own.

use super::World;
use super::exchange::{API_KEY, CALLER_ID, Line};
use super::patience::soon;
use super::process::url_of;
use super::ultravox::{APPLICATION, ULTRAVOX_KEY};
use super::world::{ENCRYPTION_KEY, JWT_SECRET};
use callboard::domain::CredentialKey;
use callboard_simulator::ExchangeSettings;
use callboard_simulator::ultravox::{Provider, Ultravox};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::process::Stdio;
use tokio::process::Command;

/// Whoever called Acme last.
pub const CALLER: &str = "+15550177123";

/// A server, its carrier and its Ultravox, all of which agree.
pub struct SetUp {
    pub line: Line,
    pub ultravox: Ultravox,
}

/// What the doctor said.
pub struct Said {
    pub code: i32,
    pub lines: Vec<String>,
}

impl World {
    /// This world by the machine's clock, with all that Acme needs, and a carrier of some habits.
    pub async fn set_up(self, settings: ExchangeSettings) -> SetUp {
        let world = self.by_the_machines_clock();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let ultravox = Ultravox::start(listener, &[ULTRAVOX_KEY]).expect("an Ultravox");
        for (key, value) in [
            (CredentialKey::UltravoxApiKey, ULTRAVOX_KEY),
            (CredentialKey::TelnyxApplicationId, APPLICATION),
            (CredentialKey::TelnyxAccountSid, "acme-organisation"),
        ] {
            world.sets(&world.acme, key, value).await;
        }
        for (user, name) in [(world.olivia, "olivia"), (world.mallory, "mallory")] {
            let named = |user: &mut callboard::domain::User| user.sip_username = Some(name.into());
            world.changes_user(user, named).await;
        }
        let line = world.line_with(settings).await;
        let acme = line.world.acme.clone();
        line.node.rings_from(&acme, CALLER, 1).await;
        let set_up = SetUp { line, ultravox };
        set_up.ultravox_has(json!({}));
        set_up
    }
}

impl SetUp {
    /// Ultravox has what Acme stored, but for these fields.
    pub fn ultravox_has(&self, odd: Value) {
        let key = self.line.world.acme.key.public_key();
        let mut config = json!({
            "accountSid": "acme-organisation", "apiKey": API_KEY, "publicKey": key,
            "applicationSid": APPLICATION, "callCreationAllowAllAgents": true,
        });
        for (name, value) in odd.as_object().expect("fields") {
            config[name] = value.clone();
        }
        self.ultravox
            .is_given(ULTRAVOX_KEY, Provider::Telnyx, config);
    }

    /// What the doctor says of Acme.
    pub async fn doctor(&self) -> Said {
        self.doctor_with(&[]).await
    }

    /// The same with other settings; an empty value takes one away.
    pub async fn doctor_with(&self, settings: &[(&str, &str)]) -> Said {
        let acme = self.line.world.acme.id.to_string();
        self.doctor_of(&["--agency", &acme], settings).await
    }

    /// What the doctor says who is asked so.
    pub async fn doctor_of(&self, arguments: &[&str], settings: &[(&str, &str)]) -> Said {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(env!("CARGO_BIN_EXE_callboard"));
        command
            .arg("doctor")
            .args(arguments)
            .current_dir(folder.path())
            .env_clear()
            .env("DATABASE_URL", url_of(&self.line.world))
            .env("API_BASE_URL", format!("{}/api", self.line.node.url))
            .env("TELNYX_API_BASE", self.line.exchange.api_base().as_str())
            .env("ULTRAVOX_API_BASE", self.ultravox.url())
            .env("SUPABASE_JWT_SECRET", JWT_SECRET)
            .env("CALLBOARD_ENCRYPTION_KEY", ENCRYPTION_KEY)
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let ended = soon("the doctor", command.output()).await.expect("an end");
        let stdout = String::from_utf8(ended.stdout).expect("text");
        let stderr = String::from_utf8(ended.stderr).expect("text");
        for secret in [
            API_KEY,
            ULTRAVOX_KEY,
            JWT_SECRET,
            ENCRYPTION_KEY,
            CALLER,
            CALLER_ID,
        ] {
            let told = stdout.contains(secret) || stderr.contains(secret);
            assert!(!told, "{secret} was told: {stdout}{stderr}");
        }
        let code = ended.status.code().expect("a code");
        let lines: Vec<String> = stdout.lines().map(str::to_owned).collect();
        let wrong = lines
            .iter()
            .filter(|line| line.starts_with("wrong "))
            .count();
        let (sum, found) = lines.split_last().expect("a sum");
        assert!(sum.ends_with(&format!(", {wrong} wrong")), "{sum}");
        for line in found {
            let of = |mark: &str| line.starts_with(mark);
            let mended = line.contains("; to mend it: ");
            assert!(
                of("ok ") && !mended || (of("warning ") || of("wrong ")) && mended,
                "{line}"
            );
        }
        assert_eq!(code, i32::from(wrong > 0), "{lines:#?}{stderr}");
        Said { code, lines }
    }
}

impl Said {
    /// The line that says this, by its mark.
    pub fn says(&self, mark: &str, words: &str) -> &Self {
        let found = self.lines.iter().find(|line| line.contains(words));
        let found = found.unwrap_or_else(|| panic!("nothing of {words:?} in {:#?}", self.lines));
        assert!(found.starts_with(mark), "not {mark}: {found}");
        self
    }

    /// That nothing is wrong but this many things.
    pub fn has_wrong(&self, number: usize) -> &Self {
        let wrong = self.lines.iter().filter(|line| line.starts_with("wrong "));
        assert_eq!(wrong.count(), number, "{:#?}", self.lines);
        self
    }
}
