//! What happened, on its way from one node to another.

use super::Published;
use crate::domain::{AgencyId, Subject, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use uuid::Uuid;

/// An event as nodes tell each other: whole, for them to make of it what each audience may see.
/// Fields that a later version adds are passed over.
#[derive(Debug, Serialize, Deserialize)]
pub struct Told<'a> {
    agency: Uuid,
    #[serde(borrow)]
    epoch: Cow<'a, str>,
    seq: i64,
    /// In microseconds.
    at: i64,
    /// What it is of, by kind and id; none where the sender does not know that either.
    #[serde(borrow)]
    of: Option<(Cow<'a, str>, Cow<'a, str>)>,
    #[serde(borrow)]
    text: &'a RawValue,
}

impl Published {
    /// It as nodes tell each other.
    ///
    /// # Errors
    /// When its text is no JSON.
    pub fn to_wire(&self) -> Result<Told<'_>, serde_json::Error> {
        let of = |subject: Subject| (subject.kind().into(), subject.id().into());
        Ok(Told {
            agency: self.agency.0,
            epoch: Cow::Borrowed(&self.epoch),
            seq: self.seq,
            at: self.recorded_at.micros(),
            of: self.subject.map(of),
            text: serde_json::from_str(self.unmasked())?,
        })
    }

    /// What another node told.
    #[must_use]
    pub fn from_wire(told: Told<'_>) -> Self {
        Self::stored(
            AgencyId(told.agency),
            (told.epoch.into_owned(), told.seq),
            Timestamp::from_micros(told.at),
            told.of.and_then(|(kind, id)| Subject::read(&kind, &id)),
            told.text.get().to_owned(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Told;
    use crate::domain::{AgencyId, CallId, Subject, Timestamp};
    use crate::view::Published;
    use uuid::Uuid;

    fn event(subject: Option<Subject>, text: &str) -> Published {
        Published::stored(
            AgencyId(Uuid::from_u128(1)),
            ("an \"epoch\"".into(), 7),
            Timestamp::from_micros(1_500_000),
            subject,
            text.into(),
        )
    }

    #[test]
    fn an_event_arrives_as_it_left_to_the_byte() {
        let call = Subject::Call(CallId(Uuid::from_u128(2)));
        let text = r#"{"type":"call.incoming",  "call":{"a":"é\u0000"}}"#;
        for subject in [Some(call), None] {
            let event = event(subject, text);
            let wire = serde_json::to_string(&event.to_wire().unwrap()).unwrap();
            let told: Told<'_> = serde_json::from_str(&wire).unwrap();
            let arrived = Published::from_wire(told);
            assert_eq!(arrived.unmasked(), text);
            assert_eq!(arrived.subject, subject);
            assert_eq!((arrived.agency, arrived.seq), (event.agency, 7));
            assert_eq!(arrived.epoch, event.epoch);
            assert_eq!(arrived.recorded_at, event.recorded_at);
        }
    }

    #[test]
    fn what_only_a_newer_version_knows_is_passed_over() {
        let wire = r#"{"agency":"00000000-0000-0000-0000-000000000001","epoch":"e","seq":1,"at":0,
            "of":["conference","x"],"text":{},"more":[1]}"#;
        let told: Told<'_> = serde_json::from_str(wire).unwrap();
        assert_eq!(Published::from_wire(told).subject, None);
        assert!(event(None, "no JSON").to_wire().is_err());
    }
}
