//! Those who are refused again and again are told to wait.
//!
//! Only refusals count, and only they are answered differently: a valid token or signature is
//! served whatever its address did before, so nobody behind a shared address can lock others out.

use super::forwarded::sender;
use crate::config::IpRange;
use actix_web::HttpRequest;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;

/// Refusals that an address may collect before it is told to wait.
const BURST: NonZeroU32 = NonZeroU32::MIN.saturating_add(29);
/// Refusals per minute that it may have from then on.
const PER_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(19);
/// Tries to sign in that an address may make at once: an office comes back in the morning.
const SIGN_INS: NonZeroU32 = NonZeroU32::MIN.saturating_add(99);
/// Tries per minute from then on.
const SIGN_INS_PER_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(29);
/// Above so many remembered addresses, those that have been quiet are forgotten.
const ADDRESSES: usize = 10_000;

/// How often each address has been refused.
pub struct Refusals {
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
    trusted_proxies: Vec<IpRange>,
}

impl Refusals {
    /// Nobody has been refused yet. What these proxies say of the sender is believed.
    #[must_use]
    pub fn new(trusted_proxies: Vec<IpRange>) -> Self {
        Self {
            limiter: DefaultKeyedRateLimiter::keyed(
                Quota::per_minute(PER_MINUTE).allow_burst(BURST),
            ),
            clock: DefaultClock::default(),
            trusted_proxies,
        }
    }

    /// Nobody has tried to sign in yet. Every try counts here: whoever tries many passwords must not
    /// learn which one is right.
    #[must_use]
    pub fn of_sign_ins(trusted_proxies: Vec<IpRange>) -> Self {
        let quota = Quota::per_minute(SIGN_INS_PER_MINUTE).allow_burst(SIGN_INS);
        Self {
            limiter: DefaultKeyedRateLimiter::keyed(quota),
            clock: DefaultClock::default(),
            trusted_proxies,
        }
    }

    /// The network that a request came from: an address, or what one subscriber has.
    #[must_use]
    pub fn network(&self, request: &HttpRequest) -> Option<IpAddr> {
        sender(request, &self.trusted_proxies).map(network)
    }

    /// Counts a refusal of whoever sent `request`. `Err`: it has had too many and should wait so
    /// many seconds.
    ///
    /// # Errors
    /// The seconds to wait, at least 1.
    pub fn count(&self, request: &HttpRequest) -> Result<(), u64> {
        let Some(address) = sender(request, &self.trusted_proxies) else {
            return Ok(());
        };
        if self.limiter.len() > ADDRESSES {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&network(address)).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            wait.as_secs().saturating_add(1)
        })
    }
}

/// An IPv6 subscriber has a whole /64 to send from.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let bits = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(bits))
        }
    }
}
