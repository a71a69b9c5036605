//! Every order in which webhooks may reach us, with commands between them.

use super::super::append::Append;
use super::database::Database;
use super::play::play_singly;
use super::story::Story;
use crate::domain::{AgencyId, Call, LegHandle};
use std::collections::BTreeMap;

type Rows = BTreeMap<(AgencyId, LegHandle), Call>;

/// What happens, without the order in which we hear of it. Commands keep theirs.
#[derive(Clone, Debug)]
pub(super) struct Tale {
    pub webhooks: Vec<Append>,
    pub commands: Vec<Append>,
}

impl Story {
    pub(super) fn into_tale(self) -> Tale {
        let is_webhook = |append: &Append| matches!(append, Append::Webhook(_));
        let (webhooks, commands) = self.into_appends().into_iter().partition(is_webhook);
        Tale { webhooks, commands }
    }
}

impl Tale {
    /// The appends when webhooks come in this order (of their places) and each command comes after
    /// that many of them.
    pub(super) fn told(&self, order: &[usize], after: &[usize]) -> Vec<Append> {
        let mut commands = self.commands.iter().zip(after).peekable();
        let mut appends = Vec::new();
        for heard in 0..=order.len() {
            while let Some((command, _)) = commands.next_if(|(_, after)| **after <= heard) {
                appends.push(command.clone());
            }
            appends.extend(order.get(heard).map(|place| self.webhooks[*place].clone()));
        }
        appends
    }

    /// Plays every order, and shows that where the same commands were accepted the same rows are
    /// left. Returns them by what became of the commands.
    pub(super) fn rows_of_every_order(&self) -> BTreeMap<Vec<String>, Rows> {
        let mut ends = BTreeMap::new();
        for order in permutations(self.webhooks.len()) {
            for after in places(self.commands.len(), self.webhooks.len()) {
                let played = play_singly(&self.told(&order, &after));
                same_end(&mut ends, &played, || {
                    format!("{order:?}, commands {after:?}")
                });
            }
        }
        ends
    }
}

/// Remembers how a play ended, and that it ended as those before with the same commands accepted.
pub(super) fn same_end(
    ends: &mut BTreeMap<Vec<String>, Rows>,
    played: &Database,
    how: impl Fn() -> String,
) {
    let rows = played.rows();
    let end = ends
        .entry(played.commands())
        .or_insert_with(|| rows.clone());
    assert_eq!(*end, rows, "{}", how());
}

/// Every order of that many things.
pub(super) fn permutations(size: usize) -> Vec<Vec<usize>> {
    let mut orders = vec![Vec::new()];
    for next in 0..size {
        orders = orders
            .into_iter()
            .flat_map(|order: Vec<usize>| {
                (0..=order.len()).map(move |place| {
                    let mut order = order.clone();
                    order.insert(place, next);
                    order
                })
            })
            .collect();
    }
    orders
}

/// Every way to put that many commands, in their order, between that many webhooks. None comes
/// before the first webhook: there is nothing to act on.
fn places(commands: usize, webhooks: usize) -> Vec<Vec<usize>> {
    let mut ways: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..commands {
        ways = ways
            .into_iter()
            .flat_map(|way| {
                let from = way.last().copied().unwrap_or(1);
                (from..=webhooks).map(move |place| [way.clone(), vec![place]].concat())
            })
            .collect();
    }
    ways
}
