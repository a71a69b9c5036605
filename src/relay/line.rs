//! A line to the other nodes, whichever it is made of.

use super::valkey::{self, ValkeyEars, ValkeyMouth};
use crate::config::{self, Config};
use crate::store::{NoticeEars, NoticeMouth, Store, StoreError};

/// The notices of callboard, of this version.
const NOTICES: &str = "callboard_relay_1";

/// Where the line goes.
pub(super) struct Line {
    pub(super) way: config::Relay,
    pub(super) store: Store,
    /// What tells this deployment from others.
    pub(super) birth: String,
}

/// The way to tell.
pub(super) enum Mouth {
    Notices(NoticeMouth),
    Valkey(ValkeyMouth),
}

/// The way to hear.
pub(super) enum Ears {
    Notices(NoticeEars),
    Valkey(ValkeyEars),
}

impl Line {
    /// The line of these settings.
    pub(super) async fn of(config: &Config, store: &Store) -> Result<Self, StoreError> {
        let way = config.relay.clone();
        let birth = match way {
            config::Relay::Off => String::new(),
            config::Relay::Postgres | config::Relay::Redis(_) => store.birth().await?,
        };
        Ok(Self {
            way,
            store: store.clone(),
            birth,
        })
    }

    /// Whether whole events go by it. A notice holds less than 8,000 bytes, and whoever hears it has
    /// the journal at hand.
    pub(super) fn takes_whole_events(&self) -> bool {
        matches!(self.way, config::Relay::Redis(_))
    }

    /// The channel on a server that others may use too.
    fn channel(&self, database: u32) -> String {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, self.birth.as_bytes());
        let id: String = digest
            .as_ref()
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("callboard:{database}:{id}:v1")
    }

    /// Opens it: what is told from when this returns is heard.
    pub(super) async fn open(&self) -> Result<(Mouth, Ears), String> {
        match &self.way {
            config::Relay::Off => Err("it is off".to_owned()),
            config::Relay::Postgres => {
                let opened = self.store.listen(NOTICES).await;
                let (mouth, ears) = opened.map_err(|error| error.to_string())?;
                Ok((Mouth::Notices(mouth), Ears::Notices(ears)))
            }
            config::Relay::Redis(url) => {
                let channel = self.channel(url.database);
                let (ears, mouth) =
                    tokio::join!(valkey::ears(url, &channel), valkey::mouth(url, &channel));
                Ok((Mouth::Valkey(mouth?), Ears::Valkey(ears?)))
            }
        }
    }
}

impl Mouth {
    /// Tells all who listen, ourselves too.
    pub(super) async fn tell(&mut self, message: &str) -> Result<(), String> {
        match self {
            Self::Notices(mouth) => {
                let told = mouth.tell(message).await;
                told.map_err(|error| error.to_string())
            }
            Self::Valkey(mouth) => mouth.tell(message).await,
        }
    }
}

impl Ears {
    /// The next message; none when the line has gone.
    pub(super) async fn hear(&mut self) -> Option<String> {
        match self {
            Self::Notices(ears) => ears.hear().await,
            Self::Valkey(ears) => ears.hear().await,
        }
    }
}
