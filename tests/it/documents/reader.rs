//! The page that shows the documents to people.

use crate::support::World;
use crate::support::http::reply;

fn elsewhere(text: &str) -> bool {
    ["http://", "https://", "\"//", "'//"]
        .iter()
        .any(|place| text.contains(place))
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

on_each_database!(the_page_that_reads_them_fetches_nothing_from_elsewhere);
