//! What the demo plays on: a server in this process, or several in processes of their own.

use super::keys::Keys;
use super::nodes::Nodes;
use crate::app::App;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Whatever serves.
pub(super) enum Served {
    /// A server of this process.
    Here(Box<App>),
    /// Nodes that nobody looks after.
    Nodes(Nodes),
    /// Nodes that are brought back when they die, until the curtain.
    Kept(JoinHandle<Nodes>),
}

impl Served {
    /// Has nodes looked after until `curtain`.
    pub(super) fn kept(
        self,
        keys: Option<Keys>,
        notes: mpsc::Sender<String>,
        curtain: CancellationToken,
    ) -> Self {
        match self {
            Self::Nodes(nodes) => Self::Kept(tokio::spawn(nodes.keep(keys, notes, curtain))),
            served => served,
        }
    }

    /// The processes that may be killed to see what becomes of the boards.
    pub(super) fn processes(&self) -> Vec<u32> {
        match self {
            Self::Nodes(nodes) => nodes.processes(),
            Self::Here(_) | Self::Kept(_) => vec![std::process::id()],
        }
    }

    /// Drains.
    pub(super) async fn end(self) {
        match self {
            Self::Here(app) => app.drain().await,
            Self::Nodes(nodes) => nodes.end().await,
            Self::Kept(nodes) => {
                if let Ok(nodes) = nodes.await {
                    nodes.end().await;
                }
            }
        }
    }
}
