//! Stories of calls to a carrier that answers as it is told.

mod answers;
mod beside_ultravox;
mod commands;
mod reading;

use super::{Account, Telnyx};
use crate::clock::Clock;
use crate::domain::{AgencyId, Timestamp};
use crate::providers::breaker::Breakers;
use crate::providers::http::Http;
use crate::providers::scripted::{Scripted, Step};
use crate::telemetry::{Metrics, Provider};
use secrecy::SecretString;
use uuid::Uuid;

const KEY: &str = "KEY0123456789ABCDEF";
const LEG: &str = "v3:abc_d-e==";
const ID: Uuid = Uuid::from_u128(0x1d);
const OK: &str = r#"{"data":{"result":"ok"}}"#;

struct Exchange {
    server: Scripted,
    telnyx: Telnyx,
    anna: Account,
    clock: Clock,
    metrics: Metrics,
}

impl Exchange {
    async fn doing(steps: impl IntoIterator<Item = Step>) -> Self {
        let server = Scripted::doing(steps).await;
        let clock = Clock::by_hand(Timestamp::parse("2026-11-21T12:00:00Z").unwrap());
        let metrics = Metrics::new();
        let breakers = Breakers::new(Provider::Telnyx, clock.clone(), metrics.clone());
        let http = Http::without_pauses(clock.clone());
        Self {
            telnyx: Telnyx::new(server.base.clone(), http, breakers),
            anna: Account::new(AgencyId(Uuid::from_u128(7)), SecretString::from(KEY)),
            server,
            clock,
            metrics,
        }
    }

    async fn saying(status: &'static str, body: impl ToString) -> Self {
        Self::doing([Step::says(status, body)]).await
    }
}
