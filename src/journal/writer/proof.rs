//! Seeing whether the journal could be written now, since somebody asks and nothing was committed for
//! long.

use super::Writer;
use crate::journal::pulse::Asked;
use crate::journal::rehearsal::rehearse;
use crate::store::StoreError;
use crate::store::batch::Heads;

impl Writer {
    /// Sees whether a webhook could be kept now, as somebody has asked.
    pub(super) async fn prove_itself(&self, asked: Asked) {
        let tried = self.try_to_write().await;
        self.pulse.is_tried(tried.as_ref().copied());
        let _ = asked.send(());
    }

    /// Whether the disk has room, and then whether every table takes what a call brings.
    async fn try_to_write(&self) -> Result<(), StoreError> {
        self.store.try_to_write().await?;
        let heads = self.store.all_heads().await?;
        let Some((agency, _)) = heads.first() else {
            return Ok(());
        };
        // Whoever holds the head is writing.
        rehearse(&self.store, *agency, self.clock.now(), Heads::Free).await
    }
}
