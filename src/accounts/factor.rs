//! The second factor: codes of six digits by the time (TOTP, RFC 6238), each good once, and recovery
//! codes for whoever has lost the telephone.

use super::opened::Opened;
use super::proof::{Method, Proof};
use super::session::SignedIn;
use super::{AccountError, Accounts, secret};
use crate::agencies::seal::Keyring;
use crate::domain::{Timestamp, UserId};
use crate::store::{FactorRow, NewRefreshToken, Store, StoreError};
use aws_lc_rs::{hmac, rand};
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;
use zeroize::Zeroizing;

/// Seconds that a code stands for.
const STEP_S: i64 = 30;
/// How far a telephone's clock may be off, in steps.
const DRIFT: i64 = 1;
/// Bytes of a seed: as many as the hash has.
const SEED: usize = 20;
/// How many recovery codes there are.
const RECOVERY: usize = 10;
/// What seeds are sealed as.
const KIND: &str = "second factor";

/// A second factor that was just made, and is not proven yet.
pub struct Enrolled {
    pub id: Uuid,
    pub name: String,
    /// The seed in base32, to be typed.
    pub seed: SecretString,
    /// The same as an address that telephones read.
    pub uri: SecretString,
}

/// The second factor was shown.
pub struct Shown {
    pub signed_in: SignedIn,
    /// With the first one come codes for when it is lost; they are shown this once.
    pub recovery: Vec<SecretString>,
}

impl Accounts {
    /// Makes a second factor, which counts once a code of it was shown.
    ///
    /// # Errors
    /// When another one has not been shown first.
    pub async fn enrol(
        &self,
        opened: &Opened,
        name: Option<String>,
    ) -> Result<Enrolled, AccountError> {
        if opened.lacks_second_factor() {
            return Err(AccountError::SecondFactorNeeded);
        }
        let mut seed = Zeroizing::new([0_u8; SEED]);
        rand::fill(seed.as_mut_slice()).map_err(|_| AccountError::Machine("no randomness"))?;
        let id = Uuid::new_v4();
        let name: String = name.unwrap_or_default().chars().take(100).collect();
        let sealed = self
            .0
            .keyring
            .seal_own(KIND, &id.to_string(), seed.as_slice())?;
        let factor = FactorRow {
            id,
            user: opened.account.user,
            name: name.clone(),
            sealed,
            verified: false,
            last_step: 0,
            created_at: self.0.clock.now(),
        };
        self.0.store.add_factor(factor).await?;
        let text = base32(seed.as_slice());
        let account = opened.address().replace('%', "%25").replace(' ', "%20");
        let uri = format!("otpauth://totp/callboard:{account}?secret={text}&issuer=callboard");
        Ok(Enrolled {
            id,
            name,
            seed: text.into(),
            uri: uri.into(),
        })
    }

    /// Shows a code, or a recovery code, and goes on with what it proves. Whoever else is signed in
    /// without it is signed out when the first one is shown.
    ///
    /// # Errors
    /// When it is wrong, or too many were tried.
    pub async fn show(
        &self,
        opened: Opened,
        factor: Uuid,
        code: &SecretString,
    ) -> Result<Shown, AccountError> {
        let held = opened.factors.iter().find(|held| held.id == factor);
        let held = held.ok_or(AccountError::NoFactor)?.clone();
        let (user, now) = (opened.account.user, self.0.clock.now());
        self.is_good(user, &held, code).await?;
        let recovery = match held.verified {
            true => Vec::new(),
            false => self.prove(&opened, factor).await?,
        };
        let mut proofs = opened.proofs.clone();
        proofs.push(Proof {
            method: Method::Totp,
            at: now,
        });
        let token = secret::new()?;
        let first = NewRefreshToken {
            hash: secret::hash(token.expose_secret()),
            salt: String::new(),
        };
        let methods = Proof::claim(&proofs).to_string();
        let id = opened.session.id;
        if !self.0.store.prove_session(id, methods, first, now).await? {
            return Err(AccountError::SessionOver);
        }
        let opened = self.session(user, id).await?;
        let signed_in = self.signed(opened, token).await?;
        Ok(Shown {
            signed_in,
            recovery,
        })
    }

    async fn is_good(
        &self,
        user: UserId,
        factor: &FactorRow,
        code: &SecretString,
    ) -> Result<(), AccountError> {
        let subjects = vec![secret::hash(&format!("second factor {user}"))];
        let now = self.0.clock.now();
        self.count_try(&subjects).await?;
        let text = code.expose_secret().trim();
        let good = match text.len() == 6 {
            true => {
                let id = factor.id.to_string();
                let seed = self.0.keyring.open_own(KIND, &id, &factor.sealed)?;
                match step_of(&seed, text, now) {
                    Some(step) => self.0.store.take_step(factor.id, step).await?,
                    None => false,
                }
            }
            false => {
                let code = secret::hash(&format!("{user} {}", text.to_lowercase()));
                factor.verified && self.0.store.take_recovery_code(user, code).await?
            }
        };
        match good {
            true => Ok(self.0.store.forget_attempts(subjects).await?),
            false => Err(AccountError::Code),
        }
    }

    async fn prove(
        &self,
        opened: &Opened,
        factor: Uuid,
    ) -> Result<Vec<SecretString>, AccountError> {
        let user = opened.account.user;
        let is_first = !opened.factors.iter().any(|held| held.verified);
        let mut codes = Vec::new();
        if is_first {
            for _ in 0..RECOVERY {
                codes.push(recovery_code()?);
            }
        }
        let hashed =
            |code: &SecretString| secret::hash(&format!("{user} {}", code.expose_secret()));
        let hashes = codes.iter().map(hashed).collect();
        self.0.store.verify_factor(user, factor, hashes).await?;
        self.0
            .store
            .end_sessions(user, Some(opened.session.id))
            .await?;
        Ok(codes)
    }

    /// Takes a second factor away.
    ///
    /// # Errors
    /// When it must be shown first, or there is none.
    pub async fn unenrol(&self, opened: &Opened, factor: Uuid) -> Result<(), AccountError> {
        if opened.lacks_second_factor() {
            return Err(AccountError::SecondFactorNeeded);
        }
        match self
            .0
            .store
            .remove_factor(opened.account.user, factor)
            .await?
        {
            true => Ok(()),
            false => Err(AccountError::NoFactor),
        }
    }
}

/// Seals every seed with the first key of the ring that is not yet; says how many were, and how many
/// no key of it opens.
///
/// # Errors
/// When the database is away.
pub async fn reseal(store: &Store, ring: &Keyring) -> Result<(usize, usize), StoreError> {
    let (mut anew, mut failed) = (0, 0);
    for factor in store.all_factors().await? {
        let id = factor.id.to_string();
        let sealed = match ring.is_own_current(&factor.sealed) {
            Ok(true) => continue,
            Ok(false) => ring.open_own(KIND, &id, &factor.sealed),
            Err(error) => Err(error),
        };
        match sealed.and_then(|seed| ring.seal_own(KIND, &id, &seed)) {
            Ok(sealed) => {
                store
                    .reseal_factor(factor.id, factor.sealed, sealed)
                    .await?;
                anew += 1;
            }
            Err(_) => failed += 1,
        }
    }
    Ok((anew, failed))
}

/// A recovery code, as people copy it: ten letters and digits.
fn recovery_code() -> Result<SecretString, AccountError> {
    let mut bytes = Zeroizing::new([0_u8; 10]);
    rand::fill(bytes.as_mut_slice()).map_err(|_| AccountError::Machine("no randomness"))?;
    let text = base32(bytes.as_slice()).to_lowercase();
    let (one, other) = text.split_at(8);
    Ok(format!("{one}-{other}").into())
}

/// The step of time whose code it is, of those that a clock may take for the present.
fn step_of(seed: &[u8], code: &str, now: Timestamp) -> Option<i64> {
    let present = now.seconds().div_euclid(STEP_S);
    let steps = present - DRIFT..=present + DRIFT;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, seed);
    let fits = |step: &i64| {
        let right = code_at(&key, *step);
        right.is_some_and(|right| {
            aws_lc_rs::constant_time::verify_slices_are_equal(right.as_bytes(), code.as_bytes())
                .is_ok()
        })
    };
    steps.into_iter().find(fits)
}

fn code_at(key: &hmac::Key, step: i64) -> Option<String> {
    let tag = hmac::sign(key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag.last()? & 0xf);
    let four: [u8; 4] = tag.get(offset..offset + 4)?.try_into().ok()?;
    let number = u32::from_be_bytes(four) & 0x7fff_ffff;
    Some(format!("{:06}", number % 1_000_000))
}

/// RFC 4648, without padding.
fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::new();
    for five in bytes.chunks(5) {
        let mut bits = [0_u8; 8];
        for (to, from) in bits.iter_mut().skip(3).zip(five) {
            *to = *from;
        }
        let number = u64::from_be_bytes(bits);
        for place in (0..8).rev().take((five.len() * 8).div_ceil(5)) {
            let index = usize::try_from((number >> (place * 5)) & 31).unwrap_or_default();
            text.extend(LETTERS.get(index).map(|letter| char::from(*letter)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{base32, code_at, step_of};
    use crate::domain::Timestamp;
    use aws_lc_rs::hmac;

    const SEED: &[u8; 20] = b"12345678901234567890";

    #[test]
    fn codes_are_those_of_the_standard() {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, SEED);
        // RFC 6238, appendix B, its last six digits.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code_at(&key, seconds / 30).as_deref(), Some(code));
        }
        assert_eq!(base32(SEED), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn a_clock_may_be_off_by_half_a_minute() {
        let at = |seconds| Timestamp::default().plus_seconds(seconds);
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, SEED);
        let code = code_at(&key, 2).unwrap();
        for (seconds, step) in [(29, None), (30, Some(2)), (119, Some(2)), (120, None)] {
            assert_eq!(step_of(SEED, &code, at(seconds)), step, "{seconds}");
        }
    }
}
