//! The wire contract is a public document, and says of every route, word and setting that it is there.

use crate::support::World;
use crate::support::command::callboard;
use crate::support::http::reply;
use crate::support::node::Node;
use serde_json::Value;
use std::collections::BTreeSet;

/// Parts of the OpenAPI document whose words a client decides by.
const WORDS: [&str; 6] = [
    "CallResult",
    "CredentialKey",
    "EventType",
    "Reason",
    "Role",
    "Status",
];

async fn contract(node: &Node) -> String {
    let page = reply(node.ask("GET", "/docs")).await;
    assert!(page.text().contains("\"docs/contract.md\""), "no link");
    let contract = reply(node.ask("GET", "/docs/contract.md")).await;
    let kind = contract.header("content-type");
    assert_eq!(kind, Some("text/plain; charset=utf-8"));
    contract.text()
}

/// Those of them that the text does not have between backticks, or as a word of its own.
fn missing(text: &str, wanted: impl IntoIterator<Item = String>) -> Vec<String> {
    let is_part = |letter: char| letter.is_alphanumeric() || "_/{}".contains(letter);
    let words: BTreeSet<&str> = text
        .split(|letter: char| !is_part(letter) && letter != '.' && letter != '-')
        .map(|word| word.trim_end_matches(['.', '-']))
        .collect();
    let wanted = wanted.into_iter();
    wanted
        .filter(|word| !words.contains(word.as_str()))
        .collect()
}

async fn the_contract_names_every_route_word_and_close_code(world: World) {
    let node = world.node().await;
    let contract = contract(&node).await;
    let nothing = Vec::<String>::new();

    let openapi = reply(node.ask("GET", "/openapi.json")).await.json();
    let paths: Vec<String> = openapi["paths"]
        .as_object()
        .expect("paths")
        .keys()
        .cloned()
        .collect();
    assert!(paths.len() > 25, "{paths:?}");
    assert_eq!(missing(&contract, paths.clone()), nothing);
    for schema in WORDS {
        let words = openapi["components"]["schemas"][schema]["enum"].as_array();
        let words = words.unwrap_or_else(|| panic!("no {schema}"));
        let words = words.iter().filter_map(Value::as_str).map(str::to_owned);
        assert_eq!(missing(&contract, words), nothing, "{schema}");
    }
    let asyncapi = reply(node.ask("GET", "/asyncapi.json")).await.json();
    let codes = asyncapi["x-close-codes"].as_array().expect("codes");
    let codes = codes.iter().map(|close| close["code"].to_string());
    assert_eq!(missing(&contract, codes), nothing);

    // And nothing that is not there.
    let is_path = |word: &&str| word.starts_with("/api/") || word.starts_with("/functions/");
    let named = contract
        .split(|letter: char| letter.is_whitespace() || "`[?,)".contains(letter))
        .filter(is_path)
        .filter(|word| !word.ends_with('*'));
    let absent: Vec<&str> = named
        .filter(|path| !paths.iter().any(|known| known == path))
        .collect();
    assert_eq!(absent, Vec::<&str>::new());
}

on_each_database!(the_contract_names_every_route_word_and_close_code,);

#[tokio::test]
async fn the_contract_names_every_setting() {
    let help = callboard(&["--help"], "sqlite://nowhere.db").await;
    let settings: Vec<String> = help
        .said
        .split("[env: ")
        .skip(1)
        .filter_map(|text| text.split(['=', ']']).next())
        .map(str::to_owned)
        .collect();
    assert!(settings.len() > 30, "{settings:?}");
    let contract = std::fs::read_to_string("static/docs/contract.md").expect("the contract");
    assert_eq!(missing(&contract, settings), Vec::<String>::new());
}
