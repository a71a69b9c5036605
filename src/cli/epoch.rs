//! `callboard epoch renew`: to be run after restoring a backup, so that boards start afresh.

use super::words::line;
use super::{CliError, Out};
use crate::store::Store;
use uuid::Uuid;

/// Gives every agency's numbering a new epoch, and prints it.
pub(super) async fn renew(store: &Store, out: Out<'_>) -> Result<(), CliError> {
    let epoch = Uuid::new_v4().to_string();
    let agencies = store.renew_epoch(epoch.clone()).await?;
    tracing::info!(agencies, "New epoch for every agency: boards start afresh");
    line(out, &epoch)
}
