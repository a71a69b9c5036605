//! Where a plain transfer to the agent's own phone is not what happens.

use crate::support::World;
use crate::support::exchange::{ANNAS_PHONE, CALLER_ID};
use crate::support::http::bent;
use callboard::config::TransferRefused;
use callboard::domain::CredentialKey;
use callboard_simulator::{ExchangeSettings, Fault, Hears};
use serde_json::{Value, json};
use std::time::Duration;

async fn an_agent_without_a_phone_answers_plainly(world: World) {
    let line = world.line().await;
    let anna = line.world.anna;
    line.world.gives_phone(anna, "Anna", None).await;
    let (mut board, call) = line.rings("+15550100").await;

    let answer = line.does(anna, "answer", &call).await;

    assert_eq!(answer["call"]["answered_by_name"], json!("Anna"));
    assert_eq!(
        board.hears_words(1).await,
        ["2 call.answering +15550100 answering"]
    );
    let answered = board.hears().await;
    assert_eq!((answered.seq, answered.kind.as_str()), (3, "call.answered"));
    assert_eq!(answered.call.fields()["connected"], json!(false));
    assert_eq!(answered.call.text("answered_by_name"), Some("Anna"));
    assert_eq!(call.hears(), Hears::Silence);
    assert_eq!(
        (line.asked("transfer").len(), line.asked("answer").len()),
        (0, 1)
    );
}

async fn an_agent_without_a_phone_uses_the_agencys(world: World) {
    let acme = world.acme.clone();
    world
        .sets(&acme, CredentialKey::TelnyxSipUsername, "front-desk")
        .await;
    let line = world.line().await;
    line.world.gives_phone(line.world.anna, "Anna", None).await;
    let call = line.exchange.rings("+15550100").await;

    line.does(line.world.anna, "answer", &call).await;

    let phone = "sip:front-desk@sip.telnyx.com";
    assert_eq!(line.asked("transfer")[0].body["to"], json!(phone));
    line.phone_rings(phone).await;
}

async fn an_agencys_own_sip_server_is_where_its_phones_are(world: World) {
    let acme = world.acme.clone();
    world
        .sets(&acme, CredentialKey::TelnyxSipServer, "sip.acme.example")
        .await;
    let line = world.line().await;
    let call = line.exchange.rings("+15550100").await;

    line.does(line.world.anna, "answer", &call).await;

    let to = &line.asked("transfer")[0].body["to"];
    assert_eq!(to, &json!("sip:anna@sip.acme.example"));
}

async fn a_caller_who_must_be_answered_first_is_transferred_then(world: World) {
    let line = world.line_with(answers_first()).await;
    let (mut board, call) = line.rings("+15550100").await;

    line.does(line.world.anna, "answer", &call).await;

    let agent = line.phone_rings(ANNAS_PHONE).await;
    line.is_asked("transfer", 2).await;
    let asked = line.exchange.requests();
    let asked: Vec<_> = asked
        .iter()
        .map(|asked| (&*asked.action, &asked.command_id))
        .collect();
    assert_eq!(
        asked,
        [
            ("transfer", &line.command_of(&call, "transfer", 1).await),
            ("answer", &line.command_of(&call, "answer", 2).await),
            ("transfer", &line.command_of(&call, "transfer", 3).await),
        ]
    );
    let _ = agent.answers();
    assert_eq!(
        board.hears_words(3).await,
        [
            "2 call.answering +15550100 answering",
            "3 call.updated +15550100 answering",
            "4 call.answered +15550100 answered",
        ]
    );
    assert_eq!(call.hears(), Hears::Party(ANNAS_PHONE.into()));
}

async fn a_transfer_follows_also_when_the_answer_is_heard_of_before_it_is_granted(world: World) {
    let line = world.line_with(answers_first()).await;
    let (mut board, call) = line.rings("+15550100").await;
    line.exchange
        .faults()
        .next(1, "answer", Fault::slow(Duration::from_secs(1)));

    let answer = async {
        let answer = line.does(line.world.anna, "answer", &call);
        tokio::join!(answer, async {
            let heard = board.hears_words(2).await;
            assert_eq!(heard[1], "3 call.updated +15550100 answering");
            assert_eq!(line.asked("transfer").len(), 1);
            line.world.clock.advance(Duration::from_secs(1));
        })
    };
    answer.await;

    let asked = line.is_asked("transfer", 2).await;
    assert_eq!(
        asked[1].command_id,
        line.command_of(&call, "transfer", 3).await
    );
    let _ = line.phone_rings(ANNAS_PHONE).await.answers();
    assert_eq!(
        board.hears_words(1).await,
        ["4 call.answered +15550100 answered"]
    );
}

async fn a_call_whose_transfer_is_refused_is_answered_plainly(world: World) {
    let line = world.line().await;
    let (mut board, call) = line.rings("+15550100").await;
    line.exchange
        .faults()
        .next(1, "transfer", Fault::refusal(403, "10010", "/to"));

    line.does(line.world.anna, "answer", &call).await;

    let asked = line.asked("answer");
    assert_eq!(
        asked[0].command_id,
        line.command_of(&call, "answer", 2).await
    );
    assert_eq!(
        board.hears_words(2).await,
        [
            "2 call.answering +15550100 answering",
            "3 call.answered +15550100 answered",
        ]
    );
    assert_eq!(line.shown(&call).await["connected"], json!(false));
}

async fn a_call_whose_transfer_is_refused_is_let_go_of_where_that_is_wanted(world: World) {
    let world = world.configured(|config| config.calls.transfer_refused = TransferRefused::Release);
    let line = world.line().await;
    let (mut board, call) = line.rings("+15550100").await;
    line.exchange
        .faults()
        .next(1, "transfer", Fault::refusal(403, "10010", "/to"));

    let (status, body) = line.acts(line.world.anna, "answer", &call).await;

    let sentence = "Telnyx refused (403): Refused: The request was refused. The call rings again";
    assert_eq!((status, body), (502, json!({ "error": sentence })));
    assert_eq!(
        board.hears_words(2).await,
        [
            "2 call.answering +15550100 answering",
            "3 call.released +15550100 incoming refused",
        ]
    );
    assert_eq!(line.asked("answer").len(), 0);
    assert_eq!(call.hears(), Hears::Ringing);
}

async fn a_number_that_may_not_be_shown_gives_way_to_the_agencys(world: World) {
    let line = world.line().await;
    let call = line.exchange.rings("+15550100").await;
    line.exchange
        .faults()
        .next(1, "transfer", Fault::refusal(403, "D35", "/from"));

    line.does(line.world.anna, "answer", &call).await;

    assert_eq!(
        froms(&line.asked("transfer")),
        [json!("+15550100"), json!(CALLER_ID)]
    );
    let ids: Vec<_> = line
        .asked("transfer")
        .into_iter()
        .map(|asked| asked.command_id)
        .collect();
    let first = line.command_of(&call, "transfer", 1).await;
    assert_eq!(ids, [first, line.command_of(&call, "transfer", 2).await]);
    assert_eq!(line.phone_rings(ANNAS_PHONE).await.from(), CALLER_ID);
}

async fn a_caller_without_a_number_is_shown_as_the_agency(world: World) {
    let line = world.line().await;

    let callers = [
        "anonymous",
        "sip:bob@example.com",
        "Restricted",
        "",
        "+266696687",
        "Unavailable",
        "sip:+266696687@10.0.0.1",
        "private@anonymous.invalid",
        "unknown",
    ];
    for from in callers {
        let call = line.exchange.rings(from).await;
        line.does(line.world.anna, "answer", &call).await;
        let _ = line.phone_rings(ANNAS_PHONE).await.answers();
    }

    assert_eq!(
        froms(&line.asked("transfer")),
        vec![json!(CALLER_ID); callers.len()]
    );
    let names = line.asked("transfer").into_iter();
    let names: Vec<_> = names
        .map(|asked| asked.body["from_display_name"].clone())
        .collect();
    assert!(names.iter().all(Value::is_null), "{names:?}");
}

async fn what_stands_for_a_withheld_number_is_nobodys_caller_id(world: World) {
    let line = world.line().await;
    let acme = line.world.acme.clone();
    for caller_id in ["anonymous", "+266696687"] {
        line.world
            .sets(&acme, CredentialKey::TelnyxCallerId, caller_id)
            .await;
    }
    line.node.learns(&line.world).await;
    let call = line.exchange.rings("Restricted").await;

    line.does(line.world.anna, "answer", &call).await;

    assert_eq!(froms(&line.asked("transfer")), [Value::Null]);
}

async fn a_word_for_a_withheld_number_is_nobodys_name_either(world: World) {
    let line = world.line().await;
    for name in ["Anonymous", "Zoe"] {
        let leg = line.carrier.new_call("+15550100");
        let webhook = bent(&leg.initiated(), |data| {
            data["payload"]["caller_id_name"] = name.into();
        });
        let call = line.exchange.registers(leg);
        assert_eq!(
            line.node.receives(&line.world.acme, webhook).await.status,
            200
        );
        line.does(line.world.anna, "answer", &call).await;
        let _ = line.phone_rings(ANNAS_PHONE).await.answers();
    }

    let names = line.asked("transfer").into_iter();
    let names: Vec<_> = names
        .map(|asked| asked.body["from_display_name"].clone())
        .collect();
    assert_eq!(names, [Value::Null, json!("Zoe")]);
}

async fn a_call_that_the_carrier_does_not_know_is_over_for_whoever_answers_it(world: World) {
    let line = world.line().await;
    let (anna, ben) = (line.world.anna, line.world.ben);
    line.world.gives_phone(ben, "Ben", None).await;
    let gone = (404, json!({"error": "Call not found or already ended"}));
    // Anna's is transferred, Ben's is answered plainly.
    for (user, action) in [(anna, "transfer"), (ben, "answer")] {
        let call = line.exchange.rings("+15550100").await;
        let forgotten = Fault::refusal(404, "10005", "/call_control_id");
        line.exchange.faults().until_lifted(action, forgotten);

        assert_eq!(line.acts(user, "answer", &call).await, gone, "{action}");

        assert_eq!(
            line.shown(&call).await["status"],
            json!("ended"),
            "{action}"
        );
        assert_eq!(line.asked(action).len(), 1, "{action}");
        line.exchange.faults().lift();
    }
    // Where a refused transfer is answered plainly, this one is not.
    assert!(line.asked("answer").len() == 1 && line.asked("hangup").is_empty());
}

async fn no_sentence_of_a_failure_has_two_full_stops(world: World) {
    let world = world.configured(|config| config.calls.transfer_refused = TransferRefused::Release);
    let line = world.line().await;
    let call = line.exchange.rings("+15550100").await;
    for (action, fault) in [
        ("transfer", Fault::refusal(422, "90055", "/to")),
        ("transfer", Fault::status(500)),
        ("hangup", Fault::refusal(422, "90055", "/to")),
        ("hangup", Fault::status(500)),
    ] {
        line.exchange.faults().until_lifted(action, fault);
        let act = if action == "transfer" {
            "answer"
        } else {
            "end"
        };
        let (status, body) = line.acts_in_time(line.world.anna, act, &call).await;
        let sentence = body["error"].as_str().expect("a sentence");
        assert!(status == 502 && !sentence.contains(".."), "{sentence}");
        assert!(
            sentence.ends_with(". The call rings again")
                || sentence.ends_with(". The call goes on")
        );
        line.exchange.faults().lift();
    }
}

async fn a_call_that_the_carrier_knows_to_be_over_is_settled(world: World) {
    let line = world.line().await;
    let (mut board, call) = line.rings("+15550100").await;
    line.exchange.faults().loses("call.hangup", 1);
    call.hangs_up();

    let gone = line.acts(line.world.anna, "answer", &call).await;

    assert_eq!(
        gone,
        (404, json!({"error": "Call not found or already ended"}))
    );
    let heard = board.hears_words(2).await;
    assert_eq!(heard[1], "3 call.ended +15550100 ended reconciled");
    let lost = line.exchange.faults().lost();
    line.carrier.deliver(&lost[0]).await;
    assert_eq!(
        board.hears_words(1).await,
        ["4 call.updated +15550100 ended"]
    );
    assert_eq!(
        line.shown(&call).await["hangup_cause"],
        json!("originator_cancel")
    );
}

async fn without_a_key_nobody_is_asked_and_the_answer_says_how_to_mend_it(world: World) {
    let line = world.line().await;
    let acme = line.world.acme.clone();
    line.world.unsets(&acme, CredentialKey::TelnyxApiKey).await;
    line.node.learns(&line.world).await;
    let call = line.exchange.rings("+15550100").await;

    let (status, body) = line.acts(line.world.anna, "answer", &call).await;

    let sentence = body["error"].as_str().expect("a sentence").to_owned();
    assert_eq!(status, 502);
    assert!(
        sentence.contains("callboard credentials set --agency"),
        "{sentence}"
    );
    assert!(sentence.contains("telnyx_api_key"), "{sentence}");
    assert_eq!(line.shown(&call).await["status"], json!("incoming"));
    assert_eq!(line.world.last_seq(&acme).await, 1);
    assert_eq!(line.exchange.requests(), []);
}

on_each_database!(
    an_agent_without_a_phone_answers_plainly,
    an_agent_without_a_phone_uses_the_agencys,
    an_agencys_own_sip_server_is_where_its_phones_are,
    a_caller_who_must_be_answered_first_is_transferred_then,
    a_transfer_follows_also_when_the_answer_is_heard_of_before_it_is_granted,
    a_call_whose_transfer_is_refused_is_answered_plainly,
    a_call_whose_transfer_is_refused_is_let_go_of_where_that_is_wanted,
    a_number_that_may_not_be_shown_gives_way_to_the_agencys,
    a_caller_without_a_number_is_shown_as_the_agency,
    what_stands_for_a_withheld_number_is_nobodys_caller_id,
    a_word_for_a_withheld_number_is_nobodys_name_either,
    a_call_that_the_carrier_does_not_know_is_over_for_whoever_answers_it,
    no_sentence_of_a_failure_has_two_full_stops,
    a_call_that_the_carrier_knows_to_be_over_is_settled,
    without_a_key_nobody_is_asked_and_the_answer_says_how_to_mend_it,
);

/// A carrier that transfers nobody who was not answered.
pub fn answers_first() -> ExchangeSettings {
    ExchangeSettings {
        transfers_while_ringing: false,
        ..ExchangeSettings::default()
    }
}

fn froms(asked: &[callboard_simulator::Request]) -> Vec<Value> {
    let from = |asked: &callboard_simulator::Request| asked.body["from"].clone();
    asked.iter().map(from).collect()
}
