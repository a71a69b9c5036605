//! A process is lost in the middle of something, and another one sees it through.

use crate::support::World;
use crate::support::exchange::{API_KEY, Line};
use crate::support::node::client;
use crate::support::patience::{look_again, soon};
use crate::support::process::Process;
use crate::support::retelling::tell;
use callboard::clock::Clock;
use callboard::config::DatabaseUrl;
use callboard_simulator::{Carrier, CarrierSettings, Exchange, ExchangeSettings, Fault, Request};
use secrecy::ExposeSecret;
use serde_json::json;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

const ANNAS_PHONE: &str = "sip:anna@sip.telnyx.com";
const STEP: Duration = Duration::from_millis(20);

async fn killed_between_claim_and_transfer_another_sends_it_again_with_its_id(world: World) {
    let mut world = world.by_the_machines_clock().with_phones().await;
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let base = format!("http://127.0.0.1:{port}/v2");
    world.config.providers.telnyx_api_base = base.parse().expect("a URL");
    let mut server = Process::start(&world).await;
    let exchange = exchange(&world, &server, listener);
    let caller = exchange.rings("+15550100").await;
    exchange.faults().next(1, "transfer", Fault::hangs());
    let before = world.clock.now();

    let path = format!(
        "/api/telnyx/calls/{}/answer",
        caller.id().replace(':', "%3A")
    );
    let request = client().post(format!("{}{path}", server.url));
    let request = request.bearer_auth(world.token(world.anna).expose_secret());
    let asking = tokio::spawn(request.json(&json!({})).send());
    let is_transfer = |asked: &Request| asked.action == "transfer";
    let first = soon("a transfer", exchange.hears(is_transfer)).await;
    server.dies().await;
    assert!(asking.await.expect("a task").is_err());

    let again = |asked: &Request| asked.action == "transfer" && asked.effect;
    let again = match &world.database.url {
        // Nobody else can be at it: what the dead one had in hand is taken up at once.
        DatabaseUrl::Sqlite { .. } => {
            world.clock = Clock::by_hand(world.clock.now());
            let _next = world.node().await;
            soon("the transfer to be sent again", exchange.hears(again)).await
        }
        // Another server might be at it, until the lease is over.
        DatabaseUrl::Postgres(_) => {
            world.clock = Clock::by_hand(before);
            let _other = world.node().await;
            let again = world.wind_until(STEP, exchange.hears(again)).await;
            let waited = world.clock.now().micros_since(before);
            assert!(waited >= 15_000_000, "{waited} µs");
            again
        }
    };

    assert!(first.command_id.is_some());
    assert_eq!(
        (again.command_id, again.body),
        (first.command_id, first.body)
    );
    soon("the phone", exchange.phone(ANNAS_PHONE).rings()).await;
    let transfers = exchange
        .requests()
        .into_iter()
        .filter(|one| one.action == "transfer");
    assert_eq!(transfers.count(), 2);
}

async fn a_deadline_that_passed_while_no_server_ran_is_kept_by_the_next(world: World) {
    let Line {
        world,
        node,
        exchange,
        carrier,
    } = world.line().await;
    let call = carrier.new_call("+15550100");
    tell(&carrier, [&call.initiated()]).await;
    node.wins(world.anna, "Anna", &call.call_control_id).await;
    drop(node);
    world.clock.advance(Duration::from_secs(60));

    let line = Line {
        node: world.node().await,
        world,
        exchange,
        carrier,
    };

    let rings = |row: &serde_json::Value| row["status"] == "incoming";
    let released = line.when(&call.call_control_id, "the claim to be released", rings);
    // The lost one may have taken it in hand in its last moment.
    line.world.wind_until(STEP, released).await;
    assert_eq!(
        line.timeline(&call.call_control_id).await,
        [
            "call.incoming",
            "call.answering by Anna",
            "call.released timed_out",
        ]
    );
    // It is too late to let a phone ring for that claim.
    assert!(line.asked("transfer").is_empty());
}

async fn a_hang_up_that_is_owed_survives_the_server(world: World) {
    let lax = ExchangeSettings {
        cancels_second_leg: false,
        ..ExchangeSettings::default()
    };
    let Line {
        world,
        node,
        exchange,
        carrier,
    } = {
        let line = world.line_with(lax).await;
        line.exchange
            .faults()
            .until_lifted("hangup", Fault::drops());
        let caller = line.exchange.rings("+15550100").await;
        line.does(line.world.anna, "answer", &caller).await;
        soon("a phone", line.exchange.phone(ANNAS_PHONE).rings()).await;
        soon("it to be known", line.exchange.settled()).await;
        line.does(line.world.anna, "release", &caller).await;
        line
    };
    let is_hangup = |asked: &Request| asked.action == "hangup";
    let first = soon("a hangup", exchange.hears(is_hangup)).await;
    drop(node);
    exchange.faults().lift();
    assert!(exchange.phone(ANNAS_PHONE).is_ringing());

    let _next = world.node().await;
    let done = |asked: &Request| asked.action == "hangup" && asked.effect;
    let done = world.wind_until(STEP, exchange.hears(done)).await;

    assert_eq!((done.leg, done.command_id), (first.leg, first.command_id));
    assert!(!exchange.phone(ANNAS_PHONE).is_ringing());
    drop(carrier);
}

async fn a_drain_lets_an_answer_that_is_under_way_finish(world: World) {
    let line = world.line().await;
    let caller = line.exchange.rings("+15550100").await;
    let slow = Fault::slow(Duration::from_millis(100));
    line.exchange.faults().next(1, "transfer", slow);
    let Line {
        world,
        node,
        exchange,
        ..
    } = line;
    let path = format!(
        "/api/telnyx/calls/{}/answer",
        caller.id().replace(':', "%3A")
    );
    let request = node.http.post(format!("{}{path}", node.url));
    let request = request.bearer_auth(world.token(world.anna).expose_secret());
    let asking = tokio::spawn(request.json(&json!({})).send());
    let is_transfer = |asked: &Request| asked.action == "transfer";
    soon("a transfer", exchange.hears(is_transfer)).await;

    let addr = node.app.addr;
    let draining = tokio::spawn(node.app.drain());
    let deaf = async {
        while tokio::net::TcpStream::connect(addr).await.is_ok() {
            look_again().await;
        }
    };
    soon("the listener to close", deaf).await;
    assert!(!asking.is_finished());

    let slowly = Duration::from_millis(1);
    let answer = world.wind_until(slowly, asking).await.expect("a task");
    assert_eq!(answer.expect("an answer").status().as_u16(), 200);
    world.wind_until(STEP, draining).await.expect("a drain");
    let claims = "SELECT command FROM claims WHERE command_accepted = ";
    let accepted = match &world.database.url {
        DatabaseUrl::Sqlite { .. } => format!("{claims}1"),
        DatabaseUrl::Postgres(_) => format!("{claims}TRUE"),
    };
    assert_eq!(world.database.texts(&accepted).await, ["transfer"]);
}

on_each_database!(
    killed_between_claim_and_transfer_another_sends_it_again_with_its_id,
    a_deadline_that_passed_while_no_server_ran_is_kept_by_the_next,
    a_hang_up_that_is_owed_survives_the_server,
    a_drain_lets_an_answer_that_is_under_way_finish,
);

/// The carrier of Acme's account, by the machine's clock, whose webhooks go to that process.
fn exchange(world: &World, server: &Process, listener: TcpListener) -> Exchange {
    let url = format!("{}/api/telnyx/webhook", server.url);
    let url = url.parse().expect("a URL");
    let settings = CarrierSettings::new(url, world.acme.key.clone(), world.clock.clone());
    let carrier = Carrier::new(CarrierSettings {
        connection_id: Some(world.acme.connection.clone()),
        ..settings
    });
    let settings = ExchangeSettings {
        api_key: Some(API_KEY.into()),
        ..ExchangeSettings::default()
    };
    let carrier = Arc::new(carrier.expect("a carrier"));
    Exchange::listen(listener, carrier, settings).expect("serves")
}
