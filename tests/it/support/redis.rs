//! A Redis or Valkey of a story's own, to be frozen and killed.

use super::patience::soon;
use callboard::config::RedisUrl;
use std::process::Command;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

pub struct OwnRedis {
    folder: TempDir,
    arguments: Vec<String>,
}

impl OwnRedis {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// One with more settings.
    pub fn start_with(arguments: &[&str]) -> Self {
        let server = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            arguments: arguments.iter().map(ToString::to_string).collect(),
        };
        server.restart();
        server
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.run("url", &[]).trim().to_owned()
    }

    /// Its address as the settings mean it.
    pub fn relay(&self) -> callboard::config::Relay {
        relay_by(&self.url())
    }

    /// Starts it again, at the same address.
    pub fn restart(&self) {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        self.run("start", &arguments);
    }

    /// Kills it without warning.
    pub fn crash(&self) {
        self.run("stop", &[]);
    }

    /// Freezes it.
    pub fn stall(&self) {
        self.run("stall", &[]);
    }

    pub fn resume(&self) {
        self.run("resume", &[]);
    }

    /// What it answers to a command, as another client.
    pub async fn asked(&self, words: &[&str]) -> String {
        let mut client = self.client().await;
        client.say(words).await;
        client.hear().await
    }

    /// Another client.
    pub async fn client(&self) -> Client {
        let url = self.url();
        let address = url.strip_prefix("redis://").expect("an address");
        let stream = TcpStream::connect(address).await.expect("the server");
        Client(BufReader::new(stream))
    }

    /// The one channel that somebody listens to.
    pub async fn channel(&self) -> String {
        let mut client = self.client().await;
        client.say(&["PUBSUB", "CHANNELS", "callboard:*"]).await;
        let channels = client.hear().await;
        let channels: Vec<&str> = channels.split('\n').collect();
        assert_eq!(channels.len(), 1, "{channels:?}");
        channels[0].to_owned()
    }

    fn run(&self, command: &str, arguments: &[&str]) -> String {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/redis");
        let output = Command::new(script)
            .arg(command)
            .arg(self.folder.path())
            .args(arguments)
            .output()
            .expect("tests/redis");
        assert!(output.status.success(), "tests/redis {command}: {output:?}");
        String::from_utf8(output.stdout).expect("text")
    }
}

impl Drop for OwnRedis {
    fn drop(&mut self) {
        self.run("stop", &[]);
    }
}

/// A relay by that address.
pub fn relay_by(url: &str) -> callboard::config::Relay {
    callboard::config::Relay::Redis(RedisUrl::parse(url).expect("an address"))
}

/// Another client of it, which speaks its protocol by hand.
pub struct Client(BufReader<TcpStream>);

impl Client {
    pub async fn say(&mut self, words: &[&str]) {
        let mut text = format!("*{}\r\n", words.len());
        for word in words {
            text += &format!("${}\r\n{word}\r\n", word.len());
        }
        self.0
            .write_all(text.as_bytes())
            .await
            .expect("a way there");
    }

    /// One answer or message: its texts, one to a line.
    pub async fn hear(&mut self) -> String {
        soon("an answer of Redis", async {
            let (mut texts, mut due) = (Vec::new(), 1_usize);
            while due > 0 {
                due -= 1;
                let mut line = String::new();
                self.0.read_line(&mut line).await.expect("an answer");
                let line = line.trim_end();
                match line.split_at(1) {
                    ("*", count) => due += count.parse::<usize>().expect("a number"),
                    ("$", length) => {
                        let length: usize = length.parse().expect("a length");
                        let mut text = vec![0; length + 2];
                        self.0.read_exact(&mut text).await.expect("a text");
                        text.truncate(length);
                        texts.push(String::from_utf8(text).expect("text"));
                    }
                    (_, rest) => texts.push(rest.to_owned()),
                }
            }
            texts.join("\n")
        })
        .await
    }
}
