//! Figures of many rounds: the median says how it is, the spread how sure that is.

/// The same figure, measured again and again.
#[derive(Default)]
pub struct Figures(Vec<f64>);

impl Figures {
    pub fn add(&mut self, figure: f64) {
        self.0.push(figure);
    }

    /// Each of these over its neighbour of the same round.
    pub fn over(&self, others: &Self) -> Self {
        let pairs = self.0.iter().zip(&others.0);
        Self(pairs.map(|(one, other)| one / other).collect())
    }

    pub fn median(&self) -> f64 {
        self.at(0.5)
    }

    /// The least and the most.
    pub fn spread(&self) -> (f64, f64) {
        (self.at(0.0), self.at(1.0))
    }

    /// What that share of them is below.
    pub fn at(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().checked_sub(1).expect("a figure");
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss
        )]
        let place = (last as f64 * share).round() as usize;
        sorted[place]
    }
}

/// What a figure should be.
#[derive(Clone, Copy)]
pub enum Target {
    AtMost(f64),
    AtLeast(f64),
    /// To be known, whatever it is.
    None,
}

impl Target {
    /// The target and whether it was met, in words.
    pub fn judge(self, figure: f64) -> String {
        let (met, words) = match self {
            Self::AtMost(most) => (figure <= most, format!("at most {most}")),
            Self::AtLeast(least) => (figure >= least, format!("at least {least}")),
            Self::None => return "no target".into(),
        };
        let verdict = if met { "met" } else { "MISSED" };
        format!("target {words}: {verdict}")
    }
}

/// Prints a ratio with its spread.
pub fn tell_ratio(what: &str, details: &str, ratio: &Figures, target: Target) {
    let (least, most) = ratio.spread();
    let median = ratio.median();
    let verdict = target.judge(median);
    println!("{what}: ratio {median:.2} ({least:.2} to {most:.2}), {verdict}; {details}");
}
