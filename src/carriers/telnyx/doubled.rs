//! JSON in which a name may stand twice. The last value counts, as everywhere; what it hides is looked
//! through, since the text that is kept still has it.

use super::links;
use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::cell::Cell;
use std::fmt;

/// An object, and whether a value that it does not show holds a link to a recording.
pub(super) fn read(text: &str) -> serde_json::Result<(Map<String, Value>, bool)> {
    let hides_links = Cell::new(false);
    let reading = Reading {
        hides_links: &hides_links,
    };
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = reading.deserialize(&mut reader)?;
    reader.end()?;
    match value {
        Value::Object(object) => Ok((object, hides_links.get())),
        _ => Err(serde_json::Error::custom("it is no object")),
    }
}

#[derive(Clone, Copy)]
struct Reading<'a> {
    hides_links: &'a Cell<bool>,
}

impl<'de> DeserializeSeed<'de> for Reading<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reading<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            let value = fields.next_value_seed(self)?;
            if let Some(hidden) = object.insert(name.clone(), value) {
                let hides = self.hides_links.get() || links::are_in(name, hidden);
                self.hides_links.set(hides);
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use serde_json::{Map, Value};

    #[test]
    fn what_is_read_is_what_serde_reads() {
        for text in [
            "{}",
            r#"{"a":[1,-2,3.5,1e300,18446744073709551615,null,true,"x\n",{}],"b":{"c":[[]]}}"#,
            r#"{"a":1,"a":{"b":2,"b":3}}"#,
        ] {
            let serdes: Map<String, Value> = serde_json::from_str(text).unwrap();
            assert_eq!(read(text).unwrap(), (serdes, false), "{text}");
        }
        for text in ["", "[]", "7", "{", "{}}", "{} x", r#"{"a":1e999}"#, "\"a\""] {
            let serdes = serde_json::from_str::<Map<String, Value>>(text);
            assert!(serdes.is_err() && read(text).is_err(), "{text}");
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
        assert!(read(&deep).is_err());
    }

    #[test]
    fn a_link_that_a_later_value_hides_is_seen() {
        const LINK: &str = r#""https://s3/a.wav?X-Amz-Signature=0f""#;
        for (text, hides) in [
            (format!(r#"{{"a":{LINK},"a":1}}"#), true),
            (format!(r#"{{"a":{{"b":[{LINK}]}},"a":1}}"#), true),
            (format!(r#"{{"d":{{"p":{{"a":{LINK},"a":1}}}}}}"#), true),
            (format!(r#"{{"d":[{{"a":1,"a":{LINK},"a":1}}]}}"#), true),
            (
                r#"{"recording_urls":{},"recording_urls":1}"#.to_owned(),
                true,
            ),
            // This one is not hidden, and is found where it stands.
            (format!(r#"{{"a":1,"a":{LINK}}}"#), false),
            (format!(r#"{{"a":{LINK}}}"#), false),
            (r#"{"a":"https://s3/a.wav","a":1}"#.to_owned(), false),
        ] {
            assert_eq!(read(&text).unwrap().1, hides, "{text}");
        }
    }
}
