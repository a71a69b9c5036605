//! No route without its description, no description without its route.

use super::operations;
use crate::support::World;
use crate::support::documents::Documents;
use crate::support::http::reply;
use std::collections::BTreeSet;
use std::fs;

/// Where routes are registered: the file, the function, and the scope that `app/serve.rs` puts it in.
const TABLES: [(&str, &str, &str); 8] = [
    ("src/app/serve.rs", "fn public", ""),
    ("src/ingest/handler.rs", "fn configure", "/api/telnyx"),
    ("src/api/mod.rs", "fn telnyx", "/api/telnyx"),
    ("src/api/mod.rs", "fn agency", "/api/agency"),
    ("src/api/mod.rs", "fn voice_agents", "/api/ultravox"),
    ("src/api/mod.rs", "fn board", "/api"),
    ("src/api/mod.rs", "fn functions", "/functions/v1"),
    ("src/api/mod.rs", "fn open_to_all", ""),
];

/// Files of the page that have a path of their own in the document.
const PAGES: [&str; 2] = ["/", "/docs"];

fn elsewhere(text: &str) -> bool {
    ["http://", "https://", "\"//", "'//"]
        .iter()
        .any(|place| text.contains(place))
}

/// Every `(method, path)` that the code registers, read from where it does.
fn registered() -> BTreeSet<(String, String)> {
    let mut all = BTreeSet::new();
    for (file, function, scope) in TABLES {
        let text = fs::read_to_string(file).expect("a source file");
        let at = text.find(&format!("{function}("));
        let body = &text[at.unwrap_or_else(|| panic!("no {function} in {file}"))..];
        let body = &body[..body.find("\n}\n").expect("the function's end")];
        let before = all.len();
        for call in ["resource(", "import("] {
            for rest in body.split(call).skip(1) {
                let Some(path) = rest.trim_start().strip_prefix('"') else {
                    continue;
                };
                let (path, rest) = path.split_once('"').expect("a path");
                let methods = match call {
                    "import(" => "POST",
                    _ => rest.split('"').nth(1).expect("methods"),
                };
                for method in methods.split(", ").filter(|method| *method != "HEAD") {
                    all.insert((method.to_owned(), format!("{scope}{path}")));
                }
            }
        }
        assert!(
            all.len() > before,
            "no routes found in {function} of {file}"
        );
    }
    all
}

#[test]
fn routes_are_registered_only_where_this_test_reads_them() {
    let serve = fs::read_to_string("src/app/serve.rs").expect("a source file");
    let configured = serve.matches(".configure(").count();
    assert_eq!(
        configured,
        TABLES.len() - 1,
        "a table of routes that is not in TABLES"
    );
    for (file, most) in [
        ("src/app/serve.rs", 3),
        ("src/api/mod.rs", 0),
        ("src/ingest/handler.rs", 0),
    ] {
        let text = fs::read_to_string(file).expect("a source file");
        let scopes = text
            .matches(".service(\n                web::scope")
            .count();
        assert!(scopes <= most, "{file}: {scopes} scopes within scopes");
        for other in ["web::resource(", ".route("] {
            assert!(
                !text.contains(other),
                "{file}: {other} is not read by this test"
            );
        }
    }
}

async fn every_route_is_in_the_document_and_every_path_of_it_is_a_route(world: World) {
    let node = world.node().await;
    let documents = Documents::of(&node).await;
    let all = operations(&documents.openapi).into_iter();
    let documented: BTreeSet<_> = all.map(|(method, path, _)| (method, path)).collect();
    let pages = PAGES.map(|path| ("GET".to_owned(), path.to_owned()));
    let registered: BTreeSet<_> = registered().into_iter().chain(pages).collect();
    assert_eq!(documented, registered);
    assert!(documented.len() > 30, "{documented:?}");

    // And as the server has it: a method that nobody has is answered with those that there are.
    let paths: BTreeSet<_> = documented.iter().map(|(_, path)| path).collect();
    for path in paths {
        let asked = path.replace(['{', '}'], "");
        let answer = reply(node.ask("BREW", &asked)).await;
        assert_eq!(answer.status, 405, "{path}: {}", answer.text());
        let allowed = answer.header("allow").unwrap_or_default().split(", ");
        let allowed: BTreeSet<_> = allowed.filter(|method| *method != "HEAD").collect();
        let methods = documented.iter().filter(|(_, other)| other == path);
        let methods: BTreeSet<_> = methods.map(|(method, _)| method.as_str()).collect();
        assert_eq!(allowed, methods, "{path}");
        // What may be read may be asked for its headers.
        let read = methods.contains("GET") && path != "/ws";
        let head = reply(node.ask("HEAD", &asked)).await;
        let get = reply(node.ask("GET", &asked)).await;
        assert_eq!(
            (head.status, head.body.len()),
            (if read { get.status } else { 405 }, 0),
            "{path}"
        );
    }
}

async fn who_may_ask_is_as_the_document_says(world: World) {
    let node = world.node().await;
    let documents = Documents::of(&node).await;
    for (method, path, operation) in operations(&documents.openapi) {
        let asked = path.replace(['{', '}'], "");
        let status = async |user| node.does(&world, user, &method, &asked, None).await.status;
        let bare = reply(node.ask(&method, &asked)).await;
        documents.has(&method, &path, &bare);
        if operation["security"].as_array().unwrap().is_empty() {
            assert!(
                bare.status != 401 || path.contains("/webhook"),
                "{method} {path}: {}",
                bare.status
            );
            continue;
        }
        assert_eq!(bare.status, 401, "{method} {path}");
        let closed = operation["x-role"] != "anyone of an agency";
        assert_eq!(
            status(world.anna).await == 403,
            closed,
            "{method} {path}: {}",
            operation["x-role"]
        );
        assert_ne!(status(world.olivia).await, 403, "{method} {path}");
    }
}

async fn the_page_that_reads_them_fetches_nothing_from_elsewhere(world: World) {
    let node = world.node().await;
    let page = reply(node.ask("GET", "/docs")).await;
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, Some("text/html; charset=utf-8"))
    );
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    let mut seen = 0;
    for file in ["docs.js", "docs.css", "client.mjs"] {
        let answer = reply(node.ask("GET", &format!("/docs/{file}"))).await;
        assert_eq!(answer.status, 200, "{file}");
        if file != "client.mjs" {
            assert!(
                page.text().contains(&format!("\"docs/{file}\"")),
                "{file} is not used"
            );
            assert!(!elsewhere(&answer.text()), "{file} names another place");
            seen += 1;
        }
    }
    assert_eq!(seen, 2);
    assert!(!elsewhere(&page.text()));
}

on_each_database!(
    every_route_is_in_the_document_and_every_path_of_it_is_a_route,
    who_may_ask_is_as_the_document_says,
    the_page_that_reads_them_fetches_nothing_from_elsewhere,
);
