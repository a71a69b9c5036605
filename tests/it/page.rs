//! The board's own files: served with a strict policy, once, and nothing beside them.

use crate::support::World;
use crate::support::http::reply;
use std::fs;

async fn the_page_comes_with_a_policy_that_lets_nothing_else_in(world: World) {
    let node = world.node().await;
    let page = reply(node.ask("GET", "/")).await;
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, Some("text/html; charset=utf-8"))
    );
    assert!(page.text().to_lowercase().contains("<!doctype html>"));
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    let policy = page.header("content-security-policy").unwrap();
    for rule in [
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    for (file, kind) in [
        ("board/main.js", "text/javascript"),
        ("css/base.css", "text/css"),
        ("icon.svg", "image/svg+xml"),
        ("vendor/lit-html/lit-html.js", "text/javascript"),
        ("sdk/index.js", "text/javascript"),
        ("sdk/index.d.ts", "text/plain"),
        ("sdk/README.md", "text/plain"),
        ("wall", "text/html"),
    ] {
        let answer = reply(node.ask("GET", &format!("/{file}"))).await;
        assert!(
            answer.header("content-type").unwrap().starts_with(kind),
            "{file}"
        );
        assert_eq!(
            answer.header("content-security-policy"),
            Some(policy),
            "{file}"
        );
    }
}

async fn a_file_that_the_browser_has_is_not_sent_again(world: World) {
    let node = world.node().await;
    let first = reply(node.ask("GET", "/board/main.js")).await;
    let tag = first.header("etag").unwrap().to_owned();
    let known = [
        tag.clone(),
        format!("\"old\", {tag}"),
        format!("W/{tag}"),
        "*".to_owned(),
    ];
    for known in known {
        let again = reply(
            node.ask("GET", "/board/main.js")
                .header("if-none-match", &known),
        )
        .await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{known}");
        assert_eq!(again.header("etag"), Some(tag.as_str()));
    }
    for other in ["\"old\"", "old", ""] {
        let again = reply(
            node.ask("GET", "/board/main.js")
                .header("if-none-match", other),
        )
        .await;
        assert_eq!(
            (again.status, again.body == first.body),
            (200, true),
            "{other}"
        );
    }
}

async fn only_a_demo_signs_people_in_by_a_link(world: World) {
    let node = world.node().await;
    for path in ["/as/0123456789", "/as/", "/as/%00"] {
        let answer = reply(node.ask("GET", path)).await;
        assert_eq!(
            answer.text(),
            r#"{"error":"There is nothing at this path"}"#,
            "{path}"
        );
    }
}

async fn what_lies_beside_the_page_is_not_part_of_it(world: World) {
    let mut world = world;
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page");
    fs::create_dir_all(page.join("ops")).unwrap();
    fs::write(page.join("index.html"), "mine").unwrap();
    fs::write(page.join("ops/alerts.yml"), "secret").unwrap();
    fs::write(folder.path().join("secret.txt"), "secret").unwrap();
    let outside = folder.path().join("secret.txt");
    let built_in = world.node().await;
    world.config.listener.static_dir = Some(page);
    let own = world.node().await;
    assert_eq!(reply(own.ask("GET", "/")).await.text(), "mine");

    for path in [
        "/ops/alerts.yml",
        "/./ops/alerts.yml",
        "/%2e/ops/alerts.yml",
        "//ops/alerts.yml",
        "/ops//alerts.yml",
        "/x/../ops/alerts.yml",
        "/x/%2e%2e/ops/alerts.yml",
        "/ops%2falerts.yml",
        "/%6fps/alerts.yml",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/..%5csecret.txt",
        "/ops/../../secret.txt",
        "/../Cargo.toml",
        "/%2e%2e/Cargo.toml",
        "/ops",
        "/ops/",
        "/index.html%00",
        "/index.html/",
        &format!("/{}", outside.display()),
        "/%2fetc%2fpasswd",
        "//etc/passwd",
    ] {
        for node in [&built_in, &own] {
            let ask = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            let answer = node.answers_raw(&ask).await;
            assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
            assert!(
                answer.ends_with(r#"{"error":"There is nothing at this path"}"#),
                "{path}: {answer}"
            );
        }
    }
}

on_each_database!(
    the_page_comes_with_a_policy_that_lets_nothing_else_in,
    a_file_that_the_browser_has_is_not_sent_again,
    only_a_demo_signs_people_in_by_a_link,
    what_lies_beside_the_page_is_not_part_of_it,
);
