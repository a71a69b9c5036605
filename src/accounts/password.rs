//! Passwords: which are good, and what is stored of them.
//!
//! argon2id with the crate's parameters, which are OWASP's (19 MiB, two passes). A hash takes memory
//! and time on purpose, so only a few are made at once, on threads that may block, and no more wait
//! than will have their turn soon: a flood of sign-ins must not take the board's memory.

use super::error::{AccountError, Weak};
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, Params, PasswordHasher as _, PasswordVerifier as _};
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

/// Hashes at once.
const AT_ONCE: usize = 4;
/// How many may wait for their turn: some seconds on a small machine.
const WAITING: usize = 64;
/// ASVS 6.2.1.
const SHORTEST: usize = 8;
/// More than anybody types, and little enough to be hashed for anybody.
const LONGEST: usize = 512;
/// The passwords that are tried first, in small letters and in order: those of SecLists' ten thousand
/// commonest that are long enough (MIT, see the licence beside them).
const COMMON: &str = include_str!("common_passwords/list.txt");
/// What is hashed against where there is no account, so that it takes as long: nobody's password.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
                       AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// How a password was found to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verified {
    /// Right; and its hash, where it is to be stored anew since the parameters have changed.
    Right(Option<String>),
    Wrong,
}

/// Where passwords are hashed. Clones share the places.
#[derive(Clone)]
pub(super) struct Passwords {
    runtime: Handle,
    places: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
}

/// Whether a password may be chosen by whoever has that address: OWASP's rules, which ask for length
/// and for nothing else that can be seen in it.
pub(super) fn judge(password: &SecretString, email: &str) -> Result<(), Weak> {
    let text = password.expose_secret();
    let length = text.chars().count();
    if length < SHORTEST {
        return Err(Weak::Short);
    }
    if length > LONGEST {
        return Err(Weak::Long);
    }
    let small = text.to_lowercase();
    if small == email || email.split('@').next() == Some(&small) {
        return Err(Weak::Address);
    }
    if COMMON.lines().any(|common| common == small) {
        return Err(Weak::Common);
    }
    Ok(())
}

impl Passwords {
    pub(super) fn new(runtime: Handle) -> Self {
        Self {
            runtime,
            places: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: Arc::default(),
        }
    }

    /// What is stored of a password.
    pub(super) async fn hash(&self, password: SecretString) -> Result<String, AccountError> {
        self.run(move || hash(&password)).await?
    }

    /// Whether it is the password of that hash; without one it takes as long, and is wrong.
    pub(super) async fn verify(
        &self,
        password: SecretString,
        stored: Option<String>,
    ) -> Result<Verified, AccountError> {
        self.run(move || verify(&password, stored.as_deref()))
            .await?
    }

    async fn run<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, AccountError> {
        let _waiting = Waiting::among(&self.waiting).ok_or(AccountError::Busy)?;
        let closed = |_| AccountError::Machine("passwords are not checked any more");
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(closed)?;
        let running = self.runtime.spawn_blocking(move || {
            let _place = place;
            work()
        });
        running
            .await
            .map_err(|_| AccountError::Machine("a password was not checked to its end"))
    }
}

/// One of those who wait.
struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    fn among(all: &Arc<AtomicUsize>) -> Option<Self> {
        let one = Self(Arc::clone(all));
        (all.fetch_add(1, Ordering::SeqCst) < AT_ONCE + WAITING).then_some(one)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn hash(password: &SecretString) -> Result<String, AccountError> {
    let hashed = Argon2::default().hash_password(password.expose_secret().as_bytes());
    let hashed = hashed.map_err(|_| AccountError::Machine("a password could not be hashed"))?;
    Ok(hashed.to_string())
}

fn verify(password: &SecretString, stored: Option<&str>) -> Result<Verified, AccountError> {
    let unreadable = |_| AccountError::Machine("a stored password cannot be read");
    let held = PasswordHash::new(stored.unwrap_or(NOBODYS)).map_err(unreadable)?;
    let right = Argon2::default().verify_password(password.expose_secret().as_bytes(), &held);
    if right.is_err() || stored.is_none() {
        return Ok(Verified::Wrong);
    }
    let present = Params::default();
    let same = Params::try_from(&held).is_ok_and(|params| {
        (params.m_cost(), params.t_cost(), params.p_cost())
            == (present.m_cost(), present.t_cost(), present.p_cost())
    });
    let anew = match same && held.algorithm.as_str() == "argon2id" {
        true => None,
        false => Some(hash(password)?),
    };
    Ok(Verified::Right(anew))
}

#[cfg(test)]
mod tests {
    use super::{COMMON, NOBODYS, Verified, Weak, hash, judge, verify};
    use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version};

    fn judged(password: &str) -> Result<(), Weak> {
        judge(&password.into(), "anna@example.com")
    }

    #[test]
    fn length_is_what_is_asked_of_a_password_and_that_it_is_not_among_the_commonest() {
        for (password, verdict) in [
            ("short77", Err(Weak::Short)),
            ("eightlet", Ok(())),
            ("only small letters and spaces", Ok(())),
            ("ächzgürtel", Ok(())),
            (&"w".repeat(64), Ok(())),
            (&"w".repeat(513), Err(Weak::Long)),
            ("Password", Err(Weak::Common)),
            ("12345678", Err(Weak::Common)),
            ("Anna@Example.com", Err(Weak::Address)),
        ] {
            assert_eq!(judged(password), verdict, "{password}");
        }
        assert!(COMMON.lines().count() > 3000);
    }

    #[test]
    fn a_hash_is_salted_and_only_its_own_password_fits() {
        let password = "correct horse battery".into();
        let (one, other) = (hash(&password).unwrap(), hash(&password).unwrap());
        assert_ne!(one, other);
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert_eq!(
            verify(&password, Some(&one)).unwrap(),
            Verified::Right(None)
        );
        let wrong = verify(&"another".into(), Some(&one)).unwrap();
        assert_eq!(wrong, Verified::Wrong);
    }

    #[test]
    fn without_an_account_it_costs_the_same_and_is_wrong() {
        let parameters = |hash: &str| hash.split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(parameters(NOBODYS), parameters(&hash(&"x".into()).unwrap()));
        assert_eq!(verify(&"x".into(), None).unwrap(), Verified::Wrong);
    }

    #[test]
    fn a_hash_of_other_parameters_is_made_anew() {
        let password = "correct horse battery";
        let params = Params::new(8192, 1, 1, None).unwrap();
        let old = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let old = old.hash_password(password.as_bytes()).unwrap().to_string();
        let Verified::Right(Some(anew)) = verify(&password.into(), Some(&old)).unwrap() else {
            panic!("not made anew");
        };
        let again = verify(&password.into(), Some(&anew)).unwrap();
        assert_eq!(again, Verified::Right(None));
    }
}
