//! Links to recordings are secrets: whoever has one hears the call. They are taken out of a webhook
//! before it is kept; a fresh link is fetched from the carrier when somebody may have it.

use serde_json::{Map, Value};

/// The fields that hold such links, wherever they stand.
const LINKS: [&str; 4] = [
    "recording_urls",
    "public_recording_urls",
    "recording_url",
    "download_urls",
];

/// Whether there are links in an object of a webhook.
pub(super) fn has_links(object: &Map<String, Value>) -> bool {
    object
        .iter()
        .any(|(name, value)| is_link(name) || inside(value))
}

fn inside(value: &Value) -> bool {
    match value {
        Value::Object(object) => has_links(object),
        Value::Array(list) => list.iter().any(inside),
        _ => false,
    }
}

fn is_link(name: &str) -> bool {
    LINKS.contains(&name)
}

/// The body without its links; all else is kept.
pub(super) fn without_links(body: &str) -> Result<String, serde_json::Error> {
    let mut body: Value = serde_json::from_str(body)?;
    strip(&mut body);
    serde_json::to_string(&body)
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|name, _| !is_link(name));
            object.values_mut().for_each(strip);
        }
        Value::Array(list) => list.iter_mut().for_each(strip),
        _ => {}
    }
}
