//! Another encryption key, without another look at a value: only the agencies' data keys are
//! wrapped again, each in a statement of its own. A rotation that is cut off leaves some agencies
//! with the new key and some with the former one, both readable as long as both are listed, and
//! the next rotation does the rest.

use super::{Vault, VaultError};
use crate::agencies::seal::{SealError, WrappedKey};
use crate::domain::{Agency, AgencyId};
use crate::store::StoreError;

/// A rotation under way. It goes on when asked for the next agency.
pub struct Rotation {
    vault: Vault,
    left: std::vec::IntoIter<(Agency, WrappedKey)>,
    all: usize,
    done: usize,
}

/// What became of one agency's data key.
#[derive(Debug)]
pub struct Rotated {
    pub agency: Agency,
    /// Which of `all` it is, from 1.
    pub position: usize,
    /// How many agencies have a data key.
    pub all: usize,
    /// Whether it was wrapped again (`true`) or had been before; or why it could not be.
    pub outcome: Result<bool, SealError>,
}

impl Vault {
    /// Begins to wrap every agency's data key with the first key of the settings.
    ///
    /// # Errors
    /// When there is no key, or the database is away.
    pub async fn rotate(&self) -> Result<Rotation, VaultError> {
        self.ring()?;
        let agencies = self.store.agencies().await?.into_iter();
        let wrapped = agencies.filter_map(|held| Some((held.agency, WrappedKey(held.data_key?))));
        let left: Vec<_> = wrapped.collect();
        Ok(Rotation {
            vault: self.clone(),
            all: left.len(),
            left: left.into_iter(),
            done: 0,
        })
    }

    async fn rewrap(
        &self,
        agency: AgencyId,
        wrapped: WrappedKey,
    ) -> Result<Result<bool, SealError>, StoreError> {
        let Some(ring) = self.keyring() else {
            return Ok(Err(SealError::NoKey));
        };
        match ring.is_current(&wrapped) {
            Ok(false) => {}
            done => return Ok(done.map(|_| false)),
        }
        match ring.rewrap(agency, &wrapped) {
            // Not there any more: another rotation was quicker, and it has the same key.
            Ok(anew) => Ok(Ok(self
                .store
                .rewrap_data_key(agency, wrapped.0, anew.0)
                .await?)),
            Err(error) => Ok(Err(error)),
        }
    }
}

impl Rotation {
    /// Does the next agency; `None` at the end.
    ///
    /// # Errors
    /// When the database is away; what was done stays done.
    pub async fn next(&mut self) -> Result<Option<Rotated>, VaultError> {
        let Some((agency, wrapped)) = self.left.next() else {
            return Ok(None);
        };
        let outcome = self.vault.rewrap(agency.id, wrapped).await?;
        self.done += 1;
        Ok(Some(Rotated {
            agency,
            position: self.done,
            all: self.all,
            outcome,
        }))
    }
}
