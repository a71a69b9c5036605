//! Bytes that are nearly what somebody means.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};

/// What parsers stumble over.
const TOKENS: [&[u8]; 24] = [
    b"",
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"null",
    b"true",
    b"-1",
    b"1e308",
    b"18446744073709551616",
    b"0.1",
    b"\0",
    b"\\u0000",
    b"\\ud83d",
    b"\\ude00",
    b"\xff",
    b"\xc3",
    "\u{1f4de}\u{fffd}é".as_bytes(),
    b"data",
    b"payload",
];

/// One of the seeds with something changed in it, or something else altogether.
pub fn near(seeds: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => other_values(seeds),
        5 => other_bytes(seeds),
        2 => vec(any::<u8>(), 0..80),
        2 => json().prop_map(|value| value.to_string().into_bytes()),
    ]
}

/// So much of one thing that whatever is done twice over is seen.
pub fn much(most: usize) -> impl Strategy<Value = Vec<u8>> {
    let opened: Vec<&[u8]> = vec![b"", b"\"", b"{\"data\":\"", b"{\"data\":{\"event_type\":\""];
    let piece = prop_oneof![
        select(&TOKENS[..]).prop_map(<[u8]>::to_vec),
        select(vec![
            "{\"data\":",
            "[[",
            "\\ud83d",
            "\\\\",
            "a=%25",
            "%2525",
            ", ",
            "\\u00e9"
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        vec(any::<u8>(), 1..6),
    ];
    (select(opened), piece, 1..most).prop_map(move |(opened, piece, bytes)| {
        let piece = if piece.is_empty() {
            b" ".to_vec()
        } else {
            piece
        };
        let mut much = opened.to_vec();
        much.extend(piece.iter().cycle().take(bytes));
        much
    })
}

/// Any JSON.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        (1usize..2000).prop_map(|length| "é".repeat(length).into()),
        select(&TOKENS[..]).prop_map(|token| String::from_utf8_lossy(token).into()),
        select(vec![
            "call.hangup",
            "call_hangup",
            "2026-11-21T01:40:00.5Z",
            "https://a/?sig=b",
            "9".repeat(600).leak()
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let name = select(vec![
            "data",
            "payload",
            "event_type",
            "id",
            "type",
            "position",
            "seq",
            "x",
        ]);
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((name, inner), 0..4).prop_map(|fields| {
                let fields = fields.into_iter();
                Value::Object(
                    fields
                        .map(|(name, value)| (name.to_owned(), value))
                        .collect(),
                )
            }),
        ]
    })
}

/// A seed of JSON in which values are others, are gone, or are within others.
fn other_values(seeds: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let edits = vec((any::<Index>(), json(), 0u8..4), 0..5);
    (select(seeds), edits).prop_map(|(seed, edits)| {
        let mut whole: Value = serde_json::from_str(seed).expect("a seed");
        for (at, value, how) in edits {
            let places = places(&whole, String::new());
            let place = at.get(&places);
            let target = whole.pointer_mut(place).expect("a place");
            *target = match how {
                0 => Value::Null,
                1 => json!([target.take(), value]),
                2 => {
                    let mut fields = target.as_object().cloned().unwrap_or_else(Map::new);
                    fields.extend([("x".to_owned(), value)]);
                    fields.into()
                }
                _ => value,
            };
        }
        whole.to_string().into_bytes()
    })
}

fn places(value: &Value, here: String) -> Vec<String> {
    let inside: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, one)| (name.clone(), one))
            .collect(),
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.map(|(at, one)| (at.to_string(), one)).collect()
        }
        _ => Vec::new(),
    };
    let mut all = vec![here.clone()];
    for (name, value) in inside {
        let name = name.replace('~', "~0").replace('/', "~1");
        all.extend(places(value, format!("{here}/{name}")));
    }
    all
}

/// A seed in which some bytes are others.
fn other_bytes(seeds: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        select(&TOKENS[..]).prop_map(<[u8]>::to_vec),
        vec(any::<u8>(), 0..4)
    ];
    (select(seeds), vec((any::<Index>(), 0usize..9, token), 0..6)).prop_map(|(seed, edits)| {
        let mut bytes = seed.as_bytes().to_vec();
        for (at, gone, token) in edits {
            let from = at.index(bytes.len() + 1);
            let to = (from + gone).min(bytes.len());
            bytes.splice(from..to, token);
        }
        bytes
    })
}
