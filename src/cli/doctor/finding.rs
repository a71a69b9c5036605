//! What the doctor says: one line for each thing, with how to mend what is not right.

use crate::cli::words::{line, plain};
use crate::cli::{CliError, Out};

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// As it should be.
    Right,
    /// It may disappoint, or cannot be known from here.
    Doubtful,
    /// It does not work.
    Wrong,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) mark: Mark,
    about: String,
    fact: String,
    mend: Option<String>,
}

/// Lines about one thing, in the order in which they were found.
#[derive(Debug)]
pub(super) struct Findings {
    about: String,
    found: Vec<Finding>,
}

impl Findings {
    /// None yet. `about` begins each line.
    pub(super) fn about(about: impl Into<String>) -> Self {
        Self {
            about: about.into(),
            found: Vec::new(),
        }
    }

    /// Whether nothing was found so far.
    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// This is as it should be.
    pub(super) fn right(&mut self, fact: impl Into<String>) {
        self.add(Mark::Right, fact.into(), None);
    }

    /// This may disappoint.
    pub(super) fn doubtful(&mut self, fact: impl Into<String>, mend: impl Into<String>) {
        self.add(Mark::Doubtful, fact.into(), Some(mend.into()));
    }

    /// This does not work.
    pub(super) fn wrong(&mut self, fact: impl Into<String>, mend: impl Into<String>) {
        self.add(Mark::Wrong, fact.into(), Some(mend.into()));
    }

    /// All that was found elsewhere.
    pub(super) fn extend(&mut self, other: Self) {
        self.found.extend(other.found);
    }

    fn add(&mut self, mark: Mark, fact: String, mend: Option<String>) {
        self.found.push(Finding {
            mark,
            about: self.about.clone(),
            fact,
            mend,
        });
    }
}

impl IntoIterator for Findings {
    type Item = Finding;
    type IntoIter = std::vec::IntoIter<Finding>;

    fn into_iter(self) -> Self::IntoIter {
        self.found.into_iter()
    }
}

impl Mark {
    const fn word(self) -> &'static str {
        match self {
            Self::Right => "ok",
            Self::Doubtful => "warning",
            Self::Wrong => "wrong",
        }
    }
}

impl Finding {
    /// Prints it on one line, whatever strangers chose as names.
    pub(super) fn print(&self, out: Out<'_>) -> Result<(), CliError> {
        let mark = self.mark.word();
        let mut text = format!("{mark:<9}{}: {}", self.about, self.fact);
        if let Some(mend) = &self.mend {
            text += "; to mend it: ";
            text += mend;
        }
        line(out, &plain(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::Findings;
    use crate::cli::testing::said;

    #[test]
    fn each_finding_is_one_line_that_cannot_steer_the_terminal() {
        let mut findings = Findings::about("Ac\nme");
        findings.right("all is well");
        findings.doubtful("perhaps", "look");
        findings.wrong("no", "try \u{1b}[2J");
        let mut out = Vec::new();
        for finding in findings {
            finding.print(&mut out).unwrap();
        }
        assert_eq!(
            said(&mut out),
            "ok       Ac\\nme: all is well\n\
             warning  Ac\\nme: perhaps; to mend it: look\n\
             wrong    Ac\\nme: no; to mend it: try \\u{1b}[2J\n"
        );
    }
}
