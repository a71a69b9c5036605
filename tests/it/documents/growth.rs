//! Whether a document still has everything that an earlier one promised.
//!
//! What a client reads may grow by fields and words, which it passes over; what it sends must be
//! taken as before. Whatever would break a client that was written against the earlier document is a
//! fault, one line each.

use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashSet};

/// Who writes what a schema describes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Side {
    /// The client, so that nothing may be asked of it that was not.
    Client,
    /// The server, so that nothing may be left out that was there.
    Server,
}

/// What the OpenAPI document `new` lacks of `old`.
pub fn openapi(old: &Value, new: &Value) -> Vec<String> {
    let mut growth = Growth::between(old, new);
    for (path, item) in fields(old, "paths") {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let place = format!("{} {path}", method.to_uppercase());
            let now = &new["paths"][path][method];
            if now.is_null() {
                growth.fault(&place, "is gone");
            } else {
                growth.operation(&place, operation, now);
            }
        }
    }
    growth.faults
}

/// What the AsyncAPI document `new` lacks of `old`.
pub fn asyncapi(old: &Value, new: &Value) -> Vec<String> {
    let mut growth = Growth::between(old, new);
    for (operation, side) in [("hear", Side::Client), ("tell", Side::Server)] {
        let said = |document: &Value| -> BTreeSet<String> {
            let messages = document["operations"][operation]["messages"].as_array();
            let names = messages.into_iter().flatten();
            names.map(|one| last_part(&one["$ref"])).collect()
        };
        for name in said(old) {
            if !said(new).contains(&name) {
                growth.fault(operation, &format!("{name} is gone"));
                continue;
            }
            let payload =
                |document: &Value| document["components"]["messages"][&name]["payload"].clone();
            growth.schema(&name, &payload(old), &payload(new), side);
        }
    }
    for (name, channel) in fields(old, "channels") {
        if new["channels"][name]["address"] != channel["address"] {
            growth.fault(name, "has another address");
        }
    }
    let closes = |document: &Value| document["x-close-codes"].as_array().cloned();
    let now = closes(new).unwrap_or_default();
    for close in closes(old).into_iter().flatten() {
        let same = |one: &&Value| {
            ["code", "name", "reconnect"]
                .iter()
                .all(|key| one[key] == close[key])
        };
        if now.iter().find(same).is_none() {
            growth.fault(
                "x-close-codes",
                &format!("{} is not what it was", close["code"]),
            );
        }
    }
    growth.faults
}

/// A comparison under way.
struct Growth<'a> {
    old: &'a Value,
    new: &'a Value,
    /// Named schemas that were compared: they refer to each other in circles.
    seen: HashSet<(String, Side)>,
    faults: Vec<String>,
}

impl<'a> Growth<'a> {
    fn between(old: &'a Value, new: &'a Value) -> Self {
        Self {
            old,
            new,
            seen: HashSet::new(),
            faults: Vec::new(),
        }
    }

    fn fault(&mut self, place: &str, what: &str) {
        self.faults.push(format!("{place}: {what}"));
    }

    fn operation(&mut self, place: &str, old: &Value, new: &Value) {
        for key in ["operationId", "x-role", "security"] {
            if old[key] != new[key] {
                self.fault(place, &format!("{key} was {}, is {}", old[key], new[key]));
            }
        }
        self.parameters(place, old, new);
        let (old_body, new_body) = (&old["requestBody"], &new["requestBody"]);
        self.contents(&format!("{place} body"), old_body, new_body, Side::Client);
        if old_body["required"] != true && new_body["required"] == true {
            self.fault(place, "asks for a body now");
        }
        for (status, answer) in fields(old, "responses") {
            let place = format!("{place} {status}");
            let now = &new["responses"][status];
            if now.is_null() {
                self.fault(&place, "is gone");
                continue;
            }
            self.contents(&place, answer, now, Side::Server);
            for (header, _) in fields(answer, "headers") {
                if now["headers"][header].is_null() {
                    self.fault(&place, &format!("{header} is gone"));
                }
            }
        }
    }

    fn parameters(&mut self, place: &str, old: &Value, new: &Value) {
        let all = |operation: &Value| operation["parameters"].as_array().cloned();
        let (before, now) = (all(old).unwrap_or_default(), all(new).unwrap_or_default());
        let is =
            |one: &Value, other: &Value| one["name"] == other["name"] && one["in"] == other["in"];
        for parameter in &before {
            let name = format!(
                "{place} ?{}",
                parameter["name"].as_str().unwrap_or_default()
            );
            match now.iter().find(|other| is(parameter, other)) {
                None => self.fault(&name, "is gone"),
                Some(other) => {
                    self.schema(&name, &parameter["schema"], &other["schema"], Side::Client);
                }
            }
        }
        for parameter in now.iter().filter(|one| one["required"] == true) {
            let was = |other: &Value| is(parameter, other) && other["required"] == true;
            if !before.iter().any(was) {
                self.fault(place, &format!("{} is required now", parameter["name"]));
            }
        }
    }

    fn contents(&mut self, place: &str, old: &Value, new: &Value, side: Side) {
        for (kind, content) in fields(old, "content") {
            let now = &new["content"][kind];
            if now.is_null() {
                self.fault(place, &format!("{kind} is gone"));
            } else {
                self.schema(place, &content["schema"], &now["schema"], side);
            }
        }
    }

    fn schema(&mut self, place: &str, old: &Value, new: &Value, side: Side) {
        if let Some(name) = old["$ref"].as_str()
            && !self.seen.insert((format!("{name} {}", new["$ref"]), side))
        {
            return;
        }
        let old = flat(self.old, old);
        let new = flat(self.new, new);
        self.words(place, &old, &new, side);
        self.limits(place, &old, &new, side);
        self.properties(place, &old, &new, side);
        for key in ["items", "additionalProperties"] {
            if old[key].is_object() {
                self.schema(&format!("{place}[]"), &old[key], &new[key], side);
            }
        }
        for key in ["oneOf", "anyOf"] {
            for choice in old[key].as_array().into_iter().flatten() {
                self.choice(place, choice, &new[key], side);
            }
        }
    }

    /// One of several shapes: it is among the new ones still.
    fn choice(&mut self, place: &str, old: &Value, new: &Value, side: Side) {
        let mut tries = Vec::new();
        for choice in new.as_array().into_iter().flatten() {
            let mut growth = Growth::between(self.old, self.new);
            growth.seen.clone_from(&self.seen);
            growth.schema(place, old, choice, side);
            tries.push(growth.faults);
        }
        match tries.into_iter().min_by_key(Vec::len) {
            Some(faults) => self.faults.extend(faults),
            None => self.fault(place, "one of its shapes is gone"),
        }
    }

    /// The words that there are, the one that it always is, and the types.
    fn words(&mut self, place: &str, old: &Value, new: &Value, side: Side) {
        for word in old["enum"].as_array().into_iter().flatten() {
            let there = new["enum"]
                .as_array()
                .is_none_or(|words| words.contains(word));
            if !there {
                self.fault(place, &format!("the word {word} is gone"));
            }
        }
        if old.get("enum").is_none() && new.get("enum").is_some() && side == Side::Client {
            self.fault(place, "takes some words only");
        }
        if old["const"] != new["const"] {
            self.fault(place, &format!("was {}, is {}", old["const"], new["const"]));
        }
        let (before, now) = (types(old), types(new));
        let fits = match side {
            Side::Client => now.is_empty() || (!before.is_empty() && before.is_subset(&now)),
            Side::Server => before.is_empty() || (!now.is_empty() && now.is_subset(&before)),
        };
        if !fits {
            self.fault(place, &format!("its type was {before:?}, is {now:?}"));
        }
        if old["format"] != new["format"] && side == Side::Server {
            self.fault(
                place,
                &format!("its format was {}, is {}", old["format"], new["format"]),
            );
        }
    }

    /// What a client may send at most or at least.
    fn limits(&mut self, place: &str, old: &Value, new: &Value, side: Side) {
        if side == Side::Server {
            return;
        }
        for (key, sign) in [
            ("maximum", 1.0),
            ("maxLength", 1.0),
            ("maxItems", 1.0),
            ("minimum", -1.0),
            ("minProperties", -1.0),
        ] {
            let Some(now) = new[key].as_f64() else {
                continue;
            };
            let was = old[key].as_f64();
            if was.is_none_or(|was| sign * now < sign * was) {
                self.fault(place, &format!("{key} was {}, is {now}", old[key]));
            }
        }
        if let Some(pattern) = old["pattern"].as_str() {
            self.pattern(place, pattern, new["pattern"].as_str());
        }
    }

    /// A pattern of words, `^(one|other)…$`, may have more of them.
    fn pattern(&mut self, place: &str, old: &str, new: Option<&str>) {
        let words = |pattern: &str| -> BTreeSet<String> {
            let words = pattern.split(|one: char| !one.is_alphanumeric() && one != '_');
            words.map(str::to_owned).collect()
        };
        if new.is_some_and(|new| !words(old).is_subset(&words(new))) {
            self.fault(place, &format!("its pattern was {old}, is {new:?}"));
        }
    }

    fn properties(&mut self, place: &str, old: &Value, new: &Value, side: Side) {
        for (name, property) in fields(old, "properties") {
            let place = format!("{place}.{name}");
            let now = &new["properties"][name];
            if now.is_null() {
                self.fault(&place, "is gone");
            } else {
                self.schema(&place, property, now, side);
            }
        }
        let (before, now) = (names(old, "required"), names(new, "required"));
        let faults: Vec<String> = match side {
            Side::Client => now
                .difference(&before)
                .map(|name| format!("{name} is required now"))
                .collect(),
            Side::Server => before
                .difference(&now)
                .map(|name| format!("{name} may be left out now"))
                .collect(),
        };
        for fault in faults {
            self.fault(place, &fault);
        }
        let is_closed = |schema: &Value| schema["additionalProperties"] == false;
        if side == Side::Client && is_closed(new) && !is_closed(old) {
            self.fault(place, "takes no other fields now");
        }
    }
}

/// A schema with what it refers to and what it is made of put into one.
fn flat(document: &Value, schema: &Value) -> Value {
    let schema = match schema["$ref"].as_str() {
        Some(name) => document
            .pointer(name.trim_start_matches('#'))
            .unwrap_or(&Value::Null),
        None => schema,
    };
    let Some(parts) = schema["allOf"].as_array() else {
        return schema.clone();
    };
    let mut whole = schema.clone();
    for part in parts.iter().map(|part| flat(document, part)) {
        let known = fields(&whole, "properties").chain(fields(&part, "properties"));
        let properties: Map<_, _> = known
            .map(|(name, one)| (name.clone(), one.clone()))
            .collect();
        let required: Vec<_> = names(&whole, "required")
            .union(&names(&part, "required"))
            .cloned()
            .collect();
        whole["properties"] = properties.into();
        whole["required"] = required.into();
    }
    whole
}

fn fields<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value[name].as_object().into_iter().flatten()
}

fn names(value: &Value, key: &str) -> BTreeSet<String> {
    let all = value[key].as_array().into_iter().flatten();
    all.filter_map(|name| Some(name.as_str()?.to_owned()))
        .collect()
}

fn types(schema: &Value) -> BTreeSet<String> {
    match schema["type"].as_str() {
        Some(one) => BTreeSet::from([one.to_owned()]),
        None => names(schema, "type"),
    }
}

fn last_part(reference: &Value) -> String {
    let parts = reference.as_str().unwrap_or_default().rsplit('/');
    parts.take(1).collect()
}
