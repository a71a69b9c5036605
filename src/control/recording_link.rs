//! Somebody wants to listen to a recording: the carrier gives a link for some minutes.

use super::{Control, ControlError};
use crate::carriers::{self, RecordingLink};
use crate::domain::{Call, Recording};

const NOT_READY: &str = "The recording is not ready yet; try again in a moment";

impl Control {
    /// A fresh link to a recording of this call.
    ///
    /// # Errors
    /// When the carrier does not have it, has it not ready, or failed.
    pub async fn recording(
        &self,
        call: Call,
        recording: Recording,
    ) -> Result<RecordingLink, ControlError> {
        let control = self.clone();
        self.see_through(async move {
            let found = control.find_recording(&call, &recording).await?;
            let found = found.ok_or(ControlError::NoRecording)?;
            match found.link {
                Some(link) if found.is_completed => Ok(link),
                _ => Err(ControlError::Conflict(NOT_READY)),
            }
        })
        .await
    }

    async fn find_recording(
        &self,
        call: &Call,
        recording: &Recording,
    ) -> Result<Option<carriers::Recording>, ControlError> {
        let account = self.account(call.agency_id, call.handle.carrier)?;
        let failed = |error| ControlError::of_carrier(&error, "Try again soon");
        let Some((leg_id, started_at)) = recording.made_up_id() else {
            let found = account.recording(&recording.id).await;
            return found.map_err(failed);
        };
        // The webhook gave no id, so the leg is asked for the one that began then.
        let of_leg = account.recordings_of_leg(leg_id).await;
        let of_leg = of_leg.map_err(failed)?;
        let only = of_leg.len() == 1;
        Ok(of_leg
            .into_iter()
            .find(|found| only || found.started_at == Some(started_at)))
    }
}
