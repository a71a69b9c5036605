use super::{json, name, number};
use proptest::prelude::*;
use serde_json::{Value, json};

#[test]
fn a_number_keeps_its_country_and_its_last_two_digits() {
    for (sent, read) in [
        ("+15551234534", "+1•••••••34"),
        ("+15550100", "+1•••••••00"),
        ("+4930123456", "+49•••••••56"),
        ("+353861234567", "+353•••••••67"),
        ("+79161234567", "+7•••••••67"),
        ("tel:+1-555-010-0034;phone-context=+1555", "+1•••••••34"),
        ("sip:+15551234534@10.1.2.3:5060;user=phone", "+1•••••••34"),
        ("\"+15551234534\" <sip:15551234534@host>", "•••••••34"),
        ("5551234534", "•••••••34"),
        // Too little would stay hidden.
        ("+35386123", "•••••••"),
        ("+15551", "•••••••"),
        ("12345", "•••••••"),
        ("112", "•••••••"),
        ("sip:anna.smith@acme.example", "•••••••"),
        ("sip:anna15551234@acme.example", "•••••••"),
        ("Unknown Caller 5551234", "•••••••"),
        // Withheld is no number.
        ("anonymous", "anonymous"),
        ("Restricted", "Restricted"),
        ("sip:anonymous@10.1.2.3", "anonymous"),
        ("sip:15551234@anonymous.invalid", "anonymous"),
        ("+266696687", "anonymous"),
        ("", ""),
    ] {
        assert_eq!(number(sent), read, "{sent}");
    }
}

#[test]
fn a_name_stays_and_the_digits_in_it_go() {
    for (sent, read) in [
        ("Ada Lovelace", "Ada Lovelace"),
        ("WIRELESS CALLER", "WIRELESS CALLER"),
        ("+15551234534", "+1•••••••34"),
        ("(555) 123-4534", "•••••••34"),
        ("Ada 5551234", "Ada •••••••"),
        ("Ada 5 5 5 1", "Ada • • • •"),
        ("sip:ada@acme.example", "•••••••"),
        ("Ada ٥٥٥", "Ada •••"),
        ("", ""),
    ] {
        assert_eq!(name(sent), read, "{sent}");
    }
}

#[test]
fn json_is_masked_at_any_depth_and_otherwise_as_it_was() {
    let text = r#"{"type":"call.updated","z":1,"a":[{"call":{"id":"1","from_number":"+15551234534","to_number":"+15559876543","caller_name":null,"n":1.50}}]}"#;
    let read = text.replace("+15551234534", "+1•••••••34");
    assert_eq!(json(text).unwrap(), read);
    let spaced = "{ \"from\\u005fnumber\" : \"+1555\\u00312345\u{36}\" }";
    assert_eq!(json(spaced).unwrap(), r#"{"from_number":"+1•••••••56"}"#);
    for refused in [r#"{"from_number":15551234534}"#, r#"{"from_number""#, ""] {
        assert!(json(refused).is_err(), "{refused}");
    }
}

/// Texts in which a caller's number may come: in every dress, with anything around it.
fn dresses() -> impl Strategy<Value = (String, String)> {
    let digits = proptest::string::string_regex("[0-9]{1,15}").unwrap();
    (digits, 0..9).prop_map(|(digits, dress)| {
        let spaced: Vec<String> = digits.chars().map(String::from).collect();
        let text = match dress {
            0 => format!("+{digits}"),
            1 => digits.clone(),
            2 => format!("sip:{digits}@{digits}.example:5060;tag={digits}"),
            3 => format!("\"{digits}\" <sips:+{digits}@host>"),
            4 => format!("tel:+{};ext={digits}", spaced.join("-")),
            5 => format!("({}", spaced.join(" ")),
            6 => format!("Ada {digits}"),
            7 => format!("ada{digits}@host"),
            _ => spaced.join("."),
        };
        (digits, text)
    })
}

/// The digits that can still be read.
fn legible(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn shows_too_much(masked: &str, digits: &str) -> bool {
    let shown = legible(masked);
    let hidden = masked.contains('•') || masked == "anonymous";
    // At most a country's code and two digits, with at least four hidden between them.
    let most = digits.len().saturating_sub(4).min(5);
    !hidden || shown.len() > most || !digits.ends_with(&shown[shown.len().saturating_sub(2)..])
}

proptest! {
    #[test]
    fn no_dress_of_a_number_shows_more_than_its_country_and_two_digits(
        (digits, text) in dresses()
    ) {
        prop_assert!(!shows_too_much(&number(&text), &digits), "{}", number(&text));
        prop_assert!(!shows_too_much(&name(&text), &digits), "{}", name(&text));
        let event = json!({"call": {"from_number": text, "caller_name": text}});
        let masked: Value = serde_json::from_str(&json(&event.to_string()).unwrap()).unwrap();
        for field in ["from_number", "caller_name"] {
            let shown = masked["call"][field].as_str().unwrap();
            prop_assert!(!shows_too_much(shown, &digits), "{shown}");
        }
    }

    #[test]
    fn whatever_a_network_sends_is_masked_without_a_long_run_of_its_digits(text in any::<String>()) {
        for masked in [number(&text), name(&text)] {
            let runs = masked.split(|char: char| !char.is_numeric());
            // A country's code is the longest.
            prop_assert!(runs.map(|run| run.chars().count()).all(|run| run <= 3), "{masked}");
        }
    }
}
