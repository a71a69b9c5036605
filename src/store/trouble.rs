//! Why a database cannot be used, in a sentence of its own, and how to mend it.

/// What `serve`, `migrate`, `doctor` and every other command say alike. Holds no password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fact}; {mend}")]
pub struct Trouble {
    /// What is wrong.
    pub fact: String,
    /// How to mend it.
    pub mend: String,
}

impl Trouble {
    pub(super) fn new(fact: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            fact: fact.into(),
            mend: mend.into(),
        }
    }
}
