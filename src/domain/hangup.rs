//! Why a leg ended, whatever its carrier calls that.

use super::Carrier;

/// Why a leg ended. The carrier's own word is what is kept and shown; what it means is read from it
/// when it matters, so that a word that we learn later is understood of old calls too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HangupCause {
    /// The called phone was busy.
    Busy,
    /// It rang out.
    NoAnswer,
    /// It declined.
    Rejected,
    /// Whoever called gave up before the answer.
    Cancelled,
    /// One side hung up.
    Normal,
    /// The network could not do it.
    Failed,
    /// The carrier gave no word, or one that is not known here.
    Other,
}

impl HangupCause {
    /// What a carrier's word means. The words are open lists at every carrier.
    #[must_use]
    pub fn of(carrier: Carrier, word: Option<&str>) -> Self {
        let Some(word) = word else {
            return Self::Other;
        };
        match carrier {
            Carrier::Telnyx => Self::of_telnyx(word),
        }
    }

    fn of_telnyx(word: &str) -> Self {
        match word {
            "user_busy" => Self::Busy,
            "no_answer" | "timeout" => Self::NoAnswer,
            "call_rejected" => Self::Rejected,
            "originator_cancel" => Self::Cancelled,
            "normal_clearing" => Self::Normal,
            "not_found" | "unspecified" => Self::Failed,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::HangupCause;
    use crate::domain::Carrier;

    #[test]
    fn a_word_that_nobody_told_us_of_means_something_else() {
        for word in [None, Some("time_limit"), Some(""), Some("USER_BUSY")] {
            assert_eq!(HangupCause::of(Carrier::Telnyx, word), HangupCause::Other);
        }
    }
}
