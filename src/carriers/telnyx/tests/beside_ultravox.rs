//! What holds for every provider's client, Telnyx's and Ultravox's alike.

use crate::carriers::telnyx::Telnyx;
use crate::clock::Clock;
use crate::config::TelephonyEndpoint;
use crate::domain::{AgencyId, Timestamp};
use crate::providers::Account;
use crate::providers::breaker::Breakers;
use crate::providers::http::Http;
use crate::providers::scripted::{Scripted, Step};
use crate::providers::ultravox::{Ultravox, VoiceCarrier};
use crate::telemetry::{Metrics, Provider};
use uuid::Uuid;

struct Both {
    telnyx: Telnyx,
    ultravox: Ultravox,
    metrics: Metrics,
}

impl Both {
    fn at(server: &Scripted) -> Self {
        let clock = Clock::by_hand(Timestamp::from_micros(0));
        let metrics = Metrics::new();
        let http = Http::without_pauses(clock.clone());
        let breakers = |provider| Breakers::new(provider, clock.clone(), metrics.clone());
        let base = || server.base.clone();
        Self {
            telnyx: Telnyx::new(base(), http.clone(), breakers(Provider::Telnyx)),
            ultravox: Ultravox::new(
                base(),
                TelephonyEndpoint::Provider,
                http.clone(),
                breakers(Provider::Ultravox),
            ),
            metrics,
        }
    }

    /// Asks both for something that changes nothing; what each says when it fails.
    async fn ask(&self, account: &Account) -> [Result<(), String>; 2] {
        let telnyx = self.telnyx.look(account, "v3:leg").await;
        let ultravox = self.ultravox.config(account, VoiceCarrier::Telnyx).await;
        [
            telnyx.map(drop).map_err(|error| error.to_string()),
            ultravox.map(drop).map_err(|error| error.to_string()),
        ]
    }

    fn counted(&self, result: &str) -> usize {
        let text = self.metrics.encode().unwrap();
        let label = format!("result=\"{result}\"");
        let counts = text
            .lines()
            .filter(|line| line.starts_with("callboard_provider_requests_total"))
            .filter(|line| line.contains(&label));
        let counts = counts.filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok());
        counts.sum()
    }
}

fn account(key: &str) -> Account {
    Account::new(AgencyId(Uuid::from_u128(7)), key.into())
}

#[tokio::test]
async fn a_key_that_no_header_can_carry_is_no_providers_failure() {
    let body = r#"{"data":{"is_alive":true}}"#;
    let server = Scripted::doing([Step::says("200 OK", body)]).await;
    let both = Both::at(&server);
    for _ in 0..20 {
        for said in both.ask(&account("KEY\n0123")).await {
            let said = said.unwrap_err();
            assert!(said.contains("no header can carry"), "{said}");
            assert!(!said.contains("0123"), "{said}");
        }
    }
    assert_eq!(server.taken().len(), 0);
    assert_eq!(both.ask(&account("KEY0123")).await, [Ok(()), Ok(())]);
    assert_eq!((both.counted("unsendable"), both.counted("done")), (40, 2));
}

#[tokio::test]
async fn each_shows_the_key_where_its_provider_looks_for_it() {
    let body = r#"{"data":{"is_alive":true}}"#;
    let server = Scripted::doing([Step::says("200 OK", body)]).await;
    let both = Both::at(&server);
    assert_eq!(both.ask(&account("KEY0123")).await, [Ok(()), Ok(())]);
    let taken = server.taken();
    assert_eq!(taken[0].headers["authorization"], "Bearer KEY0123");
    assert_eq!(taken[1].headers["x-api-key"], "KEY0123");
}

#[tokio::test]
async fn what_is_refused_and_what_fails_is_counted_alike() {
    for (status, result) in [
        ("403 Forbidden", "refused"),
        ("429 Too Many Requests", "failed"),
        ("302 Found", "failed"),
        ("500 Oh", "failed"),
    ] {
        let server = Scripted::doing([Step::says(status, "no KEY0123")]).await;
        let both = Both::at(&server);
        for said in both.ask(&account("KEY0123")).await {
            assert!(!said.unwrap_err().contains("KEY0"));
        }
        assert_eq!(both.counted(result), 2, "{status}");
    }
}
