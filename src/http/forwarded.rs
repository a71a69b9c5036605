//! Who sent a request that came through proxies.

use crate::config::IpRange;
use actix_web::HttpRequest;
use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName, X_FORWARDED_FOR};
use std::net::{IpAddr, SocketAddr};

/// The sender of a request: its peer or, where that is a trusted proxy, whom the proxies name.
///
/// Each proxy adds the address that it was asked from at the right, so the walk goes from the right
/// and ends at the first address that is no trusted proxy's, or where an entry cannot be read: what
/// stands left of that may be anyone's invention, and the proxy that wrote it counts as the sender.
#[must_use]
pub fn sender(request: &HttpRequest, trusted: &[IpRange]) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    let headers = request.headers();
    let walk = |header: &HeaderName, read: fn(&str) -> Option<IpAddr>| {
        let is_there = headers.contains_key(header);
        is_there.then(|| walk(peer, &entries(headers, header), read, trusted))
    };
    let told = walk(&X_FORWARDED_FOR, address);
    match (told, walk(&FORWARDED, forwarded_for)) {
        // A proxy writes one of the two and passes the other on as it came.
        (Some(told), Some(other)) if told != other => Some(peer),
        (told, other) => Some(told.or(other).unwrap_or(peer)),
    }
}

/// The entries of all headers of that name, leftmost first. One that is no text cannot be read, and
/// does not hide those that a proxy has written beside it.
fn entries<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    let values = headers.get_all(name);
    values
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(|entry| str::from_utf8(entry).unwrap_or("no text").trim())
        // An empty entry is none.
        .filter(|entry| !entry.is_empty())
        .collect()
}

fn walk(
    peer: IpAddr,
    entries: &[&str],
    read: fn(&str) -> Option<IpAddr>,
    trusted: &[IpRange],
) -> IpAddr {
    let mut sender = peer;
    for entry in entries.iter().rev() {
        if !trusted.iter().any(|range| range.contains(sender)) {
            break;
        }
        match read(entry) {
            Some(address) => sender = address,
            None => break,
        }
    }
    sender
}

/// An address as proxies write it: bare, in brackets, in quotes, with or without its port.
fn address(entry: &str) -> Option<IpAddr> {
    let entry = unquoted(entry);
    let bare = entry
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let address = match bare.unwrap_or(entry).parse() {
        Ok(address) => address,
        Err(_) => entry.parse::<SocketAddr>().ok()?.ip(),
    };
    Some(address.to_canonical())
}

/// `for` of a `Forwarded` entry (RFC 7239).
fn forwarded_for(entry: &str) -> Option<IpAddr> {
    let mut pairs = entry.split(';').filter_map(|pair| pair.split_once('='));
    let (_, node) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    address(node.trim())
}

fn unquoted(entry: &str) -> &str {
    let inner = entry
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or(entry).trim()
}

#[cfg(test)]
mod tests {
    use super::sender;
    use crate::config::IpRange;
    use actix_web::test::TestRequest;

    /// Who sent a request that came through a proxy at 127.0.0.1, as these headers have it.
    fn told(headers: &[(&str, &str)]) -> String {
        let trusted = ["127.0.0.1", "10.0.0.0/8", "fd00::/8"];
        let trusted: Vec<IpRange> = trusted.map(|range| range.parse().unwrap()).into();
        let mut request = TestRequest::default().peer_addr("127.0.0.1:9".parse().unwrap());
        for header in headers {
            request = request.append_header(*header);
        }
        sender(&request.to_http_request(), &trusted)
            .unwrap()
            .to_string()
    }

    #[test]
    fn an_address_is_read_however_a_proxy_writes_it() {
        for (entry, address) in [
            ("203.0.113.7", "203.0.113.7"),
            ("203.0.113.7:4711", "203.0.113.7"),
            ("\"203.0.113.7:4711\"", "203.0.113.7"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("\"[2001:db8::7]:4711\"", "2001:db8::7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
        ] {
            assert_eq!(told(&[("x-forwarded-for", entry)]), address, "{entry}");
            let forwarded = format!("proto=https;For={entry};by=10.0.0.1");
            assert_eq!(told(&[("forwarded", &forwarded)]), address, "{forwarded}");
        }
    }

    #[test]
    fn the_walk_from_the_right_ends_at_the_first_who_is_no_proxy_or_cannot_be_read() {
        for (entries, address) in [
            ("198.51.100.1, 203.0.113.7", "203.0.113.7"),
            (
                "198.51.100.1, 203.0.113.7, 10.0.0.2:80, [fd00::1]:80",
                "203.0.113.7",
            ),
            ("198.51.100.1, garbage", "127.0.0.1"),
            ("198.51.100.1, unknown, 10.0.0.2", "10.0.0.2"),
            ("198.51.100.1, _hidden, 203.0.113.7", "203.0.113.7"),
            ("198.51.100.1,, 10.0.0.2,", "198.51.100.1"),
            ("203.0.113.7:99999", "127.0.0.1"),
            ("", "127.0.0.1"),
        ] {
            assert_eq!(told(&[("x-forwarded-for", entries)]), address, "{entries}");
        }
        let two = [
            ("x-forwarded-for", "203.0.113.7"),
            ("x-forwarded-for", "10.0.0.2"),
        ];
        assert_eq!(told(&two), "203.0.113.7");
        assert_eq!(
            told(&[(
                "forwarded",
                "for=198.51.100.1, for=203.0.113.7, for=10.0.0.2"
            )]),
            "203.0.113.7"
        );
        assert_eq!(
            told(&[("forwarded", "for=198.51.100.1, by=10.0.0.1")]),
            "127.0.0.1"
        );
        assert_eq!(told(&[]), "127.0.0.1");
    }

    #[test]
    fn of_two_headers_that_differ_neither_is_believed() {
        let agreed = [
            ("x-forwarded-for", "203.0.113.7"),
            ("forwarded", "for=203.0.113.7"),
        ];
        assert_eq!(told(&agreed), "203.0.113.7");
        let invented = [
            ("x-forwarded-for", "203.0.113.7"),
            ("forwarded", "for=203.0.113.8"),
        ];
        assert_eq!(told(&invented), "127.0.0.1");
    }
}
