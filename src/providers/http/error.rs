//! Why there is no answer.

/// Why a request has no answer. No text of it holds a key, a path or a body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// It cannot even be written; definitely not done.
    #[error("the request cannot be sent: {0}")]
    Unsendable(&'static str),
    /// No connection came about, in any try; definitely not done.
    #[error("{host} cannot be reached: {why}")]
    Unreachable {
        /// Who was asked.
        host: String,
        /// What the network said.
        why: String,
    },
    /// It may have been done or not.
    #[error("{host} {how}")]
    Unknown {
        /// Who was asked.
        host: String,
        /// How the last try ended.
        how: Broken,
    },
}

/// How a try ended that leaves open whether the request was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// No answer in time.
    #[error("did not answer in time")]
    TimedOut,
    /// The connection ended before the answer did, or could not be made again.
    #[error("lost the connection before it had answered")]
    Lost,
    /// The answer was a success, but not JSON, or longer than what is read.
    #[error("answered something that cannot be read")]
    Garbage,
}

impl HttpError {
    /// Whether the request may have been carried out.
    #[must_use]
    pub fn in_doubt(&self) -> bool {
        matches!(self, Self::Unknown { .. })
    }

    /// Whether trying again may help.
    pub(super) fn is_passing(&self) -> bool {
        !matches!(self, Self::Unsendable(_))
    }

    pub(super) fn of(error: reqwest::Error, host: &str) -> Self {
        let host = host.to_owned();
        if error.is_builder() {
            return Self::Unsendable("the request is not well-formed");
        }
        // First: a time-out of connecting is both, and then nothing has been sent.
        if error.is_connect() {
            let why = deepest(&error.without_url());
            return Self::Unreachable { host, why };
        }
        let how = if error.is_timeout() {
            Broken::TimedOut
        } else {
            Broken::Lost
        };
        Self::Unknown { host, how }
    }

    /// The same, told after an earlier try that may have been carried out.
    pub(super) fn after_doubt(self) -> Self {
        match self {
            Self::Unreachable { host, .. } => Self::Unknown {
                host,
                how: Broken::Lost,
            },
            other => other,
        }
    }
}

/// The first cause, which says most in fewest words.
fn deepest(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
