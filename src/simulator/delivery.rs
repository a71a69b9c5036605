//! Delivering a webhook: not letting go until it is acknowledged, refused or out of time.

use super::carrier::Carrier;
use super::schedule::Verdict;
use super::webhook::Webhook;
use std::time::Duration;

/// What came of a delivery in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver has it.
    Acknowledged,
    /// The receiver answered that it does not want it.
    Refused,
    /// The schedule came to its end: a real carrier's event would be lost.
    GaveUp,
}

/// A delivery that has come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// How it ended.
    pub outcome: Outcome,
    /// The last attempt's HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// How often it was sent; 1 when all went well.
    pub attempts: u32,
    /// How long the last attempt took, in microseconds by the carrier's clock.
    pub micros: i64,
}

/// One attempt of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Counted from 1; what `meta.attempt` said.
    pub number: u32,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// What the schedule makes of it.
    pub verdict: Verdict,
    /// How long it took, in microseconds by the carrier's clock.
    pub micros: i64,
}

impl Carrier {
    /// Delivers a webhook: sends it, and again by the schedule until it is acknowledged, refused
    /// or given up. Each attempt is signed again, at its own time and with its own number: Telnyx
    /// does not say whether its retries are, and a first timestamp would grow too old.
    ///
    /// Calling this twice sends a duplicate; concurrently, at the same time.
    pub async fn deliver(&self, webhook: &Webhook) -> Delivery {
        self.deliver_watched(webhook, |_| {}).await
    }

    /// The same, telling of each attempt as it ends.
    pub async fn deliver_watched(
        &self,
        webhook: &Webhook,
        mut watch: impl FnMut(&Attempt) + Send,
    ) -> Delivery {
        let schedule = &self.settings.schedule;
        let has_failover = self.settings.failover_url.is_some();
        let (mut number, mut waited) = (1, Duration::ZERO);
        loop {
            let attempt = self.attempt(webhook, number).await;
            watch(&attempt);
            let outcome = match attempt.verdict {
                Verdict::Acknowledged => Outcome::Acknowledged,
                Verdict::Refused => Outcome::Refused,
                Verdict::Failed => match schedule.wait(number, waited, has_failover) {
                    Some(wait) => {
                        self.settings.clock.sleep(wait).await;
                        waited += wait;
                        number += 1;
                        continue;
                    }
                    None => Outcome::GaveUp,
                },
            };
            return Delivery {
                outcome,
                status: attempt.status,
                attempts: number,
                micros: attempt.micros,
            };
        }
    }

    async fn attempt(&self, webhook: &Webhook, number: u32) -> Attempt {
        let request = self.request(webhook, number);
        let began = self.settings.clock.now();
        let answer = self.send(&request).await;
        let micros = self.settings.clock.now().micros_since(began);
        if let Err(error) = &answer {
            tracing::debug!(webhook = %webhook.id, attempt = number, %error, "Webhook not delivered");
        }
        let status = answer.ok().map(|answer| answer.status);
        Attempt {
            number,
            status,
            verdict: self.settings.schedule.judge(status),
            micros,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Carrier, Delivery, Outcome};
    use crate::clock::Timestamp;
    use crate::hands::{Hand, by_hand, system};
    use crate::receiver::{Received, Receiver};
    use crate::{CarrierSettings, HangupCause, RetrySchedule, SigningKey};
    use std::time::Duration;

    fn at_once() -> RetrySchedule {
        RetrySchedule::listed(vec![Duration::ZERO; 5])
    }

    fn noon() -> Hand {
        by_hand(Timestamp::parse("2026-11-21T12:00:00Z").unwrap())
    }

    #[actix_web::test]
    async fn a_delivery_looks_like_telnyx() {
        let receiver = Receiver::answering(&[]);
        let carrier = receiver.carrier(noon(), RetrySchedule::voice());
        let delivery = carrier
            .deliver(&carrier.new_call("+15550100001").initiated())
            .await;
        assert_eq!(
            delivery,
            Delivery {
                outcome: Outcome::Acknowledged,
                status: Some(200),
                attempts: 1,
                micros: 0
            }
        );
        let received = &receiver.received()[0];
        assert_eq!(received.header("content-type"), Some("application/json"));
        assert_eq!(received.header("user-agent"), Some("telnyx-webhooks"));
        assert_eq!(received.header("telnyx-timestamp"), Some("1795262400"));
        assert!(received.is_signed_by(&receiver.key.public_key()));
        let meta = &received.json()["meta"];
        assert_eq!(meta["attempt"], 1);
        assert_eq!(meta["delivered_to"], receiver.address("/hooks").as_str());
    }

    #[actix_web::test]
    async fn a_server_that_fails_twice_is_tried_a_third_time_with_fresh_signatures() {
        let receiver = Receiver::answering(&[503, 503]);
        let clock = noon();
        let carrier = receiver.carrier(clock.clone(), RetrySchedule::voice());
        let webhook = carrier.new_call("+15550100001").initiated();
        let mut waits = [2_u64, 4].into_iter();
        let delivery = carrier.deliver_watched(&webhook, |attempt| {
            // The hand moves on only once the wait has begun.
            if let (true, Some(wait)) = (attempt.status == Some(503), waits.next()) {
                let clock = clock.clone();
                actix_web::rt::spawn(async move { clock.advance(Duration::from_secs(wait)) });
            }
        });
        let delivery = delivery.await;
        assert_eq!((delivery.attempts, delivery.status), (3, Some(200)));
        let received = receiver.received();
        for (number, one) in (1..).zip(&received) {
            assert!(one.is_signed_by(&receiver.key.public_key()));
            assert_eq!(one.json()["meta"]["attempt"], number);
            assert_eq!(one.id(), webhook.id);
        }
        let timestamps: Vec<_> = received
            .iter()
            .map(|one| one.header("telnyx-timestamp"))
            .collect();
        assert_eq!(
            timestamps,
            ["1795262400", "1795262402", "1795262406"].map(Some)
        );
    }

    #[actix_web::test]
    async fn a_refusal_is_final_and_a_schedule_has_an_end() {
        let receiver = Receiver::answering(&[401, 500, 408, 429, 503, 500, 504]);
        let carrier = receiver.carrier(system(), at_once());
        let call = carrier.new_call("+15550100001");
        let refused = carrier.deliver(&call.initiated()).await;
        assert_eq!((refused.outcome, refused.attempts), (Outcome::Refused, 1));
        let lost = carrier.deliver(&call.answered()).await;
        assert_eq!(
            (lost.outcome, lost.attempts, lost.status),
            (Outcome::GaveUp, 6, Some(504))
        );
    }

    #[actix_web::test]
    async fn after_two_failures_the_other_address_is_asked() {
        let receiver = Receiver::answering(&[500, 500, 500]);
        let failover = receiver.address("/failover");
        let carrier = Carrier::new(CarrierSettings {
            failover_url: Some(failover.clone()),
            ..receiver.settings(system(), at_once())
        });
        let carrier = carrier.unwrap();
        let delivery = carrier
            .deliver(&carrier.new_call("+15550100001").initiated())
            .await;
        assert_eq!(delivery.attempts, 4);
        let received = receiver.received();
        let paths: Vec<&str> = received.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(paths, ["/hooks", "/hooks", "/failover", "/failover"]);
        assert_eq!(
            received[3].json()["meta"]["delivered_to"],
            failover.as_str()
        );
        assert!(received[3].is_signed_by(&receiver.key.public_key()));
    }

    #[actix_web::test]
    async fn redirects_are_followed_three_times_and_no_further() {
        let receiver = Receiver::answering(&[307, 307, 307, 200, 307, 307, 307, 307]);
        let carrier = receiver.carrier(system(), at_once());
        let call = carrier.new_call("+15550100001");
        let followed = carrier.deliver(&call.initiated()).await;
        assert_eq!(
            (followed.outcome, followed.attempts),
            (Outcome::Acknowledged, 1)
        );
        assert_eq!(receiver.received()[3].path, "/moved");
        let lost = carrier.deliver(&call.answered()).await;
        assert_eq!((lost.outcome, lost.status), (Outcome::Refused, Some(307)));
    }

    #[actix_web::test]
    async fn silence_and_closed_doors_are_failures() {
        let deaf = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}/", deaf.local_addr().unwrap());
        let key = SigningKey::from_seed([7; 32]).unwrap();
        let mut settings = CarrierSettings::new(url.parse().unwrap(), key, system());
        settings.schedule = at_once().with_timeout(Duration::from_millis(20));
        let carrier = Carrier::new(settings).unwrap();
        let call = carrier.new_call("+15550100001");
        let unheard = carrier.deliver(&call.initiated()).await;
        assert_eq!((unheard.outcome, unheard.attempts), (Outcome::GaveUp, 6));
        drop(deaf);
        let unreached = carrier.deliver(&call.initiated()).await;
        assert_eq!((unreached.status, unreached.attempts), (None, 6));
    }

    #[actix_web::test]
    async fn one_webhook_goes_out_twice_at_once_and_in_any_order() {
        let receiver = Receiver::answering(&[]);
        let carrier = receiver.carrier(system(), RetrySchedule::once());
        let call = carrier.new_call("+15550100001");
        let (rang, ended) = (
            call.initiated(),
            call.hung_up(HangupCause::OriginatorCancel),
        );
        carrier.deliver(&ended).await;
        tokio::join!(carrier.deliver(&rang), carrier.deliver(&rang));
        let ids: Vec<_> = receiver.received().iter().map(Received::id).collect();
        assert_eq!(ids, [ended.id, rang.id, rang.id]);
    }
}
