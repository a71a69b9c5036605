//! A range of IP addresses.

use super::error::quoted;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// One address, or all that begin with the same bits (`10.0.0.0/8`).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct IpRange {
    address: IpAddr,
    prefix: u8,
}

/// The text that is no address and no range, quoted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct IpRangeError(String);

impl IpRange {
    /// Whether the address is in the range. An IPv4 address that a dual-stack listener reports as
    /// `::ffff:10.0.0.1` counts as `10.0.0.1`.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let same_family = self.address.is_ipv4() == address.is_ipv4();
        same_family && self.network(address) == self.network(self.address)
    }

    /// Whether the range holds every address of its family, and so trusts the whole world.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.prefix == 0
    }

    /// The bits that all addresses of a range share.
    fn network(&self, address: IpAddr) -> u128 {
        let (bits, width) = match address {
            IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
            IpAddr::V6(address) => (address.to_bits(), 128),
        };
        let rest = width - u32::from(self.prefix);
        bits.checked_shr(rest).unwrap_or(0)
    }
}

impl FromStr for IpRange {
    type Err = IpRangeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| IpRangeError(quoted(text)))
    }
}

fn parse(text: &str) -> Option<IpRange> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    let prefix = match prefix {
        None => width,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
        Some(_) => return None,
    };
    (prefix <= width).then(|| canonical(address, prefix))
}

/// Writes IPv4 addresses in IPv6 clothes (`::ffff:10.0.0.0/104`) as what they are, since that is
/// what `contains` compares with.
fn canonical(address: IpAddr, prefix: u8) -> IpRange {
    const CLOTHES: u8 = 96;
    match (address.to_canonical(), prefix.checked_sub(CLOTHES)) {
        (plain @ IpAddr::V4(_), Some(prefix)) if address.is_ipv6() => IpRange {
            address: plain,
            prefix,
        },
        _ => IpRange { address, prefix },
    }
}

impl fmt::Display for IpRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl fmt::Debug for IpRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::IpRange;

    fn holds(range: &str, address: &str) -> bool {
        range
            .parse::<IpRange>()
            .unwrap()
            .contains(address.parse().unwrap())
    }

    #[test]
    fn a_range_holds_the_addresses_that_begin_alike() {
        assert!(holds("10.0.0.0/8", "10.255.0.1"));
        assert!(!holds("10.0.0.0/8", "11.0.0.1"));
        assert!(
            holds("10.1.2.3/8", "10.9.9.9"),
            "bits beyond the prefix do not count"
        );
        assert!(holds("fd00::/8", "fd12::1"));
        assert!(!holds("fd00::/8", "fe80::1"));
        assert!(holds("0.0.0.0/0", "203.0.113.9"));
        assert!(holds("::/0", "2001:db8::1"));
        assert!(!holds("::/0", "203.0.113.9"));
    }

    #[test]
    fn a_bare_address_holds_itself_alone() {
        assert!(holds("127.0.0.1", "127.0.0.1"));
        assert!(!holds("127.0.0.1", "127.0.0.2"));
        assert!(holds("::ffff:10.0.0.0/104", "10.9.9.9"));
        assert!(
            holds("127.0.0.1", "::ffff:127.0.0.1"),
            "as a dual-stack listener reports it"
        );
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in [
            "",
            "10.0.0",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "::1/129",
            "proxy.local",
        ] {
            assert!(text.parse::<IpRange>().is_err(), "{text}");
        }
    }
}
