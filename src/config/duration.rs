//! Lengths of time as people write them.

use super::error::quoted;
use std::time::Duration;

const LONGEST: Duration = Duration::from_secs(3650 * 86_400);

/// The text that is no length of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a whole number and a unit, from 1s to 3650d, found {0}; write 90s, 30m, 1h or 2d"
)]
pub struct DurationError(String);

/// Reads `90s`, `30m`, `1h` or `2d`.
///
/// # Errors
/// Without a unit, and for nothing or for more than ten years.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    seconds(text.trim())
        .map(Duration::from_secs)
        .filter(|duration| !duration.is_zero() && *duration <= LONGEST)
        .ok_or_else(|| DurationError(quoted(text)))
}

fn seconds(text: &str) -> Option<u64> {
    const UNITS: [(char, u64); 4] = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400)];
    let (digits, unit) = UNITS
        .iter()
        .find_map(|(letter, unit)| Some((text.strip_suffix(*letter)?, unit)))?;
    let number: u64 = digits.parse().ok()?;
    number.checked_mul(*unit)
}

#[cfg(test)]
mod tests {
    use super::parse_duration;

    #[test]
    fn a_length_of_time_has_a_unit() {
        for (text, seconds) in [
            ("90s", 90),
            ("30m", 1_800),
            ("1h", 3_600),
            (" 2d ", 172_800),
        ] {
            assert_eq!(parse_duration(text).unwrap().as_secs(), seconds);
        }
        for text in [
            "",
            "90",
            "h",
            "1.5h",
            "-1h",
            "0s",
            "1 week",
            "3651d",
            "99999999999999999999d",
            "18446744073709551615d",
        ] {
            let said = parse_duration(text).unwrap_err().to_string();
            assert!(said.contains("write 90s, 30m, 1h or 2d"), "{said}");
        }
    }
}
