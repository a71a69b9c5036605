//! What the program is made of is allowed by `.cargo/deny.toml`: licences, bans and sources.
//!
//! cargo-deny reads the same file and knows more, advisories above all; it takes longer to build than
//! all else that CI does.

use serde_json::Value;
use std::process::Command;

fn rules() -> Value {
    let text = std::fs::read_to_string(".cargo/deny.toml").expect("the rules");
    toml::from_str(&text).expect("TOML")
}

/// All crates that `Cargo.lock` names, as cargo describes them.
fn packages() -> Vec<Value> {
    let asked = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--locked", "--all-features"])
        .args(["--format-version", "1"])
        .output()
        .expect("cargo");
    let errors = String::from_utf8_lossy(&asked.stderr);
    assert!(asked.status.success(), "{errors}");
    let told: Value = serde_json::from_slice(&asked.stdout).expect("JSON");
    let packages = told["packages"].as_array().expect("packages").clone();
    assert!(packages.len() > 300, "{}", packages.len());
    packages
}

fn texts(value: &Value) -> Vec<&str> {
    let all = value.as_array().expect("a list");
    all.iter().filter_map(Value::as_str).collect()
}

/// Whether an SPDX expression comes to something allowed. `/` is how older crates write "OR".
fn may(expression: &str, allowed: &[&str]) -> bool {
    let spaced = expression.replace('/', " OR ");
    let spaced = spaced.replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    any(&mut words, allowed)
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any(words: &mut Words<'_>, allowed: &[&str]) -> bool {
    let mut good = all(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        good |= all(words, allowed);
    }
    good
}

fn all(words: &mut Words<'_>, allowed: &[&str]) -> bool {
    let mut good = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        good &= one(words, allowed);
    }
    good
}

fn one(words: &mut Words<'_>, allowed: &[&str]) -> bool {
    match words.next() {
        Some("(") => {
            let good = any(words, allowed);
            assert_eq!(words.next(), Some(")"));
            good
        }
        // A licence with an exception allows more than the licence alone.
        Some(licence) => {
            if words.next_if_eq(&"WITH").is_some() {
                words.next();
            }
            allowed.contains(&licence)
        }
        None => false,
    }
}

#[test]
fn every_crate_is_under_a_licence_that_is_allowed() {
    let rules = rules();
    let allowed = texts(&rules["licenses"]["allow"]);
    for package in packages() {
        let licence = package["license"].as_str().unwrap_or_default();
        assert!(may(licence, &allowed), "{}: {licence:?}", package["name"]);
    }
}

#[test]
fn no_crate_is_one_that_is_banned_or_comes_from_elsewhere() {
    let rules = rules();
    let banned = rules["bans"]["deny"].as_array().expect("bans");
    let banned: Vec<&Value> = banned.iter().map(|ban| &ban["crate"]).collect();
    let registries = texts(&rules["sources"]["allow-registry"]);
    for package in packages() {
        assert!(!banned.contains(&&package["name"]), "{}", package["name"]);
        let ours = package["source"].is_null();
        let source = package["source"].as_str().unwrap_or_default();
        let known = source
            .strip_prefix("registry+")
            .is_some_and(|url| registries.contains(&url));
        assert!(ours || known, "{}: {source}", package["name"]);
    }
}

#[test]
fn a_licence_is_allowed_by_one_of_an_or_and_by_each_of_an_and() {
    let allowed = ["MIT", "ISC"];
    for good in [
        "MIT",
        "GPL-3.0/MIT",
        "MIT AND ISC",
        "(GPL-3.0 OR MIT) AND ISC",
        "MIT WITH a",
    ] {
        assert!(may(good, &allowed), "{good}");
    }
    for bad in [
        "",
        "GPL-3.0",
        "MIT AND GPL-3.0",
        "(MIT OR ISC) AND GPL-3.0",
        "GPL-3.0 OR Zlib",
    ] {
        assert!(!may(bad, &allowed), "{bad}");
    }
}
