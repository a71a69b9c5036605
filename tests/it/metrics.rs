//! Every metric of the catalogue counts something: one day has a bit of everything.

use crate::support::World;
use crate::support::browser::Board;
use crate::support::exchange::{ANNAS_PHONE, Line};
use crate::support::http::reply;
use crate::support::node::Node;
use crate::support::retelling::tell;
use crate::support::wire::Wire;
use crate::support::wiretap::Wiretap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use callboard_simulator::Fault;
use std::collections::BTreeSet;
use std::time::Duration;

const STEP: Duration = Duration::from_millis(50);

/// What no single server can bring about in this process: lines are lost where a process cannot write
/// its log (`unwritten`), and the build is what it is.
const ELSEWHERE: [&str; 2] = ["callboard_log_lines_lost_total", "callboard_build_info"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_moves_every_metric() {
    let line = World::on_postgres().await.line().await;
    let other = other_node(&line).await;
    let mut moved = BTreeSet::new();
    talks(&line).await;
    let board = is_heard_from_another_node(&line, &other).await;
    note([&line.node, &other], &mut moved).await;
    drop(board);
    refuses_strangers(&line, &other).await;
    loses_its_carrier(&line).await;
    note([&line.node, &other], &mut moved).await;
    cannot_see_to_errands(&line, &other).await;
    note([&line.node, &other], &mut moved).await;
    line.world.allows("errands").await;
    cannot_keep_a_webhook(&line).await;
    forgets(&line, &other).await;
    note([&line.node, &other], &mut moved).await;
    relays(&line, &mut moved).await;

    let names = line.node.app.metrics.names().iter();
    let still: Vec<_> = names
        .filter(|name| !moved.contains(*name) && !ELSEWHERE.contains(&name.as_str()))
        .collect();
    assert!(still.is_empty(), "these never moved: {still:?}");
}

/// The names of all samples that are not zero.
async fn note(nodes: [&Node; 2], moved: &mut BTreeSet<String>) {
    let [one, other] = nodes;
    let pages = [one.metrics().await, other.metrics().await];
    for sample in pages.iter().flat_map(|page| page.lines()) {
        let value = sample.rsplit(' ').next().unwrap_or_default();
        let is_zero = value.parse::<f64>().is_ok_and(|value| value == 0.0);
        if !sample.starts_with('#') && !is_zero {
            let name = sample.split(['{', ' ']).next().unwrap_or_default();
            moved.insert(name.to_owned());
            // By a story's clock something may have taken no time.
            if let Some(measured) = name.strip_suffix("_count") {
                moved.insert(format!("{measured}_sum"));
            }
        }
    }
}

/// Another server, which asks an issuer for keys.
async fn other_node(line: &Line) -> Node {
    let mut config = line.world.config.clone();
    config.auth.supabase_url = Some("http://127.0.0.1:9".parse().expect("a URL"));
    Node::start_by(&line.world, config).await
}

async fn talks(line: &Line) {
    let mut board = line.olivias_board().await;
    let (caller, _) = line.talk(line.world.anna, ANNAS_PHONE).await;
    line.owes_no("record").await;
    caller.hangs_up();
    line.world.wind_until(STEP, line.ended(caller.id())).await;
    while board.hears().await.kind != "call.ended" {}
    board.is_served().await;
    let position = board.leaves().await;
    let _ = line
        .node
        .board_at(&line.world, line.world.anna, position)
        .await;
}

/// What another node commits is a gap here.
async fn is_heard_from_another_node(line: &Line, other: &Node) -> Board {
    let mut board = line.olivias_board().await;
    let carrier = other.carrier(&line.world.acme);
    let call = carrier.new_call("+15550123");
    tell(&carrier, [&call.initiated()]).await;
    // What the carrier says late of the call before may come first.
    let heard = async { while !board.hears_words(1).await[0].contains("+15550123") {} };
    line.world.wind_until(STEP, heard).await;
    board
}

/// Two more servers relay, a stranger writes between, a line is cut, and one of them is told to go.
async fn relays(line: &Line, moved: &mut BTreeSet<String>) {
    let mut config = line.world.config.clone();
    config.relay = callboard::config::Relay::Postgres;
    let one = Node::start_by(&line.world, config.clone()).await;
    one.shows_metric("callboard_relay_up 1").await;
    // Whoever comes later may have missed something.
    let other = Node::start_by(&line.world, config).await;
    other.shows_metric("callboard_relay_up 1").await;
    let heard = async { while other.metric("callboard_relay_gaps_total ").await == Some(0) {} };
    line.world.wind_until(STEP, heard).await;
    let board = one.board(&line.world, line.world.olivia).await;
    let ready = async { while other.metric("callboard_boards_warm ").await == Some(0) {} };
    line.world.wind_until(STEP, ready).await;
    board.leaves().await;
    note([&one, &other], moved).await;
    let stranger = "NOTIFY callboard_relay_1, 'hello'";
    line.world.database.execute(stranger).await;
    let unheard = r#"callboard_relay_unheard_total{reason="unreadable"} 1"#;
    one.shows_metric(unheard).await;
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND query LIKE '%pg_notify%' \
         AND pid <> pg_backend_pid()";
    line.world.database.execute(cut).await;
    one.shows_metric("callboard_relay_up 0").await;
    one.rings(&line.world.acme, 1).await;
    one.shows_metric("callboard_relay_dropped_total 1").await;
    other.app.leave(Duration::ZERO).await;
    note([&one, &other], moved).await;
}

async fn refuses_strangers(line: &Line, other: &Node) {
    let refused = reply(line.node.http.get(format!("{}/api/me", line.node.url))).await;
    assert_eq!(refused.status, 401);
    let mut wire = Wire::open(&line.node).await;
    wire.says_connect(&"no.to.ken".into()).await;
    assert!(wire.ends().await.starts_with("4500 "));
    // Signed by a key that only the issuer can know, and the issuer does not answer.
    let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let header = part(r#"{"alg":"ES256","typ":"JWT","kid":"theirs"}"#);
    let token = format!(
        "{header}.{}.{}",
        part("{}"),
        URL_SAFE_NO_PAD.encode([7; 64])
    );
    let ask = other.http.get(format!("{}/api/me", other.url));
    assert_eq!(reply(ask.bearer_auth(token)).await.status, 503);
    let failed = r#"callboard_key_fetches_total{result="failed"} 1"#;
    other.shows_metric(failed).await;
}

/// A carrier that fails is given up for a while.
async fn loses_its_carrier(line: &Line) {
    line.exchange
        .faults()
        .until_lifted("transfer", Fault::status(500));
    let opened = r#"callboard_provider_circuits_open{provider="telnyx"}"#;
    while line.node.metric(opened).await == Some(0) {
        let call = line.exchange.rings("+15550100").await;
        line.acts_in_time(line.world.anna, "answer", &call).await;
    }
    line.exchange.faults().lift();
}

/// The database refuses, a duty dies of it, and errands wait.
async fn cannot_see_to_errands(line: &Line, other: &Node) {
    let word = line.world.refuses("UPDATE", "errands").await;
    let _trap = Wiretap::kills_who_says(&word);
    // Whether that call goes on is to be looked at.
    let call = line.carrier.new_call("+15550100");
    assert_eq!(
        line.carrier.deliver(&call.initiated()).await.status,
        Some(200)
    );
    let ends = r#"callboard_duty_ends_total{duty="errands"}"#;
    let died = becomes_more_than_none(line, other, ends);
    line.world.wind_until(STEP, died).await;
    let oldest = becomes_more_than_none(line, other, "callboard_errands_oldest_seconds ");
    line.world.wind_until(STEP, oldest).await;
}

async fn cannot_keep_a_webhook(line: &Line) {
    line.world.refuses("INSERT", "webhook_events").await;
    let carrier = line.node.carrier(&line.world.acme);
    let call = carrier.new_call("+15550100").initiated();
    assert_eq!(carrier.deliver(&call).await.status, Some(503));
    line.world.allows("webhook_events").await;
}

/// What is too old goes, by whichever server is the first to look.
async fn forgets(line: &Line, other: &Node) {
    line.world.clock.advance(Duration::from_secs(8 * 24 * 3600));
    let events = r#"callboard_retention_removed_total{what="events"}"#;
    let removed = becomes_more_than_none(line, other, events);
    line.world
        .wind_until(Duration::from_secs(60), removed)
        .await;
}

/// Waits until one of the servers has counted some.
async fn becomes_more_than_none(line: &Line, other: &Node, name: &str) {
    loop {
        for node in [&line.node, other] {
            if node.metric(name).await.is_some_and(|counted| counted > 0) {
                return;
            }
        }
    }
}
