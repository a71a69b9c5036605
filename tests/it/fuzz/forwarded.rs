//! The headers in which proxies name a sender, and in which a stranger names whom they like.

use super::tries;
use actix_web::http::header::HeaderValue;
use actix_web::test::TestRequest;
use callboard::config::IpRange;
use callboard::http::sender;
use proptest::collection::vec;
use proptest::prelude::*;
use std::net::{IpAddr, SocketAddr};

const PROXY: &str = "127.0.0.1:9";
const STRANGER: &str = "203.0.113.9";

/// Who sent a request that came from `peer`, as these headers have it.
fn told(peer: &str, headers: &[(&str, Vec<u8>)]) -> IpAddr {
    let trusted = ["127.0.0.1", "10.0.0.0/8", "fd00::/8"];
    let trusted: Vec<IpRange> = trusted.map(|range| range.parse().expect("a range")).into();
    let peer: SocketAddr = peer.parse().expect("an address");
    let mut request = TestRequest::default().peer_addr(peer);
    for (name, value) in headers {
        // What cannot be in a header does not arrive in one.
        if let Ok(value) = HeaderValue::from_bytes(value) {
            request = request.append_header((*name, value));
        }
    }
    sender(&request.to_http_request(), &trusted).expect("a peer")
}

/// One entry as a proxy writes it, or as nobody does.
fn entry() -> impl Strategy<Value = Vec<u8>> {
    let address = any::<IpAddr>;
    let trusted = any::<[u8; 3]>().prop_map(|[a, b, c]| format!("10.{a}.{b}.{c}"));
    let written = prop_oneof![
        address().prop_map(|address| address.to_string()),
        (address(), any::<u16>())
            .prop_map(|(address, port)| SocketAddr::new(address, port).to_string()),
        address().prop_map(|address| format!("[{address}]")),
        address().prop_map(|address| format!("\"{address}\"")),
        address().prop_map(|address| format!("proto=https;for={address};by=10.0.0.1")),
        address().prop_map(|address| format!("For=\"[{address}]:80\"")),
        trusted.clone(),
        trusted.prop_map(|trusted| format!("for={trusted}")),
        Just("unknown".to_owned()),
        Just(String::new()),
        Just(STRANGER.to_owned()),
        "[ -~]{0,20}",
    ];
    prop_oneof![
        8 => written.prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..12),
    ]
}

fn header() -> impl Strategy<Value = Vec<u8>> {
    vec(entry(), 0..5).prop_map(|entries| entries.join(&b", "[..]))
}

fn headers(name: &'static str) -> impl Strategy<Value = Vec<(&'static str, Vec<u8>)>> {
    vec(header().prop_map(move |value| (name, value)), 0..3)
}

#[test]
fn whoever_comes_through_no_proxy_is_who_they_are() {
    let invented = (headers("x-forwarded-for"), headers("forwarded"));
    tries(3000, invented, |(mut all, more)| {
        all.extend(more);
        assert_eq!(told("203.0.113.9:9", &all).to_string(), STRANGER);
    });
}

#[test]
fn nobody_passes_for_another_behind_a_proxy_that_names_them() {
    tries(
        3000,
        (headers("x-forwarded-for"), any::<bool>()),
        |(mut all, own)| {
            // The proxy writes at the right of what came, or a header of its own behind it.
            match all.last_mut() {
                Some((_, last)) if !own && HeaderValue::from_bytes(last).is_ok() => {
                    last.extend(format!(", {STRANGER}").into_bytes());
                }
                _ => all.push(("x-forwarded-for", STRANGER.into())),
            }
            assert_eq!(told(PROXY, &all).to_string(), STRANGER, "{all:?}");
        },
    );
}

#[test]
fn the_header_that_the_proxy_passes_on_as_it_came_is_believed_by_nobody() {
    let invented = (
        headers("x-forwarded-for"),
        headers("forwarded"),
        any::<bool>(),
    );
    tries(3000, invented, |(mut all, mut more, by_the_other)| {
        if by_the_other {
            more.push(("forwarded", format!("for={STRANGER}").into()));
        } else {
            all.push(("x-forwarded-for", STRANGER.into()));
        }
        all.extend(more);
        let told = told(PROXY, &all).to_string();
        assert!(
            [STRANGER, "127.0.0.1"].contains(&told.as_str()),
            "{told}: {all:?}"
        );
    });
}

#[test]
fn a_long_row_of_proxies_is_walked_in_time() {
    let row = (entry(), 1usize..6000);
    tries(100, row, |(entry, times)| {
        let all = [entry, vec![b' ']].concat();
        let row = vec![all; times].join(&b',');
        told(
            PROXY,
            &[("x-forwarded-for", row.clone()), ("forwarded", row)],
        );
    });
}
