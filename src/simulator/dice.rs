//! Chance that comes out the same again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use uuid::Uuid;

/// A seeded source of chance: the SplitMix64 generator (Steele, Lea and Flood 2014).
///
/// Its own few lines rather than `rand`'s `StdRng`, whose sequence may change with every release:
/// a seed named in a bug report should still mean the same calls next year. Its state is one
/// number that only ever has a constant added, so it can be rolled from several tasks at once.
/// Fit for simulations only, never for secrets.
#[derive(Debug)]
pub struct Dice(AtomicU64);

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Dice {
    /// Dice that roll the same numbers for the same seed, on every machine and in every version.
    #[must_use]
    pub const fn seeded(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// Dice that nobody can foretell.
    #[must_use]
    pub fn by_chance() -> Self {
        Self::seeded(rand::random())
    }

    /// Dice of their own for a part of the work, so that what one part rolls does not depend on
    /// how far another has come.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self::seeded(self.roll())
    }

    /// The next number.
    pub fn roll(&self) -> u64 {
        let state = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, and without, `limit`; 0 when the limit is 0.
    pub fn below(&self, limit: u64) -> u64 {
        let wide = u128::from(self.roll()) * u128::from(limit);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// True this many times out of a hundred.
    pub fn percent(&self, chance: u8) -> bool {
        self.below(100) < u64::from(chance)
    }

    /// A length of time between the two, both included, to the microsecond.
    pub fn between(&self, shortest: Duration, longest: Duration) -> Duration {
        let room = longest.saturating_sub(shortest).as_micros();
        let room = u64::try_from(room).unwrap_or(u64::MAX);
        shortest + Duration::from_micros(self.below(room.saturating_add(1)))
    }

    /// A UUID of version 4.
    pub fn uuid(&self) -> Uuid {
        let bits = (u128::from(self.roll()) << 64) | u128::from(self.roll());
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
    }

    /// A text of so many characters of the URL-safe Base64 alphabet.
    pub fn url_safe(&self, characters: usize) -> String {
        const ALPHABET: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        (0..characters)
            .filter_map(|_| ALPHABET.get(usize::try_from(self.below(64)).ok()?))
            .map(|&byte| char::from(byte))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn the_sequence_of_a_seed_is_the_published_one() {
        // The reference implementation's first numbers for the seed 1234567.
        let dice = Dice::seeded(1_234_567);
        let rolled: Vec<u64> = (0..3).map(|_| dice.roll()).collect();
        assert_eq!(
            rolled,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn a_percentage_is_kept_to() {
        let dice = Dice::seeded(7);
        let hits = (0..10_000).filter(|_| dice.percent(20)).count();
        assert!((1_850..2_150).contains(&hits), "{hits}");
        assert!((0..1_000).all(|_| !dice.percent(0)));
        assert!((0..1_000).all(|_| dice.percent(100)));
    }

    #[test]
    fn ids_have_their_shape_and_do_not_repeat() {
        let dice = Dice::seeded(1);
        assert_eq!(dice.url_safe(54).len(), 54);
        assert_eq!(dice.uuid().get_version_num(), 4);
        assert_ne!(dice.uuid(), dice.uuid());
        assert_ne!(dice.fork().uuid(), dice.fork().uuid());
    }
}
