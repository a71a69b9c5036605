//! What every door of the server does alike: unknown paths, wrong methods, other origins, too many
//! refusals, slow senders; and whether the house is alive and ready.

use crate::support::World;
use crate::support::http::{Reply, reply};
use crate::support::node::Node;
use crate::support::patience::soon;
use callboard::config::Origin;
use callboard_simulator::SignedRequest;
use secrecy::ExposeSecret;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Every route, and what it allows.
const ROUTES: [(&str, &str); 14] = [
    ("/", "GET, HEAD"),
    ("/board/main.js", "GET, HEAD"),
    ("/wall", "GET, HEAD"),
    ("/healthz", "GET, HEAD"),
    ("/readyz", "GET, HEAD"),
    ("/ws", "GET"),
    ("/api/me", "GET, HEAD"),
    ("/api/calls", "GET, HEAD"),
    ("/api/calls/1", "GET, HEAD"),
    ("/api/calls/1/events", "GET, HEAD"),
    ("/api/calls/1/events?since=now", "GET, HEAD"),
    ("/api/telnyx/calls/pending", "GET, HEAD"),
    ("/api/telnyx/webhook", "POST"),
    ("/api/telnyx/webhook/1", "POST"),
];
const PAGE: &str = "https://board.example.com";

/// A bad signature, from this address if one is given.
async fn forges(node: &Node, world: &World, forwarded_for: Option<&str>) -> Reply {
    let mut request: SignedRequest = node.carrier(&world.rival).sign("{}");
    let path = format!("/api/telnyx/webhook/{}", world.acme.id);
    request.url.set_path(&path);
    if let Some(address) = forwarded_for {
        let header = ("x-forwarded-for".to_owned(), address.to_owned());
        request.headers.push(header);
    }
    node.takes(&request).await
}

/// Forges until it is told to wait; more often than the burst it may not be.
async fn forges_until_told_to_wait(node: &Node, world: &World, address: Option<&str>) -> Reply {
    let (refusals, told) = forges_on(node, world, address).await;
    assert!(refusals >= 30, "told to wait after {refusals}");
    told
}

/// How often it is refused before it is told to wait: a stranger 30 times, one who was told to wait
/// already as often as time has passed.
async fn forges_on(node: &Node, world: &World, address: Option<&str>) -> (usize, Reply) {
    for refusals in 0..100 {
        let answer = forges(node, world, address).await;
        if answer.status == 429 {
            return (refusals, answer);
        }
        assert_eq!(answer.status, 401);
    }
    panic!("never told to wait");
}

/// A world whose pages may come from elsewhere.
fn with_a_page_elsewhere(mut world: World) -> World {
    world.config.access.allowed_origins = vec![Origin::parse(PAGE).expect("an origin")];
    world
}

async fn a_path_that_is_not_there_is_told_in_json(world: World) {
    let node = world.node().await;
    for path in [
        "/nothing",
        "/api",
        "/api/",
        "/api/nothing",
        "/api/telnyx",
        "/api/telnyx/nothing",
        "/api/me/",
        "/api/calls/1/2/3",
        "/metrics",
        "/functions/v1/nothing",
        "/%00",
        "/ws/",
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let answer = reply(node.ask(method, path)).await;
            assert_eq!(
                (answer.status, answer.error()),
                (404, "There is nothing at this path".into()),
                "{method} {path}"
            );
        }
    }
}

async fn a_wrong_method_is_told_the_right_ones_in_json(world: World) {
    let node = world.node().await;
    for (path, allowed) in ROUTES {
        for method in [
            "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND",
        ] {
            if allowed.split(", ").any(|right| right == method) {
                continue;
            }
            let answer = reply(node.ask(method, path)).await;
            let told = (answer.status, answer.header("allow"));
            assert_eq!(told, (405, Some(allowed)), "{method} {path}");
            let sentence = format!("Method not allowed; allowed here: {allowed}");
            let at_the_webhook = path.contains("webhook") && method == "GET";
            assert_eq!(
                answer.error().strip_prefix(&sentence).map(str::is_empty),
                Some(!at_the_webhook),
                "{method} {path}: {}",
                answer.error()
            );
        }
    }
}

async fn a_webhook_that_comes_by_get_is_told_the_setting(world: World) {
    let node = world.node().await;
    for path in [
        "/api/telnyx/webhook?data=x",
        "/api/telnyx/webhook/1",
        "/api/telnyx/webhook/",
    ] {
        let answer = reply(node.ask("GET", path)).await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
        assert!(
            answer
                .error()
                .contains("set the HTTP method of the webhook to POST in the portal")
        );
    }
}

async fn answers_in_json_are_kept_out_of_caches_and_taken_for_nothing_else(world: World) {
    let node = world.node().await;
    for path in [
        "/api/me",
        "/api/calls",
        "/api/call-logs",
        "/api/users",
        "/api/calls/1",
        "/api/nothing",
        "/api/agency/credentials",
        "/api/ultravox/status",
        "/functions/v1/nothing",
        "/healthz",
        "/readyz",
        "/openapi.json",
        "/asyncapi.json",
        "/ws",
        "/nothing",
    ] {
        for answer in [
            node.reads(&world, world.olivia, path).await,
            reply(node.ask("GET", path)).await,
            reply(node.ask("BREW", path)).await,
        ] {
            let told = ["content-type", "cache-control", "x-content-type-options"]
                .map(|name| answer.header(name));
            assert_eq!(
                told,
                [Some("application/json"), Some("no-store"), Some("nosniff")],
                "{path}"
            );
        }
    }
    let metrics = format!("http://{}/nothing", node.app.metrics_addr.unwrap());
    assert_eq!(
        reply(node.http.get(metrics)).await.header("cache-control"),
        Some("no-store")
    );
    // A file says for itself how long it is good for.
    let file = reply(node.ask("GET", "/sdk/package.json")).await;
    assert_eq!(
        (file.status, file.header("cache-control")),
        (200, Some("no-cache"))
    );
}

async fn an_id_that_cannot_be_one_is_not_found(world: World) {
    let node = world.node().await;
    let long = "x".repeat(600);
    for id in [
        "%00", "a%00b", "%20", "%ff", "%c3%28", "0", &long, "%2e%2e", "null",
    ] {
        for (method, path) in [
            ("GET", format!("/api/calls/{id}")),
            ("GET", format!("/api/calls/{id}/events")),
            ("GET", format!("/api/calls/{id}/recordings/{id}")),
            ("POST", format!("/api/telnyx/calls/{id}/answer")),
            ("POST", format!("/api/telnyx/calls/{id}/release")),
            ("POST", format!("/api/telnyx/calls/{id}/end")),
            ("GET", format!("/api/agency/credentials/{id}")),
            ("DELETE", format!("/api/agency/credentials/{id}")),
            ("GET", format!("/api/ultravox/telephony_configs/{id}")),
        ] {
            let answer = node.does(&world, world.olivia, method, &path, None).await;
            assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text());
        }
        let notes = Some(serde_json::json!({"notes": "x"}));
        let path = format!("/api/call-logs/{id}");
        let answer = node.does(&world, world.olivia, "PATCH", &path, notes).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text());
    }
}

async fn a_head_is_a_get_without_its_body(world: World) {
    let node = world.node().await;
    for path in ["/", "/board/main.js", "/healthz", "/readyz", "/nothing"] {
        let (head, get) = (
            reply(node.ask("HEAD", path)).await,
            reply(node.ask("GET", path)).await,
        );
        assert_eq!((head.status, head.body.len()), (get.status, 0), "{path}");
        assert_eq!(
            head.header("content-type"),
            get.header("content-type"),
            "{path}"
        );
        assert_eq!(head.header("etag"), get.header("etag"), "{path}");
    }
}

async fn a_listed_page_may_read_answers_and_errors(world: World) {
    let world = with_a_page_elsewhere(world);
    let node = world.node().await;
    let token = world.token(world.anna);
    let allowed = "access-control-allow-origin";
    for path in [
        "/api/me",
        "/api/calls?limit=0",
        "/api/nothing",
        "/healthz",
        "/nothing",
        "/",
        "/api/telnyx/webhook",
    ] {
        for origin in [PAGE, "https://evil.example.com", "null"] {
            let ask = node
                .ask("GET", path)
                .header("origin", origin)
                .bearer_auth(token.expose_secret());
            let answer = reply(ask).await;
            let expected = (origin == PAGE).then_some(PAGE);
            assert_eq!(
                answer.header(allowed),
                expected,
                "{path} for {origin}: {}",
                answer.status
            );
            let vary = answer
                .header("vary")
                .unwrap_or_default()
                .to_ascii_lowercase();
            assert!(vary.contains("origin"), "{path}: {vary}");
        }
    }
    let refused = reply(node.ask("GET", "/api/me").header("origin", PAGE)).await;
    assert_eq!((refused.status, refused.header(allowed)), (401, Some(PAGE)));
}

async fn a_listed_page_may_ask_first_and_no_other(world: World) {
    let world = with_a_page_elsewhere(world);
    let node = world.node().await;
    let preflight = async |path: &str, origin: &str| {
        let ask = node.ask("OPTIONS", path).header("origin", origin);
        let ask = ask.header("access-control-request-method", "PATCH");
        reply(ask.header(
            "access-control-request-headers",
            "authorization,x-of-tomorrow,traceparent",
        ))
        .await
    };
    for path in [
        "/api/me",
        "/api/calls/1",
        "/api/telnyx/calls/1/answer",
        "/healthz",
    ] {
        let answer = preflight(path, PAGE).await;
        assert_eq!(
            (answer.status, answer.header("access-control-allow-origin")),
            (200, Some(PAGE)),
            "{path}"
        );
        let methods = answer.header("access-control-allow-methods").unwrap();
        assert!(methods.contains("PATCH"), "{methods}");
        let headers = answer
            .header("access-control-allow-headers")
            .unwrap()
            .to_lowercase();
        assert!(
            headers.contains("authorization") && headers.contains("x-of-tomorrow"),
            "{headers}"
        );
        let other = preflight(path, "https://evil.example.com").await;
        assert_eq!(other.header("access-control-allow-origin"), None);
        assert!(!other.error().is_empty());
    }
}

async fn without_listed_pages_no_other_origin_is_let_in(world: World) {
    let node = world.node().await;
    let token = world.token(world.anna);
    let ask = node.ask("GET", "/api/me").header("origin", PAGE);
    let answer = reply(ask.bearer_auth(token.expose_secret())).await;
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (200, None)
    );
}

async fn many_forgeries_are_told_to_wait_while_the_real_carrier_is_served(world: World) {
    let node = world.node().await;
    let told = forges_until_told_to_wait(&node, &world, None).await;
    let seconds: u64 = told.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert!(
        told.error().contains("Too many refused requests"),
        "{}",
        told.error()
    );

    let carrier = node.carrier(&world.acme);
    let call = carrier.request(&carrier.new_call("+15550100").initiated(), 1);
    assert_eq!(node.takes(&call).await.status, 200);
    assert_eq!(node.reads(&world, world.anna, "/api/me").await.status, 200);
    // Tokens are counted with signatures: by now a bad one waits too.
    assert_eq!(
        reply(node.ask("GET", "/api/me").bearer_auth("bad"))
            .await
            .status,
        429
    );
    assert_eq!(
        node.metric(r#"callboard_webhooks_total{result="limited"}"#)
            .await,
        Some(1)
    );
}

async fn a_forwarded_address_is_believed_of_a_trusted_proxy_alone(world: World) {
    let mut world = world;
    let open = world.node().await;
    forges_until_told_to_wait(&open, &world, None).await;
    // Whoever is no proxy cannot become another address.
    assert_eq!(forges(&open, &world, Some("203.0.113.7")).await.status, 429);

    let ranges = ["127.0.0.0/8", "10.0.0.0/8"].map(|range| range.parse().expect("a range"));
    world.config.access.trusted_proxies = ranges.to_vec();
    let behind = world.node().await;
    forges_until_told_to_wait(&behind, &world, Some("203.0.113.7")).await;
    for (address, status) in [
        ("203.0.113.8", 401),
        ("203.0.113.7", 429),
        ("203.0.113.8, 203.0.113.7", 429),
        ("203.0.113.7, 203.0.113.9", 401),
        ("203.0.113.7, 10.1.2.3", 429),
        ("203.0.113.7:4711", 429),
        ("\"203.0.113.7:4711\", 10.1.2.3:80", 429),
        ("[2001:db8:7::1]:4711", 401),
        ("203.0.113.7, garbage", 401),
        ("2001:db8::1, 2001:db8:1:2:3::4", 401),
    ] {
        if status == 401 {
            assert_eq!(
                forges(&behind, &world, Some(address)).await.status,
                401,
                "{address}"
            );
        } else {
            let (refusals, _) = forges_on(&behind, &world, Some(address)).await;
            assert!(
                refusals < 20,
                "{address} passed for another after {refusals}"
            );
        }
    }
}

async fn a_neighbour_of_the_same_ipv6_network_is_the_same_stranger(world: World) {
    let mut world = world;
    world.config.access.trusted_proxies = vec!["127.0.0.1".parse().expect("a range")];
    let node = world.node().await;
    forges_until_told_to_wait(&node, &world, Some("2001:db8:1:2::1")).await;
    assert_eq!(
        forges(&node, &world, Some("2001:db8:1:2:ffff::9"))
            .await
            .status,
        429
    );
    assert_eq!(
        forges(&node, &world, Some("2001:db8:1:3::1")).await.status,
        401
    );
}

async fn a_body_is_waited_for_20_seconds_and_no_longer(world: World) {
    let node = world.node().await;
    let head = "POST /api/telnyx/webhook HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
                Connection: close\r\nContent-Length: 10\r\n\r\n{";
    let (mut late, mut never) = (node.connects().await, node.connects().await);
    let (mut of_late, mut of_never) = (String::new(), String::new());
    late.write_all(head.as_bytes()).await.unwrap();
    never.write_all(head.as_bytes()).await.unwrap();
    node.reads(&world, world.anna, "/api/me").await;

    world.wind(Duration::from_secs(19)).await;
    late.write_all(b"        }").await.unwrap();
    soon("an answer", late.read_to_string(&mut of_late))
        .await
        .unwrap();
    assert!(of_late.starts_with("HTTP/1.1 401 "), "{of_late}");

    let time_passes = async {
        loop {
            world.wind(Duration::from_secs(1)).await;
        }
    };
    let cut = async {
        tokio::select! {
            read = never.read_to_string(&mut of_never) => { read.unwrap(); }
            () = time_passes => {}
        }
    };
    soon("the body to be given up", cut).await;
    assert!(of_never.starts_with("HTTP/1.1 408 "), "{of_never}");
    assert!(
        of_never.ends_with(r#"{"error":"The body did not arrive within 20 s"}"#),
        "{of_never}"
    );
}

async fn a_server_without_its_database_is_alive_but_not_ready(world: World) {
    let node = world.node().await;
    let ready = async || reply(node.ask("GET", "/readyz")).await;
    assert_eq!(
        (ready().await.status, ready().await.json()["status"].clone()),
        (200, "ready".into())
    );

    world
        .database
        .execute("ALTER TABLE directory RENAME TO gone")
        .await;
    let not = ready().await;
    assert_eq!(
        (not.status, not.error()),
        (503, "Not ready: database".into())
    );
    assert_eq!(
        (not.header("retry-after"), not.json()["missing"][0].clone()),
        (Some("2"), "database".into())
    );
    let alive = reply(node.ask("GET", "/healthz")).await;
    assert_eq!(
        (alive.status, alive.json()["status"].clone()),
        (200, "alive".into())
    );

    world
        .database
        .execute("ALTER TABLE gone RENAME TO directory")
        .await;
    assert_eq!(ready().await.status, 200);
}

async fn metrics_are_counted_by_route_on_a_listener_of_their_own(world: World) {
    let node = world.node().await;
    for _ in 0..2 {
        node.reads(
            &world,
            world.anna,
            "/api/calls/0193e0a0-0000-7000-8000-000000000000",
        )
        .await;
    }
    let counted = r#"callboard_http_requests_total{route="/api/calls/{id}",status="404"}"#;
    assert_eq!(node.metric(counted).await, Some(2));
    let metrics = format!("http://{}/metrics", node.app.metrics_addr.unwrap());
    let posted = reply(node.http.post(&metrics)).await;
    assert_eq!(
        (posted.status, posted.header("allow")),
        (405, Some("GET, HEAD"))
    );
    let elsewhere = reply(node.http.get(metrics.replace("/metrics", "/api/me"))).await;
    assert_eq!(
        (elsewhere.status, elsewhere.error().is_empty()),
        (404, false)
    );
    let read = reply(node.http.get(&metrics)).await;
    assert!(
        read.header("content-type")
            .unwrap()
            .starts_with("application/openmetrics-text")
    );
    let prometheus =
        "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1";
    for (accept, is_plain) in [
        ("text/plain", true),
        ("text/plain; version=0.0.4", true),
        ("TEXT/plain;q=0.3,*/*;q=0.1", true),
        (prometheus, false),
        ("*/*", false),
    ] {
        let read = reply(node.http.get(&metrics).header("accept", accept)).await;
        let plain = read.header("content-type") == Some("text/plain; version=0.0.4; charset=utf-8");
        assert_eq!((read.status, plain), (200, is_plain), "{accept}");
        assert_eq!(
            read.text()
                .contains("\n# TYPE callboard_webhooks_total counter\n"),
            is_plain
        );
        assert_eq!(read.text().ends_with("# EOF\n"), !is_plain);
    }
}

on_each_database!(
    a_path_that_is_not_there_is_told_in_json,
    a_wrong_method_is_told_the_right_ones_in_json,
    a_webhook_that_comes_by_get_is_told_the_setting,
    answers_in_json_are_kept_out_of_caches_and_taken_for_nothing_else,
    an_id_that_cannot_be_one_is_not_found,
    a_head_is_a_get_without_its_body,
    a_listed_page_may_read_answers_and_errors,
    a_listed_page_may_ask_first_and_no_other,
    without_listed_pages_no_other_origin_is_let_in,
    many_forgeries_are_told_to_wait_while_the_real_carrier_is_served,
    a_forwarded_address_is_believed_of_a_trusted_proxy_alone,
    a_neighbour_of_the_same_ipv6_network_is_the_same_stranger,
    a_body_is_waited_for_20_seconds_and_no_longer,
    a_server_without_its_database_is_alive_but_not_ready,
    metrics_are_counted_by_route_on_a_listener_of_their_own,
);
