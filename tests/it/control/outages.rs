//! The carrier fails, and neither a caller nor a board is lost with it.

use crate::support::World;
use crate::support::exchange::{ANNAS_PHONE, Line};
use crate::support::http::reply;
use callboard_simulator::{ANY, Caller, Fault, Hears, Request};
use secrecy::ExposeSecret;
use serde_json::json;
use std::time::Duration;

async fn a_carrier_that_fails_is_asked_again_and_then_the_call_rings_again(world: World) {
    let line = world.line().await;
    let mut board = line.olivias_board().await;
    let faults = [
        ("Telnyx failed (500)", Fault::status(500)),
        (
            "Telnyx failed (503)",
            Fault::status(503).after(Duration::from_millis(100)),
        ),
        ("Telnyx failed (502)", Fault::html()),
        (
            "answered something that cannot be read",
            Fault::garbage().without_effect(),
        ),
        ("lost the connection before it had answered", Fault::drops()),
    ];

    for (words, fault) in faults {
        line.exchange.faults().until_lifted("transfer", fault);
        let before = line.asked("transfer").len();
        let call = line.exchange.rings("+15550100").await;

        let (status, body) = line.acts_in_time(line.world.anna, "answer", &call).await;

        let sentence = body["error"].as_str().expect("a sentence");
        assert!(
            sentence.contains(words) && sentence.ends_with("The call rings again"),
            "{sentence}"
        );
        assert_eq!(status, 502, "{words}");
        assert_eq!(
            unnumbered(&board.hears_words(3).await),
            [
                "call.incoming +15550100 incoming",
                "call.answering +15550100 answering",
                "call.released +15550100 incoming carrier_error",
            ]
        );
        let tries = line.asked("transfer").split_off(before);
        assert!(
            (2..=4).contains(&tries.len()),
            "{words}: {} tries",
            tries.len()
        );
        one_command(&line, &call, &tries).await;
        assert_eq!(call.hears(), Hears::Ringing);
        line.exchange.faults().lift();
        // What works in between keeps the circuit closed.
        line.does(line.world.ben, "end", &call).await;
        assert_eq!(
            unnumbered(&board.hears_words(1).await),
            ["call.ended +15550100 ended hangup"]
        );
    }
}

async fn a_phone_that_rings_although_the_carrier_failed_is_hung_up(world: World) {
    let line = world.line().await;
    let call = line.exchange.rings("+15550100").await;
    line.exchange
        .faults()
        .until_lifted("transfer", Fault::garbage());

    let (status, _) = line.acts_in_time(line.world.anna, "answer", &call).await;

    assert_eq!(status, 502);
    line.is_asked("hangup", 1).await;
    let phone = line.exchange.phone(ANNAS_PHONE);
    line.until("a silent phone", || !phone.is_ringing()).await;
    assert_eq!(
        line.asked("transfer")
            .iter()
            .filter(|asked| asked.effect)
            .count(),
        1
    );
    assert!(call.is_alive());
}

async fn a_carrier_that_hangs_once_is_asked_again_with_the_same_id(world: World) {
    let line = world.line().await;
    let call = line.exchange.rings("+15550100").await;
    line.exchange
        .faults()
        .next(1, "transfer", Fault::hangs().with_effect());

    let acts = line.acts(line.world.anna, "answer", &call);
    // The try goes by the machine's time, the pause after it by this clock.
    let (status, _) = line.world.wind_until(Duration::from_millis(1), acts).await;

    assert_eq!(status, 200);
    let tries = line.asked("transfer");
    assert_eq!(tries.len(), 2);
    one_command(&line, &call, &tries).await;
    let _ = line.phone_rings(ANNAS_PHONE).await.answers();
    line.until("a conversation", || {
        call.hears() == Hears::Party(ANNAS_PHONE.into())
    })
    .await;
}

async fn a_carrier_that_hangs_gives_the_call_back(world: World) {
    let line = world.line().await;
    let (mut board, call) = line.rings("+15550100").await;
    line.exchange
        .faults()
        .until_lifted("transfer", Fault::hangs());

    let acts = line.acts(line.world.anna, "answer", &call);
    let (status, body) = line.world.wind_until(Duration::from_millis(5), acts).await;

    let sentence = body["error"].as_str().expect("a sentence");
    assert!(sentence.contains("did not answer in time"), "{sentence}");
    assert_eq!(status, 502);
    assert_eq!(
        board.hears_words(2).await[1],
        "3 call.released +15550100 incoming carrier_error"
    );
    one_command(&line, &call, &line.asked("transfer")).await;
}

async fn a_carrier_that_is_asked_too_much_is_given_the_time_it_wants(world: World) {
    let line = world.line().await;
    let call = line.exchange.rings("+15550100").await;
    line.exchange
        .faults()
        .next(1, "transfer", Fault::too_many_requests(3));

    let (status, _) = line.acts_in_time(line.world.anna, "answer", &call).await;

    assert_eq!(status, 200);
    let tries = line.asked("transfer");
    assert_eq!(tries.len(), 2);
    assert!(
        tries[1].at.micros_since(tries[0].at) >= 3_000_000,
        "{tries:?}"
    );
    one_command(&line, &call, &tries).await;
}

async fn a_wait_that_is_too_long_for_an_agent_gives_the_call_back(world: World) {
    let line = world.line().await;
    let call = line.exchange.rings("+15550100").await;
    line.exchange
        .faults()
        .next(1, "transfer", Fault::too_many_requests(60));

    let (status, body) = line.acts(line.world.anna, "answer", &call).await;

    let sentence = body["error"].as_str().expect("a sentence");
    assert!(sentence.contains("too many requests"), "{sentence}");
    assert_eq!((status, line.asked("transfer").len()), (502, 1));
    assert_eq!(line.shown(&call).await["status"], json!("incoming"));
}

async fn while_the_carrier_is_away_nothing_is_claimed_and_the_board_goes_on(world: World) {
    let line = world.line().await;
    let (mut board, call) = line.rings("+15550100").await;
    line.exchange.faults().until_lifted(ANY, Fault::status(503));
    for _ in 0..5 {
        let (status, _) = line.acts_in_time(line.world.anna, "answer", &call).await;
        assert_eq!(status, 502);
    }
    board.hears_words(10).await;
    let asked = line.exchange.requests().len();

    let id = call.id().replace(':', "%3A");
    let path = format!("/api/telnyx/calls/{id}/answer");
    let token = line.world.token(line.world.ben);
    let answer = line
        .node
        .ask("POST", &path)
        .bearer_auth(token.expose_secret());
    let refused = reply(answer).await;
    let next = line.exchange.rings("+15550101").await;

    assert_eq!(refused.status, 503);
    assert!(
        refused
            .error()
            .starts_with("The carrier is not answering; try again in")
    );
    let seconds: u64 = refused
        .header("retry-after")
        .expect("a wait")
        .parse()
        .expect("seconds");
    assert!((1..=10).contains(&seconds), "{seconds}");
    assert_eq!(
        unnumbered(&board.hears_words(1).await),
        ["call.incoming +15550101 incoming"]
    );
    assert_eq!(board.shows(), ["+15550100 incoming", "+15550101 incoming"]);
    assert_eq!(line.exchange.requests().len(), asked);

    line.exchange.faults().lift();
    line.world.wind(Duration::from_secs(10)).await;
    line.does(line.world.ben, "answer", &next).await;
    line.does(line.world.anna, "answer", &call).await;
}

async fn while_one_asks_whether_the_carrier_is_back_the_others_claim_nothing(world: World) {
    let line = world.line().await;
    let (mut board, call) = line.rings("+15550100").await;
    line.exchange.faults().until_lifted(ANY, Fault::status(503));
    for _ in 0..5 {
        line.acts_in_time(line.world.anna, "answer", &call).await;
    }
    board.hears_words(10).await;
    line.exchange.faults().lift();
    let next = line.exchange.rings("+15550101").await;
    board.hears_words(1).await;
    line.world.wind(Duration::from_secs(10)).await;
    let slow = Fault::slow(Duration::from_secs(1));
    line.exchange.faults().next(1, "transfer", slow);
    let asked = line.asked("transfer").len();

    let asks = line.acts(line.world.anna, "answer", &call);
    let another = async {
        line.is_asked("transfer", asked + 1).await;
        let refused = line.acts(line.world.ben, "answer", &next).await;
        line.world.clock.advance(Duration::from_secs(1));
        refused.0
    };
    let ((first, _), second) = tokio::join!(asks, another);

    assert_eq!((first, second), (200, 503));
    // Of the other call nobody has heard anything but that it rings.
    assert_eq!(line.world.last_seq(&line.world.acme).await, 13);
    assert_eq!(
        unnumbered(&board.hears_words(1).await),
        ["call.answering +15550100 answering"]
    );
    assert_eq!(line.shown(&next).await["status"], json!("incoming"));
    assert_eq!(board.shows(), ["+15550100 answering", "+15550101 incoming"]);
    line.does(line.world.ben, "answer", &next).await;
}

async fn an_agent_who_closes_the_tab_while_answering_gets_the_call_all_the_same(world: World) {
    let line = world.line().await;
    let (mut board, call) = line.rings("+15550100").await;
    let patience = Duration::from_secs(1);
    line.exchange
        .faults()
        .next(1, "transfer", Fault::status(503).after(patience));

    tokio::select! {
        (status, _) = line.acts(line.world.anna, "answer", &call) => panic!("{status}"),
        _ = line.is_asked("transfer", 1) => {}
    }
    let again = line.is_asked("transfer", 2);
    let tries = line
        .world
        .wind_until(Duration::from_millis(20), again)
        .await;

    one_command(&line, &call, &tries).await;
    // Not the next driver's doing, who would have come after fifteen seconds.
    assert!(
        tries[1].at.micros_since(tries[0].at) < 10_000_000,
        "{tries:?}"
    );
    let _ = line.phone_rings(ANNAS_PHONE).await.answers();
    assert_eq!(
        board.hears_words(2).await,
        [
            "2 call.answering +15550100 answering",
            "3 call.answered +15550100 answered",
        ]
    );
}

on_each_database!(
    a_carrier_that_fails_is_asked_again_and_then_the_call_rings_again,
    a_phone_that_rings_although_the_carrier_failed_is_hung_up,
    a_carrier_that_hangs_once_is_asked_again_with_the_same_id,
    a_carrier_that_hangs_gives_the_call_back,
    a_carrier_that_is_asked_too_much_is_given_the_time_it_wants,
    a_wait_that_is_too_long_for_an_agent_gives_the_call_back,
    while_the_carrier_is_away_nothing_is_claimed_and_the_board_goes_on,
    while_one_asks_whether_the_carrier_is_back_the_others_claim_nothing,
    an_agent_who_closes_the_tab_while_answering_gets_the_call_all_the_same,
);

/// All of these are tries of one command: the claim's first.
async fn one_command(line: &Line, call: &Caller, tries: &[Request]) {
    let first = line.command_of(call, "transfer", 1).await;
    assert!(!tries.is_empty());
    for tried in tries {
        assert_eq!(tried.command_id, first);
    }
}

/// Events in words, without their numbers.
fn unnumbered(words: &[String]) -> Vec<&str> {
    let rest = |words: &'_ String| -> usize { words.find(' ').expect("a number") + 1 };
    words.iter().map(|words| &words[rest(words)..]).collect()
}
