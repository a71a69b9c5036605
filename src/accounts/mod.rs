//! Accounts of our own, where no other issuer is: passwords, sessions, links, second factors, and the
//! keys that sign what all of them come to, access tokens as Supabase's are.
//!
//! Absent here: HTTP and its words (`api::auth`), and what somebody may do who is signed in.

mod change;
mod error;
mod factor;
pub mod identity;
pub mod link;
mod mailed;
mod opened;
mod pace;
mod password;
mod post;
mod proof;
mod secret;
mod session;
mod sign_in;
mod signing;
mod token;

pub use error::{AccountError, Weak};
pub use factor::reseal;
pub use link::{Chosen, Invited};
pub use opened::Opened;
pub use post::{Owed, Post};
pub use session::{Scope, SignedIn};
pub use signing::SigningKeys;
pub use token::LIFETIME_S;

use crate::agencies::seal::Keyring;
use crate::clock::Clock;
use crate::store::{Store, StoreError};
use password::Passwords;
use serde_json::Value;
use std::sync::Arc;
use tokio::runtime::Handle;

/// The accounts of one deployment. Clones are the same ones.
#[derive(Clone)]
pub struct Accounts(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Clock,
    passwords: Passwords,
    keys: SigningKeys,
    keyring: Arc<Keyring>,
    issuer: String,
}

/// From where somebody asks.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The network, which is an address or what one subscriber has.
    pub network: Option<String>,
    /// What the browser says that it is.
    pub client: Option<String>,
}

impl Accounts {
    /// The accounts in that database. Tokens name `issuer`; what is sealed is so by `keyring`.
    ///
    /// # Errors
    /// When the database is away, or no signing key can be made.
    pub async fn open(
        store: Store,
        clock: Clock,
        keyring: Keyring,
        issuer: String,
        runtime: Handle,
    ) -> Result<Self, AccountError> {
        let keyring = Arc::new(keyring);
        let keys = SigningKeys::open(store.clone(), clock.clone(), keyring.clone()).await?;
        Ok(Self(Arc::new(Inner {
            passwords: Passwords::new(runtime),
            store,
            clock,
            keys,
            keyring,
            issuer,
        })))
    }

    /// The keys that sign.
    #[must_use]
    pub fn keys(&self) -> &SigningKeys {
        &self.0.keys
    }

    /// Who the tokens say has issued them.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// The public keys.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn jwks(&self) -> Result<Value, StoreError> {
        self.0.keys.jwks().await
    }

    /// Whether nobody has an account yet.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn wait_for_the_first(&self) -> Result<bool, StoreError> {
        Ok(!self.0.store.has_accounts().await?)
    }
}
