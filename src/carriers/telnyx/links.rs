//! Links to recordings are secrets: whoever has one hears the call. They are taken out of a webhook
//! before anything of it is read or kept; a fresh link is fetched from the carrier when somebody
//! may have it.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

/// The fields that hold such links, wherever they stand.
const FIELDS: [&str; 4] = [
    "recording_urls",
    "public_recording_urls",
    "recording_url",
    "download_urls",
];

/// The parameters by which storages sign their links: whatever field holds one, it is a secret.
const SIGNED: [&str; 7] = [
    "x-amz-signature",
    "x-amz-security-token",
    "x-goog-signature",
    "x-oss-signature",
    "q-signature",
    "awsaccesskeyid",
    "key-pair-id",
];

/// The same, with names that mean something else outside a link.
const SIGNED_IN_A_LINK: [&str; 8] = [
    "signature",
    "sig",
    "sign",
    "hmac",
    "token",
    "access_token",
    "auth",
    "jwt",
];

/// Takes links out of an object of a webhook; whether there were any.
pub(super) fn take_links(object: &mut Map<String, Value>) -> bool {
    let before = object.len();
    object.retain(|name, value| !is_link(name, value));
    let mut found = object.len() < before;
    for value in object.values_mut() {
        found |= take_inner_links(value);
    }
    found
}

/// Whether there are any in a field of that name.
pub(super) fn are_in(name: String, value: Value) -> bool {
    take_links(&mut Map::from_iter([(name, value)]))
}

fn take_inner_links(value: &mut Value) -> bool {
    match value {
        Value::Object(object) => take_links(object),
        Value::Array(list) => {
            let before = list.len();
            list.retain(|value| !value.as_str().is_some_and(is_signed));
            let mut found = list.len() < before;
            for value in list {
                found |= take_inner_links(value);
            }
            found
        }
        _ => false,
    }
}

fn is_link(name: &str, value: &Value) -> bool {
    FIELDS.contains(&name) || is_signed(name) || value.as_str().is_some_and(is_signed)
}

/// Whether a text holds a link that is good for whoever has it, be it within another link.
fn is_signed(text: &str) -> bool {
    // Most texts end here.
    if !text.contains(['=', '%']) {
        return false;
    }
    let mut text = text.to_ascii_lowercase();
    // A link in a parameter of a link is encoded once more.
    for _ in 0..3 {
        if has_signature(&text) {
            return true;
        }
        let decoded = percent_decode_str(&text).decode_utf8_lossy();
        if decoded == text {
            return false;
        }
        text = decoded.to_ascii_lowercase();
    }
    false
}

fn has_signature(text: &str) -> bool {
    let is_link = text.contains("://");
    let parameters = text.split(|at: char| "?&;#,".contains(at) || at.is_whitespace());
    parameters.enumerate().any(|(place, parameter)| {
        let name = parameter.split_once('=').map(|(name, _)| name);
        name.is_some_and(|name| {
            SIGNED.contains(&name) || (is_link && place > 0 && SIGNED_IN_A_LINK.contains(&name))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{is_signed, take_links};
    use serde_json::{Map, Value, json};

    #[test]
    fn a_signed_link_is_known_by_its_parameters() {
        for link in [
            "https://s3.example/a.wav?X-Amz-Expires=600&X-Amz-Signature=0f",
            "Listen: https://s3.example/a.wav?x-amz-signature=0f",
            "X-Amz-Signature=0f",
            "https://storage.googleapis.com/b/a.wav?X-Goog-Signature=0f",
            "https://a.blob.core.windows.net/b/a.wav?se=2026&sig=0f%3D",
            "https://d1.cloudfront.net/a.wav?Policy=a&Signature=b&Key-Pair-Id=c",
            "https://s3.example/a.wav?AWSAccessKeyId=a&Signature=b",
            "https://play.example/?u=https%3A%2F%2Fs3%2Fa.wav%3FX-Amz-Signature%3D0f",
            "https://play.example/?u=https%253A%252F%252Fs3%253FX-Amz-Signature%253D0f",
            "https://play.example/a.wav#access_token=0f",
            "https://é.example/ü.wav?token=0f",
        ] {
            assert!(is_signed(link), "{link}");
        }
        for text in [
            "",
            "=",
            "100%",
            "+15550100",
            "sip:anna@sip.example;sig=1",
            "https://s3.example/a.wav?expires=600",
            "https://s3.example/signature=/x",
            "my signature = good",
            "https://a.example/?design=1&token",
            "v3:MdI91X4lWFEs7IgbBEOT9M4AigoY08M0WWZFISt1Yw2axZ_IiE4pqg==",
        ] {
            assert!(!is_signed(text), "{text}");
        }
    }

    #[test]
    fn links_are_taken_out_wherever_they_stand() {
        let link = "https://s3/a.wav?X-Amz-Signature=0f";
        let body = json!({
            "recording_urls": {"wav": "https://s3/a.wav"},
            "note": link, "parts": [link, {"deep": [{"er": link}, 7]}], link: true, "kept": "a=b",
        });
        let Value::Object(mut body) = body else {
            panic!("an object")
        };
        assert!(take_links(&mut body));
        let left = json!({"parts": [{"deep": [{}, 7]}], "kept": "a=b"});
        assert_eq!(Value::Object(body.clone()), left);
        assert!(!take_links(&mut body));
        assert!(!take_links(&mut Map::new()));
    }
}
