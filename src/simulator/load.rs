//! Plays traffic against a server, and counts.

use super::carrier::Carrier;
use super::courier::{Acknowledged, Courier};
use super::exchange::{Exchange, Standing};
use super::script::{Cast, Happening, Side, Step};
use super::totals::Totals;
use super::traffic::{Plan, Traffic};
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Traffic on its way to a carrier's customer. Clones are the same load.
#[derive(Clone, Debug)]
pub struct Load {
    courier: Courier,
    traffic: Arc<Traffic>,
    exchange: Option<Exchange>,
}

impl Load {
    /// A load that has not begun.
    #[must_use]
    pub fn new(carrier: Arc<Carrier>, traffic: Traffic) -> Self {
        Self {
            courier: Courier::new(carrier),
            traffic: Arc::new(traffic),
            exchange: None,
        }
    }

    /// Tells of each acknowledged webhook. While the channel is full the calls wait, so that
    /// nothing goes untold; once its receiver is gone they go on without it.
    #[must_use]
    pub fn witnessed_by(self, witness: mpsc::Sender<Acknowledged>) -> Self {
        self.courier.is_witnessed_by(witness);
        self
    }

    /// Plays on an exchange: its calls can be commanded there. They go by their scripts until the
    /// first command; from then on commands decide, and of the script only the caller's patience
    /// is left. The load and the exchange count together from now on.
    #[must_use]
    pub fn on(mut self, exchange: &Exchange) -> Self {
        self.courier = exchange.courier().clone();
        self.exchange = Some(exchange.clone());
        self
    }

    /// What it has come to so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.courier.tally().totals()
    }

    /// Plays calls until `max_calls` have ended, or until stopped: then no further event occurs,
    /// and what is on its way is delivered as far as the retry schedule goes. To end at once,
    /// drop this future.
    ///
    /// A call's webhooks leave in order, each when the first attempt of the one before it is
    /// over. Retries hold nothing up, just as the carrier's do not: with a server that fails, later
    /// webhooks overtake earlier ones whatever `reorder` says.
    pub async fn run(&self, stop: CancellationToken) -> Totals {
        let mut calls = JoinSet::new();
        // Not a number is no rate either.
        if self.traffic.calls_per_minute > 0.0 {
            self.begin_calls(&stop, &mut calls).await;
        }
        while calls.join_next().await.is_some() {}
        self.totals()
    }

    async fn begin_calls(&self, stop: &CancellationToken, calls: &mut JoinSet<()>) {
        let places = Arc::new(Semaphore::new(self.traffic.calls_at_once.max(1)));
        let clock = self.courier.carrier().clock();
        let most = self.traffic.max_calls.unwrap_or(u64::MAX);
        let mut due = clock.now();
        for (number, plan) in (0..most).zip(self.traffic.plans()) {
            if number > 0 {
                let gap = i64::try_from(plan.after.as_micros()).unwrap_or(i64::MAX);
                due = due.plus_micros(gap);
            }
            let turn = async {
                clock.sleep_until(due).await;
                Arc::clone(&places).acquire_owned().await
            };
            let Some(Ok(place)) = stop.run_until_cancelled(turn).await else {
                return;
            };
            while calls.try_join_next().is_some() {}
            self.courier.tally().calls.count();
            let (load, stop) = (self.clone(), stop.clone());
            calls.spawn(async move {
                load.play(plan, &stop).await;
                drop(place);
            });
        }
    }

    /// One call, from its first webhook until the last has been delivered or given up.
    async fn play(&self, plan: Plan, stop: &CancellationToken) {
        let mut cast = Cast::new(self.courier.carrier().new_call_by(plan.dice, &plan.from));
        let mut deliveries = JoinSet::new();
        let mut late = Vec::new();
        for planned in plan.steps {
            let wait = self.traffic.sped_up(planned.step.after);
            let waited = self.courier.carrier().clock().sleep(wait);
            if stop.run_until_cancelled(waited).await.is_none() {
                break;
            }
            if !self.goes_by_script(&cast, &planned.step) {
                continue;
            }
            let webhook = cast.play(&planned.step);
            if let Some(exchange) = &self.exchange {
                exchange.follows(&cast, &planned.step);
            }
            if planned.held_back {
                late.push((webhook, planned.repeat));
                continue;
            }
            self.courier
                .leave(webhook, planned.repeat, &mut deliveries)
                .await;
            for (webhook, repeat) in late.drain(..) {
                self.courier.tally().out_of_order.count();
                self.courier.leave(webhook, repeat, &mut deliveries).await;
            }
        }
        // Stopped before anything could overtake them: they occurred all the same.
        for (webhook, repeat) in late {
            self.courier.leave(webhook, repeat, &mut deliveries).await;
        }
        while deliveries.join_next().await.is_some() {}
    }

    /// Whether the script still decides. When commands do, the caller hangs up all the same.
    fn goes_by_script(&self, cast: &Cast, step: &Step) -> bool {
        let Some(exchange) = &self.exchange else {
            return true;
        };
        match exchange.standing(cast) {
            Standing::Scripted => return true,
            Standing::Over => {}
            Standing::Commanded => {
                exchange.script_ends(cast);
                if step.side == Side::Caller && matches!(step.what, Happening::HungUp(_)) {
                    exchange.registers(Arc::clone(cast.caller())).hangs_up();
                }
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::{Load, Totals};
    use crate::clock::Timestamp;
    use crate::hands::{by_hand, system};
    use crate::receiver::{Received, Receiver};
    use crate::{RetrySchedule, Traffic};
    use std::collections::{HashMap, HashSet};
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::sync::mpsc;
    use tokio_util::sync::CancellationToken;
    use uuid::Uuid;

    fn rush(seed: u64, duplicates: u8, reorder: u8) -> Traffic {
        Traffic {
            calls_per_minute: f64::INFINITY,
            seed,
            duplicates,
            reorder,
            speed: f64::INFINITY,
            max_calls: Some(20),
            calls_at_once: 4,
            ..Traffic::default()
        }
    }

    async fn played(traffic: Traffic, statuses: &[u16]) -> (Totals, Vec<Received>) {
        let receiver = Receiver::answering(statuses);
        let schedule = RetrySchedule::listed(vec![Duration::ZERO; 3]);
        let carrier = receiver.carrier(system(), schedule);
        let load = Load::new(Arc::new(carrier), traffic);
        let totals = load.run(CancellationToken::new()).await;
        (totals, receiver.received())
    }

    fn counts(received: &[Received]) -> HashMap<(Uuid, String), usize> {
        let mut counts = HashMap::new();
        for one in received {
            *counts.entry((one.id(), one.event_type())).or_default() += 1;
        }
        counts
    }

    /// The events of each call in the order of their first arrival.
    fn orders(received: &[Received]) -> HashMap<String, Vec<Uuid>> {
        let mut orders: HashMap<String, Vec<Uuid>> = HashMap::new();
        for one in received {
            let order = orders.entry(one.session()).or_default();
            if !order.contains(&one.id()) {
                order.push(one.id());
            }
        }
        orders
    }

    #[actix_web::test]
    async fn the_same_seed_sends_the_same_webhooks_the_same_number_of_times() {
        let (first_totals, first) = played(rush(7, 30, 30), &[]).await;
        let (second_totals, second) = played(rush(7, 30, 30), &[]).await;
        assert_eq!(first_totals, second_totals);
        assert_eq!(counts(&first), counts(&second));
        let (_, other) = played(rush(8, 30, 30), &[]).await;
        assert!(
            counts(&other)
                .keys()
                .all(|one| !counts(&first).contains_key(one))
        );
    }

    #[actix_web::test]
    async fn a_good_day_delivers_each_webhook_once_and_in_order() {
        let (totals, received) = played(rush(1, 0, 0), &[]).await;
        assert_eq!(totals.calls, 20);
        assert_eq!(totals.webhooks, totals.acknowledged);
        assert_eq!(
            (totals.repeats, totals.out_of_order, totals.retries),
            (0, 0, 0)
        );
        assert!(counts(&received).values().all(|times| *times == 1));
        let mut last: HashMap<String, String> = HashMap::new();
        for one in &received {
            let before = last.insert(one.session(), one.occurred_at());
            assert!(before.is_none_or(|before| before <= one.occurred_at()));
        }
    }

    #[actix_web::test]
    async fn duplicates_and_late_ones_arrive_as_counted() {
        let (totals, received) = played(rush(3, 40, 40), &[]).await;
        assert!(totals.repeats > 0 && totals.out_of_order > 0);
        assert_eq!(totals.webhooks, u64::try_from(received.len()).unwrap());
        let distinct = u64::try_from(counts(&received).len()).unwrap();
        assert_eq!(totals.webhooks - totals.repeats, distinct);
        let (_, tidy) = played(rush(3, 0, 0), &[]).await;
        assert_ne!(orders(&received), orders(&tidy));
        let ids = |of: &[Received]| of.iter().map(Received::id).collect::<HashSet<_>>();
        assert_eq!(ids(&received), ids(&tidy));
    }

    #[actix_web::test]
    async fn every_delivery_is_accounted_for_when_the_server_fails_and_refuses() {
        let statuses = [503, 401, 503, 503, 503, 503, 200, 408];
        let (totals, received) = played(rush(5, 20, 20), &statuses).await;
        assert!(totals.retries >= 2, "{totals:?}");
        assert_eq!(totals.refused, 1);
        assert_eq!(
            totals.webhooks,
            totals.acknowledged + totals.refused + totals.lost
        );
        let attempts = totals.webhooks + totals.retries;
        assert_eq!(attempts, u64::try_from(received.len()).unwrap());
    }

    #[actix_web::test]
    async fn the_witness_hears_of_each_acknowledged_webhook() {
        let receiver = Receiver::answering(&[]);
        let carrier = receiver.carrier(system(), RetrySchedule::once());
        let (witness, mut heard) = mpsc::channel(1);
        let load = Load::new(Arc::new(carrier), rush(9, 20, 0)).witnessed_by(witness);
        let listening = async {
            let mut ids = Vec::new();
            while let Some(one) = heard.recv().await {
                assert_eq!(one.call_control_id.len(), 57);
                ids.push(one.data_id);
            }
            ids
        };
        let playing = async move { load.run(CancellationToken::new()).await };
        let (totals, mut told) = tokio::join!(playing, listening);
        let mut sent: Vec<Uuid> = receiver.received().iter().map(Received::id).collect();
        told.sort_unstable();
        sent.sort_unstable();
        assert_eq!(told, sent);
        assert_eq!(totals.acknowledged, u64::try_from(told.len()).unwrap());
    }

    #[actix_web::test]
    async fn a_stopped_load_lets_no_further_event_occur() {
        let receiver = Receiver::answering(&[]);
        let clock = by_hand(Timestamp::default());
        let carrier = receiver.carrier(clock, RetrySchedule::once());
        // The clock stands: the first call rings, and its next step never comes.
        let traffic = Traffic::default();
        let load = Load::new(Arc::new(carrier), traffic);
        let stop = CancellationToken::new();
        let (totals, ()) = tokio::join!(load.run(stop.clone()), async {
            receiver.next().await;
            stop.cancel();
        });
        assert_eq!(
            (totals.calls, totals.webhooks, totals.acknowledged),
            (1, 1, 1)
        );
    }
}
