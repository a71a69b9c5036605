//! Stories made by chance: any webhooks of a handful of legs at any times of the carrier's clock,
//! sensible or not, heard in any order, with commands anywhere between them.

use super::super::orders::{Tale, same_end};
use super::super::people::play_with_people;
use super::super::play::play_in;
use super::super::story::{Line, Story, hangup, recording};
use crate::domain::{LegNews, Mark, ReleaseReason};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::RngSeed;
use std::collections::BTreeMap;

/// The same stories on every run.
fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_261_121),
        ..ProptestConfig::default()
    }
}

const NAMES: [&str; 3] = ["anna", "ben", "cleo"];

fn lines() -> Vec<Line> {
    let foreign = Mark::Foreign;
    let mut lines = vec![
        Line::caller().from("+15550100"),
        Line::caller().from("+15550100"),
        Line::caller().from("+15550100"),
        Line::caller().called("second caller"),
        Line::unmarked("unmarked"),
        Line::unmarked("another unmarked"),
        Line::unmarked("foreign").marked(foreign),
        Line::phone("anna").called("second phone of anna"),
    ];
    lines.extend(NAMES.map(Line::phone));
    // A transfer's leg may be of another session: its mark alone says whose it is.
    lines.extend(NAMES.map(|name| {
        let far = format!("far phone of {name}");
        Line::phone(name).called(&far).in_session(Some("another"))
    }));
    lines
}

/// What may be heard of a line, aside from its `call.initiated`, which comes once.
fn news() -> impl Strategy<Value = Option<LegNews>> {
    prop_oneof![
        3 => Just(None),
        2 => Just(Some(LegNews::Answered)),
        2 => Just(Some(LegNews::Bridged)),
        2 => select(vec!["user_busy", "no_answer", "normal_clearing"])
            .prop_map(|cause| Some(hangup(cause))),
        1 => (select(vec!["r1", "r2"]), 0..30_i64)
            .prop_map(|(id, started)| Some(recording(id, started))),
    ]
}

#[derive(Clone, Copy, Debug)]
enum Command {
    Claim,
    Release(ReleaseReason),
    PlainAnswer,
}

fn commands() -> impl Strategy<Value = Vec<(Command, &'static str)>> {
    let command = prop_oneof![
        4 => Just(Command::Claim),
        3 => Just(Command::Release(ReleaseReason::TimedOut)),
        1 => Just(Command::PlainAnswer),
    ];
    vec((command, select(NAMES.to_vec())), 0..7)
}

/// A tale and two orders to tell it in.
type Twice = (Tale, [(Vec<usize>, Vec<usize>); 2]);

fn tale() -> impl Strategy<Value = Tale> {
    let webhooks = vec((select(lines()), news(), 0..30_i64), 0..14);
    (webhooks, commands(), vec(1..30_i64, 7)).prop_map(|(webhooks, commands, mut times)| {
        let mut story = Story::new().rings("+15550100");
        let mut begun = vec!["caller".to_owned()];
        for (line, news, at) in webhooks {
            story = story.at(at);
            story = match news {
                Some(news) => story.hears(&line, news),
                None if begun.contains(&line.handle) => story,
                None => {
                    begun.push(line.handle.clone());
                    story.begins(&line)
                }
            };
        }
        times.sort_unstable();
        for ((command, name), at) in commands.into_iter().zip(times) {
            story = story.at(at);
            story = match command {
                Command::Claim => story.claims(name),
                Command::Release(reason) => story.released(name, reason),
                Command::PlainAnswer => story.answers_plainly(name),
            };
        }
        story.into_tale()
    })
}

fn order(tale: &Tale) -> impl Strategy<Value = (Vec<usize>, Vec<usize>)> + use<> {
    let webhooks = tale.webhooks.len();
    let places: Vec<usize> = (0..webhooks).collect();
    // Some come twice.
    let repeats = subsequence(places.clone(), 0..=webhooks.min(3));
    let order = repeats
        .prop_map(move |repeats| [places.clone(), repeats].concat())
        .prop_shuffle();
    let after = vec(0..=webhooks, tale.commands.len()).prop_map(|mut after| {
        after.sort_unstable();
        after
    });
    (order, after)
}

fn twice() -> impl Strategy<Value = Twice> {
    tale().prop_flat_map(|tale| {
        let orders = [order(&tale), order(&tale)];
        (Just(tale), orders)
    })
}

proptest! {
    #![proptest_config(config(1000))]

    /// The rules of `rules.rs` hold after every batch; and the same webhooks and accepted commands
    /// leave the same rows, one by one, all at once, or in batches of any size.
    #[test]
    fn whatever_happens_the_rules_hold_and_the_order_leaves_no_trace(
        (tale, orders) in twice(),
        sizes in vec(1..6_usize, 0..8),
    ) {
        let mut ends = BTreeMap::new();
        for (order, after) in &orders {
            let appends = tale.told(order, after);
            for sizes in [&vec![1; appends.len()][..], &sizes, &[]] {
                let played = play_in(&appends, sizes);
                same_end(&mut ends, &played, || format!("{order:?}, {after:?} in {sizes:?}"));
            }
        }
    }
}

proptest! {
    #![proptest_config(config(500))]

    /// With the commands where they are, the order of webhooks that come after them all, and the
    /// cut into batches, leave no trace at all.
    #[test]
    fn webhooks_after_the_commands_may_come_in_any_order(
        (tale, [(one, _), (other, _)]) in twice(),
        sizes in vec(1..6_usize, 0..8),
    ) {
        let ring_first = |order: &[usize]| [vec![0], order.to_vec()].concat();
        let after = vec![1; tale.commands.len()];
        let mut ends = BTreeMap::new();
        for order in [ring_first(&one), ring_first(&other)] {
            let appends = tale.told(&order, &after);
            for sizes in [&vec![1; appends.len()][..], &sizes] {
                let played = play_in(&appends, sizes);
                same_end(&mut ends, &played, || format!("{order:?} in {sizes:?}"));
            }
        }
        prop_assert_eq!(ends.len(), 1);
    }
}

proptest! {
    #![proptest_config(config(500))]

    /// After every batch whoever has a call is busy and nobody else is, and calls are told as ever.
    #[test]
    fn people_are_what_their_calls_make_of_them(
        (tale, [(order, after), _]) in twice(),
        sizes in vec(1..6_usize, 1..8),
    ) {
        play_with_people(&tale.told(&order, &after), &NAMES, &sizes);
    }
}
