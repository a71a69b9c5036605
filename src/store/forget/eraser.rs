//! What is taken out of each kind of row. Pure: what it makes of a webhook's body, of a leg's facts
//! and of a call's row is the same, so that `verify` finds them to agree afterwards.

use super::ordered::Ordered;
use super::rows::{CallTexts, ClaimTexts, EventTexts, LegTexts, LogTexts, WebhookTexts};
use super::words::{ERASED, WITHHELD, is_address_of, replaced, without_number};
use crate::domain::UserId;
use crate::store::{Named, NumberFilter};
use std::collections::HashSet;
use uuid::Uuid;

/// Fields in which a caller's name stands, ours and the carrier's.
const NAMES: [&str; 3] = ["caller_name", "caller_id_name", "from_display_name"];
/// What is kept of a webhook that tells of a recording: that it came.
const FORGOTTEN: &str = r#"{"data":{"event_type":"callboard.forgotten"}}"#;

/// Who is forgotten.
#[derive(Clone, Debug)]
pub enum Whom {
    /// Whoever called from this number, or was called there.
    Number(NumberFilter),
    /// One of the people who sign in.
    Person {
        id: UserId,
        /// With these names.
        names: Vec<String>,
        /// And this phone.
        sip_username: Option<String>,
    },
}

/// Takes somebody out of rows.
#[derive(Clone, Debug)]
pub struct Eraser {
    whom: Whom,
    /// The calls that came from the number, by their ids.
    pub(super) calls: HashSet<String>,
    /// Their legs.
    pub(super) legs: HashSet<Named>,
    /// Their sessions.
    pub(super) sessions: HashSet<Named>,
    /// The carrier's recordings of them.
    recordings: Vec<String>,
}

impl Eraser {
    /// One that has not seen any rows yet.
    pub(super) fn new(whom: Whom) -> Self {
        Self {
            whom,
            calls: HashSet::new(),
            legs: HashSet::new(),
            sessions: HashSet::new(),
            recordings: Vec::new(),
        }
    }

    /// The number that is forgotten.
    pub(super) fn number(&self) -> Option<&NumberFilter> {
        match &self.whom {
            Whom::Number(number) => Some(number),
            Whom::Person { .. } => None,
        }
    }

    /// The carrier's recordings that nothing here will name any more.
    #[must_use]
    pub fn recordings(&self) -> &[String] {
        &self.recordings
    }

    /// Remembers a call of which the caller is forgotten.
    pub(super) fn sees_call(&mut self, row: &CallTexts) {
        let from = row.from_number.as_deref();
        if from.is_none_or(|from| self.text(from).is_none()) || self.number().is_none() {
            return;
        }
        self.calls.insert(row.id.clone());
        self.sees(&row.carrier, &row.call_control_id, &row.call_session_id);
        let recordings = serde_json::from_str(&row.recordings).unwrap_or(Ordered::Null);
        if let Ordered::List(recordings) = recordings {
            let ids = recordings.iter().filter_map(|one| one.field("id")?.text());
            self.recordings.extend(ids.map(str::to_owned));
        }
    }

    /// Remembers a leg from the number that is forgotten.
    pub(super) fn sees_leg(&mut self, row: &LegTexts) {
        let facts: Ordered = serde_json::from_str(&row.facts).unwrap_or(Ordered::Null);
        let from = facts.field("from").and_then(|from| from.field("value"));
        let from = from.and_then(Ordered::text);
        if self.number().is_some() && from.is_some_and(|from| self.text(from).is_some()) {
            self.sees(&row.carrier, &row.call_control_id, &row.call_session_id);
        }
    }

    fn sees(&mut self, carrier: &str, handle: &str, session: &Option<String>) {
        self.legs.insert(named(carrier, handle));
        let session = session.as_deref();
        self.sessions
            .extend(session.map(|session| named(carrier, session)));
    }

    /// Each returns whether anything was taken out.
    pub(in crate::store) fn call(&self, row: &mut CallTexts) -> bool {
        let before = row.clone();
        self.optional([
            &mut row.from_number,
            &mut row.to_number,
            &mut row.caller_name,
        ]);
        if self.calls.contains(&row.id) {
            row.caller_name = None;
            row.recordings = "[]".to_owned();
        }
        if self.person(&mut row.answered_by) {
            row.answered_by_name = None;
        }
        if let Some(participants) = &mut row.participants {
            self.json(participants, false);
        }
        *row != before
    }

    pub(in crate::store) fn claim(&self, row: &mut ClaimTexts) -> bool {
        let mut user = Some(row.user_id.clone());
        let is_theirs = self.person(&mut user);
        if is_theirs {
            row.user_id = user.unwrap_or_default();
            row.user_name = None;
        }
        is_theirs
    }

    pub(in crate::store) fn leg(&self, row: &mut LegTexts) -> bool {
        let (handle, session) = (&row.call_control_id, row.call_session_id.as_deref());
        let is_theirs = self.is_leg(&row.carrier, Some(handle), session);
        self.json(&mut row.facts, is_theirs)
    }

    pub(in crate::store) fn event(&self, row: &mut EventTexts) -> bool {
        let is_theirs = self.calls.contains(&row.call_id);
        let is_of_them = self.person(&mut row.subject_id);
        if is_of_them {
            row.call_id = Uuid::nil().to_string();
        }
        self.json(&mut row.event, is_theirs) | is_of_them
    }

    pub(in crate::store) fn webhook(&self, row: &mut WebhookTexts) -> bool {
        let Ok(body) = serde_json::from_str::<Ordered>(&row.body) else {
            let erased = self.text(&row.body);
            let any = erased.is_some();
            row.body = erased.unwrap_or_else(|| std::mem::take(&mut row.body));
            return any;
        };
        // A flat body has no `data` around it.
        let data = body.field("data").unwrap_or(&body);
        let session = data
            .field("payload")
            .and_then(|payload| payload.field("call_session_id"));
        let session = session.and_then(Ordered::text);
        let is_theirs = self.is_leg(&row.carrier, row.call_control_id.as_deref(), session);
        if is_theirs && row.event_type == "call.recording.saved" {
            let any = row.body != FORGOTTEN;
            row.body = FORGOTTEN.to_owned();
            return any;
        }
        self.json(&mut row.body, is_theirs)
    }

    pub(in crate::store) fn log(&self, row: &mut LogTexts) -> bool {
        let before = row.clone();
        self.optional([
            &mut row.phone_number,
            &mut row.from_number,
            &mut row.to_number,
            &mut row.caller_name,
            &mut row.prospect_name,
            &mut row.notes,
            &mut row.outcome,
            &mut row.recording_url,
        ]);
        if self.calls.contains(&row.id) {
            row.caller_name = None;
            row.prospect_name = None;
            row.notes = None;
            row.recording_url = None;
        }
        let answered = self.person(&mut row.answered_by);
        if self.person(&mut row.caller_id) | answered {
            row.answered_by_name = None;
        }
        *row != before
    }

    fn is_leg(&self, carrier: &str, handle: Option<&str>, session: Option<&str>) -> bool {
        handle.is_some_and(|handle| self.legs.contains(&named(carrier, handle)))
            || session.is_some_and(|session| self.sessions.contains(&named(carrier, session)))
    }

    fn optional<const N: usize>(&self, texts: [&mut Option<String>; N]) {
        for text in texts {
            if let Some(erased) = text.as_deref().and_then(|text| self.text(text)) {
                *text = Some(erased);
            }
        }
    }

    /// The text without whoever is forgotten; `None` when it does not speak of them.
    fn text(&self, text: &str) -> Option<String> {
        match &self.whom {
            Whom::Number(number) => without_number(text, number),
            Whom::Person {
                id,
                names,
                sip_username,
            } => {
                let id = id.to_string();
                if text.eq_ignore_ascii_case(&id) {
                    return Some(Uuid::nil().to_string());
                }
                let phone = sip_username.as_deref();
                if phone.is_some_and(|phone| is_address_of(text, phone)) {
                    return Some(WITHHELD.to_owned());
                }
                // A single name may be anybody's.
                let whole = names.iter().filter(|name| name.trim().contains(' '));
                whole.fold(None, |left, name| {
                    replaced(left.as_deref().unwrap_or(text), name).or(left)
                })
            }
        }
    }

    /// Whether that is the person; then nobody's id stands there.
    fn person(&self, user: &mut Option<String>) -> bool {
        let Whom::Person { id, .. } = &self.whom else {
            return false;
        };
        let is_theirs = user.as_deref() == Some(id.to_string().as_str());
        if is_theirs {
            *user = Some(Uuid::nil().to_string());
        }
        is_theirs
    }

    fn json(&self, text: &mut String, is_theirs: bool) -> bool {
        let Ok(mut json) = serde_json::from_str::<Ordered>(text) else {
            return false;
        };
        let before = json.clone();
        self.value(&mut json, is_theirs);
        if json == before {
            return false;
        }
        *text = serde_json::to_string(&json).unwrap_or_else(|_| ERASED.to_owned());
        true
    }

    fn value(&self, json: &mut Ordered, is_theirs: bool) {
        match json {
            Ordered::Text(text) => {
                if let Some(erased) = self.text(text) {
                    *text = erased;
                }
            }
            Ordered::List(items) => {
                for item in items {
                    self.value(item, is_theirs);
                }
            }
            Ordered::Fields(fields) => self.fields(fields, is_theirs),
            Ordered::Null | Ordered::Bool(_) | Ordered::Number(_) => {}
        }
    }

    fn fields(&self, fields: &mut [(String, Ordered)], is_theirs: bool) {
        if self.is_about_person(fields) {
            for (name, value) in &mut *fields {
                if matches!(name.as_str(), "name" | "answered_by_name") {
                    *value = Ordered::Null;
                }
            }
        }
        for (name, value) in fields {
            match name.as_str() {
                name if is_theirs && NAMES.contains(&name) => *value = Ordered::Null,
                "recordings" if is_theirs => *value = Ordered::List(Vec::new()),
                // An id may hold any digits, and is nobody's number.
                name if self.number().is_some() && is_id(name) => {}
                _ => self.value(value, is_theirs),
            }
        }
    }

    fn is_about_person(&self, fields: &[(String, Ordered)]) -> bool {
        let Whom::Person { id, .. } = &self.whom else {
            return false;
        };
        let id = id.to_string();
        fields.iter().any(|(name, value)| {
            matches!(name.as_str(), "id" | "answered_by") && value.text() == Some(&id)
        })
    }
}

fn named(carrier: &str, name: &str) -> Named {
    Named::of((name.to_owned(), carrier.to_owned()))
}

fn is_id(name: &str) -> bool {
    name == "id" || name.ends_with("_id") || name.ends_with("_at")
}
