//! Many want one call, and one gets it.

use crate::support::World;
use crate::support::exchange::{ANNAS_PHONE, Line};
use crate::support::http::reply;
use crate::support::node::Node;
use callboard::domain::UserId;
use callboard_simulator::Caller;
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

const AGENTS: usize = 200;
/// A step of the clock that soon reaches the poll of two seconds.
const POLL: Duration = Duration::from_millis(10);

async fn of_two_hundred_agents_one_gets_the_call(world: World) {
    let line = world.line().await;
    one_of_them_gets_it(&line, &[&line.node]).await;
}

async fn a_winners_repeat_is_a_success_and_rings_no_second_phone(world: World) {
    let line = world.line().await;
    let call = line.exchange.rings("+15550100").await;
    line.does(line.world.anna, "answer", &call).await;

    let again = line.does(line.world.anna, "answer", &call).await;
    let _ = line.phone_rings(ANNAS_PHONE).await.answers();
    line.until("an answer", || line.exchange.totals().acknowledged >= 6)
        .await;
    let once_more = line.does(line.world.anna, "answer", &call).await;

    assert_eq!(again["call"]["status"], json!("answering"));
    assert_eq!(once_more["call"]["status"], json!("answered"));
    assert_eq!(line.asked("transfer").len(), 1);
}

async fn a_call_that_is_not_there_is_nobodys(world: World) {
    let line = world.line().await;
    let (anna, mallory) = (line.world.anna, line.world.mallory);
    let over = line.exchange.rings("+15550101").await;
    over.hangs_up();
    line.settled().await;
    let acmes = line.exchange.rings("+15550100").await;
    let gone = json!({"error": "Call not found or already ended"});

    for action in ["answer", "release"] {
        assert_eq!(
            line.acts(anna, action, &over).await,
            (404, gone.clone()),
            "{action}"
        );
    }
    for action in ["answer", "release", "end"] {
        assert_eq!(
            line.acts(mallory, action, &acmes).await,
            (404, gone.clone()),
            "{action}"
        );
        let path = format!("/api/telnyx/calls/v3:nobody/{action}");
        let unknown = line.node.post(&line.world, anna, &path, &json!({})).await;
        assert_eq!(unknown, (404, gone.clone()), "{action}");
    }

    assert!(acmes.is_alive());
    assert_eq!(line.shown(&acmes).await["status"], json!("incoming"));
    assert_eq!(line.exchange.requests(), []);
}

async fn a_stranger_and_somebody_without_a_role_take_no_call(world: World) {
    let line = world.line().await;
    line.world
        .changes_user(line.world.ben, |ben| ben.role = None)
        .await;
    let call = line.exchange.rings("+15550100").await;

    for action in ["answer", "release", "end"] {
        let id = call.id().replace(':', "%3A");
        let path = format!("/api/telnyx/calls/{id}/{action}");
        assert_eq!(reply(line.node.ask("POST", &path)).await.status, 401);
        assert_eq!(line.acts(line.world.ben, action, &call).await.0, 403);
    }

    assert_eq!(line.exchange.requests(), []);
    assert_eq!(line.world.last_seq(&line.world.acme).await, 1);
}

on_each_database!(
    of_two_hundred_agents_one_gets_the_call,
    a_winners_repeat_is_a_success_and_rings_no_second_phone,
    a_call_that_is_not_there_is_nobodys,
    a_stranger_and_somebody_without_a_role_take_no_call,
);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_hundred_agents_on_two_servers_one_gets_the_call() {
    let line = World::on_postgres().await.line().await;
    let other = line.world.node().await;
    one_of_them_gets_it(&line, &[&line.node, &other]).await;
}

async fn one_of_them_gets_it(line: &Line, nodes: &[&Node]) {
    let mut agents = Vec::new();
    for number in 0..AGENTS {
        let (id, name) = (UserId(Uuid::new_v4()), format!("Agent {number}"));
        let phone = format!("agent-{number}");
        line.world.gives_phone(id, &name, Some(&phone)).await;
        agents.push((id, name));
    }
    let (mut board, call) = line.rings("+15550100").await;

    let tries = agents.iter().zip(nodes.iter().cycle());
    let tries = tries.map(|((id, _), node)| tries_to_answer(&line.world, node, *id, &call));
    let answers = join_all(tries).await;

    let winners: Vec<usize> = (0..AGENTS)
        .filter(|place| answers[*place].0 == 200)
        .collect();
    let [winner] = winners[..] else {
        panic!("{} winners", winners.len());
    };
    let (id, name) = &agents[winner];
    let taken = json!({
        "error": "Call is already being answered",
        "answered_by": id.to_string(), "answered_by_name": name,
    });
    let others = answers
        .iter()
        .enumerate()
        .filter(|(place, _)| *place != winner);
    let told: Vec<_> = others.map(|(_, answer)| answer.clone()).collect();
    assert_eq!(told, vec![(409, taken); AGENTS - 1]);
    let phone = format!("sip:agent-{winner}@sip.telnyx.com");
    let _ = line.phone_rings(&phone).await.answers();
    // The other server's events are found by a poll, at the latest.
    let heard = line.world.wind_until(POLL, board.hears_words(2)).await;
    assert_eq!(
        heard,
        [
            "2 call.answering +15550100 answering",
            "3 call.answered +15550100 answered",
        ]
    );
    line.settled().await;
    assert_eq!(line.asked("transfer").len(), 1);
    assert_eq!(line.shown(&call).await["answered_by_name"], json!(name));
}

async fn tries_to_answer(world: &World, node: &Node, user: UserId, call: &Caller) -> (u16, Value) {
    let id = call.id().replace(':', "%3A");
    let path = format!("/api/telnyx/calls/{id}/answer");
    node.post(world, user, &path, &json!({})).await
}
