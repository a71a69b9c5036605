//! Why Telnyx did not do it.

use crate::providers::client::{Account, Asked};
use crate::providers::http::Answer;
use crate::providers::words::{fit_to_show, plain};
use serde_json::Value;

/// Why a command was not carried out, or a question not answered. The texts hold no key and no
/// telephone number, and may be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// The call is over (422, 90018).
    #[error("Telnyx says that the call has ended")]
    Ended,
    /// The leg must be answered first (422, 90034).
    #[error("Telnyx says that the call has not been answered yet")]
    NotAnswered,
    /// There is no sound to record yet (422, 90020).
    #[error("Telnyx cannot record yet: the call has no sound so far")]
    TooEarly,
    /// Refused for another reason; asking again will not help.
    #[error("Telnyx refused ({status}): {sentence}")]
    Refused {
        /// The HTTP status, 4xx.
        status: u16,
        /// Telnyx's code for the reason, if it gave one.
        code: Option<String>,
        /// Its reason in words.
        sentence: String,
    },
    /// No answer, or none that settles it: 5xx, 408, 425, 429, nonsense.
    #[error("{sentence}")]
    Failed {
        /// What happened.
        sentence: String,
        /// Whether the command may have been carried out all the same.
        in_doubt: bool,
    },
    /// Not sent: Telnyx has not been answering for this agency.
    #[error("Telnyx has not been answering; it is asked again in {retry_after_s} s")]
    CircuitOpen {
        /// When to come again, in seconds.
        retry_after_s: u64,
    },
}

/// The first of the errors in a body, as far as it can be read.
#[derive(Default)]
struct Told {
    code: Option<String>,
    words: Vec<String>,
}

impl CommandError {
    /// Whether this is Telnyx's own and final word on the command: another try needs another
    /// `command_id`.
    #[must_use]
    pub fn is_definite(&self) -> bool {
        match self {
            Self::Ended | Self::NotAnswered | Self::TooEarly | Self::Refused { .. } => true,
            Self::Failed { .. } | Self::CircuitOpen { .. } => false,
        }
    }

    /// Whether Telnyx says that the leg is over: it has ended, or is not known, as any leg ten
    /// minutes after its end.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Ended | Self::Refused { status: 404, .. })
    }

    /// Whether it is the key that Telnyx does not accept.
    #[must_use]
    pub fn is_about_key(&self) -> bool {
        matches!(
            self,
            Self::Refused {
                status: 401 | 403,
                ..
            }
        )
    }

    /// Whether the number that the called one was to see is what Telnyx refused: it is not E.164
    /// (10016), or not ours to show (D35, D51).
    #[must_use]
    pub fn is_about_from(&self) -> bool {
        let Self::Refused {
            code: Some(code), ..
        } = self
        else {
            return false;
        };
        matches!(code.as_str(), "10016" | "D35" | "D51")
    }

    /// Whether the command may have been carried out.
    #[must_use]
    pub fn in_doubt(&self) -> bool {
        matches!(self, Self::Failed { in_doubt: true, .. })
    }

    /// Telnyx's words for what is no success.
    pub(super) fn of(asked: Asked, account: &Account) -> Self {
        match asked {
            Asked::CircuitOpen(open) => Self::CircuitOpen {
                retry_after_s: open.retry_after_s,
            },
            Asked::NoAnswer(error) => Self::Failed {
                in_doubt: error.in_doubt(),
                sentence: format!("Telnyx: {error}"),
            },
            Asked::Answered(answer) => Self::read(&answer, account),
        }
    }

    /// Reads an answer that is no success. The status comes first: Telnyx uses 10011 for too many
    /// requests (429) and for something else (422).
    fn read(answer: &Answer, account: &Account) -> Self {
        let told = Told::read(&answer.body, account);
        let status = answer.status;
        if !answer.is_refusal() {
            let what = match status {
                429 => "Telnyx has had too many requests".to_owned(),
                _ => format!("Telnyx failed ({status})"),
            };
            return Self::Failed {
                sentence: told.after(what),
                in_doubt: answer.in_doubt,
            };
        }
        match (status, told.code.as_deref()) {
            (422, Some("90018")) => Self::Ended,
            (422, Some("90034")) => Self::NotAnswered,
            (422, Some("90020")) => Self::TooEarly,
            _ => Self::Refused {
                status,
                sentence: told.sentence(),
                code: told.code,
            },
        }
    }

    /// A success that does not say what was asked for.
    pub(super) fn nonsense() -> Self {
        Self::Failed {
            sentence: "Telnyx answered something unexpected".to_owned(),
            in_doubt: false,
        }
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
