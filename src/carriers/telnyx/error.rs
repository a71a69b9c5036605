//! Why Telnyx did not do it.

use crate::carriers::{About, CarrierError};
use crate::domain::Carrier;
use crate::providers::client::{Account, Asked};
use crate::providers::http::Answer;
use crate::providers::words::{fit_to_show, plain};
use serde_json::Value;

const TELNYX: Carrier = Carrier::Telnyx;

/// The first of the errors in a body, as far as it can be read.
#[derive(Default)]
struct Told {
    code: Option<String>,
    words: Vec<String>,
}

/// Telnyx's words for what is no success.
pub(super) fn failure(asked: Asked, account: &Account) -> CarrierError {
    match asked {
        Asked::CircuitOpen(open) => CarrierError::CircuitOpen {
            carrier: TELNYX,
            retry_after_s: open.retry_after_s,
        },
        Asked::NoAnswer(error) => CarrierError::Failed {
            in_doubt: error.in_doubt(),
            sentence: format!("Telnyx: {error}"),
        },
        Asked::Answered(answer) => read(&answer, account),
    }
}

/// Reads an answer that is no success. The status comes first: Telnyx uses 10011 for too many
/// requests (429) and for something else (422).
fn read(answer: &Answer, account: &Account) -> CarrierError {
    let told = Told::read(&answer.body, account);
    let status = answer.status;
    if !answer.is_refusal() {
        let what = match status {
            429 => "Telnyx has had too many requests".to_owned(),
            _ => format!("Telnyx failed ({status})"),
        };
        return CarrierError::Failed {
            sentence: told.after(what),
            in_doubt: answer.in_doubt,
        };
    }
    match (status, told.code.as_deref()) {
        (422, Some("90018")) => CarrierError::Ended(TELNYX),
        (422, Some("90034")) => CarrierError::NotAnswered(TELNYX),
        (422, Some("90020")) => CarrierError::TooEarly(TELNYX),
        (status, code) => CarrierError::Refused {
            carrier: TELNYX,
            status,
            about: about(status, code),
            sentence: told.sentence(),
        },
    }
}

/// A leg is not known any more ten minutes after its end. A number is refused that is not E.164
/// (10016), or not ours to show (D35, D51).
fn about(status: u16, code: Option<&str>) -> About {
    match (status, code) {
        // First: it comes as 403 too, which else is about the key.
        (_, Some("10016" | "D35" | "D51")) => About::ShownNumber,
        (404, _) => About::Unknown,
        (401 | 403, _) => About::Key,
        _ => About::Else,
    }
}

/// A success that does not say what was asked for.
pub(super) fn nonsense() -> CarrierError {
    CarrierError::Failed {
        sentence: "Telnyx answered something unexpected".to_owned(),
        in_doubt: false,
    }
}

impl Told {
    /// Codes come as text and as numbers, and what stands between us and Telnyx answers in
    /// whatever it speaks.
    fn read(body: &[u8], account: &Account) -> Self {
        let fit = |text: &str| account.fit_to_show(text);
        let Ok(body) = serde_json::from_slice::<Value>(body) else {
            let words = plain(body).unwrap_or_default();
            return Self {
                code: None,
                words: vec![unstopped(&fit(&words))],
            };
        };
        let error = body.pointer("/errors/0").or_else(|| body.get("error"));
        let error = error.unwrap_or(&body);
        let code = match error.get("code") {
            Some(Value::String(code)) => Some(fit(code)),
            Some(Value::Number(code)) => Some(code.to_string()),
            _ => None,
        };
        let of = |name| error.get(name).and_then(Value::as_str);
        let named = [of("title"), of("detail"), of("message"), error.as_str()];
        let words = named
            .into_iter()
            .flatten()
            .map(|word| unstopped(&fit(word)));
        let words = words.collect();
        Self { code, words }
    }

    /// Their reason, without the full stop that whoever puts it into a sentence adds.
    fn sentence(&self) -> String {
        let mut words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        words.retain(|word| !word.is_empty());
        words.dedup();
        let reason = fit_to_show(&words.join(": "), &[]);
        match (&self.code, reason.is_empty()) {
            (Some(code), true) => format!("code {code}, without a reason"),
            (None, true) => "without a reason".to_owned(),
            (_, false) => reason,
        }
    }

    fn after(&self, what: String) -> String {
        if self.words.iter().all(String::is_empty) {
            return what;
        }
        format!("{what}: {}", self.sentence())
    }
}

fn unstopped(words: &str) -> String {
    words.trim_end_matches(['.', ' ']).to_owned()
}
