//! A server that a demo holds by its stdin: it must not outlive the demo, however that ends.

use crate::config::{Config, SignInLink};
use std::io::{self, BufRead as _};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

/// Resolves when nobody holds this server any more.
pub(super) struct Held(oneshot::Receiver<()>);

impl Held {
    /// Takes in what the holder says first, which is who may follow which link: neither the
    /// environment nor the command line is a place for tokens.
    pub(super) fn by_stdin(config: &mut Config) -> io::Result<Self> {
        let mut line = Zeroizing::new(String::new());
        io::stdin().lock().read_line(&mut line)?;
        let links: Vec<(String, String, String, bool)> = serde_json::from_str(&line)
            // The parser's own words could repeat a secret.
            .map_err(|_| io::Error::other("its first line is not what a demo says"))?;
        let links = links.into_iter();
        let links = links.map(|(code, token, name, owner)| SignInLink {
            code: code.into(),
            token: token.into(),
            name,
            owner,
        });
        config.access.sign_in_links = links.collect();
        let (holder, gone) = oneshot::channel();
        let waits = move || {
            // However it ends: dropped, this says that the holder is gone.
            let _holder = holder;
            let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        };
        let named = std::thread::Builder::new().name("holder".to_owned());
        named.spawn(waits)?;
        Ok(Self(gone))
    }

    /// Waits for that.
    pub(super) async fn until_let_go(self) {
        let _ = self.0.await;
    }
}
