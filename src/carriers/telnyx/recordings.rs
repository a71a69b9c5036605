//! Recordings and the short-lived links to them.

use super::{Account, Telnyx};
use crate::carriers::{CarrierError, Recording, RecordingLink};
use crate::domain::Timestamp;
use url::Url;

/// How long a link is taken to be good that does not say it, in seconds.
const USUAL_LIFE_S: i64 = 600;
/// Most recordings of one leg that are asked for; the most that Telnyx gives at once.
const MOST: &str = "250";

#[derive(serde::Deserialize)]
struct Told {
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    recording_started_at: Option<String>,
    #[serde(default)]
    download_urls: Option<Links>,
}

#[derive(serde::Deserialize)]
struct Links {
    #[serde(default)]
    mp3: Option<String>,
    #[serde(default)]
    wav: Option<String>,
}

impl Telnyx {
    /// A recording with a fresh link. `None`: there is no such recording (any more).
    ///
    /// # Errors
    /// When Telnyx refuses or does not answer.
    pub async fn recording(
        &self,
        account: &Account,
        id: &str,
    ) -> Result<Option<Recording>, CarrierError> {
        let request = self.get(&["recordings", id]);
        let told = self.read_if_known::<Told>(account, "recording", request);
        let told = told.await?;
        let now = self.client.clock().now();
        Ok(told.map(|told| told.recording(now)))
    }

    /// The recordings of a leg, by its `call_leg_id`; those that are being made are not among them.
    ///
    /// # Errors
    /// When Telnyx refuses or does not answer.
    pub async fn recordings_of_leg(
        &self,
        account: &Account,
        call_leg_id: &str,
    ) -> Result<Vec<Recording>, CarrierError> {
        let request = self
            .get(&["recordings"])
            .query("filter[call_leg_id]", call_leg_id)
            .query("page[size]", MOST);
        let told = self.read_if_known::<Vec<Told>>(account, "recordings_of_leg", request);
        let told = told.await?.unwrap_or_default();
        let now = self.client.clock().now();
        Ok(told.into_iter().map(|told| told.recording(now)).collect())
    }
}

impl Told {
    fn recording(self, now: Timestamp) -> Recording {
        let links = self.download_urls.map(|links| [links.mp3, links.wav]);
        let mut links = links.into_iter().flatten().flatten();
        let started_at = self.recording_started_at.as_deref();
        Recording {
            started_at: started_at.and_then(Timestamp::parse),
            is_completed: self.status.as_deref() == Some("completed"),
            link: links.find_map(|link| link_of(link, now)),
        }
    }
}

fn link_of(link: String, now: Timestamp) -> Option<RecordingLink> {
    let url = Url::parse(&link).ok()?;
    if url.scheme() != "https" || url.host_str().is_none() {
        return None;
    }
    Some(RecordingLink {
        expires_at: signed_end(&url).unwrap_or_else(|| now.plus_seconds(USUAL_LIFE_S)),
        url: link.into(),
    })
}

/// The end of a link's life as S3 signs it: `X-Amz-Date` and `X-Amz-Expires`, in seconds.
fn signed_end(url: &Url) -> Option<Timestamp> {
    let value = |name: &str| {
        let mut pairs = url.query_pairs();
        pairs.find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
    };
    let signed_at = Timestamp::parse(&value("X-Amz-Date")?)?;
    let life_s: u32 = value("X-Amz-Expires")?.parse().ok()?;
    Some(signed_at.plus_seconds(i64::from(life_s)))
}
