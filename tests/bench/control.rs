//! Call control: how many claims a second are decided while 64 agents race for every call, and what a
//! carrier that hangs on every command does to the webhooks that come in meanwhile.
#![allow(
    unreachable_pub,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr
)]

#[allow(dead_code)]
mod support;

use callboard::clock::Clock;
use callboard_simulator::{
    ANY, Caller, Carrier, CarrierSettings, Exchange, ExchangeSettings, Fault, SigningKey,
};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::figures::{Figures, Target, tell_ratio};
use support::must_be_optimised;
use support::webhooks::Calls;
use support::world::World;
use tokio::task::JoinSet;

const AGENTS: usize = 64;
/// Calls that are raced for in a round, and calls that one agent alone takes in a round.
const CALLS: usize = 100;
const ROUNDS: usize = 5;
/// Webhooks in flight while agents answer.
const IN_FLIGHT: usize = 8;
/// How long webhooks come in a round: shorter than the carrier hangs.
const ROUND: Duration = Duration::from_secs(5);

fn main() {
    must_be_optimised("control");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let stage = Stage::start().await;
        stage.race().await;
        stage.hanging_carrier().await;
    });
}

/// A server with agents, and its carrier.
struct Stage {
    world: World,
    exchange: Exchange,
    http: reqwest::Client,
    clock: Clock,
}

impl Stage {
    async fn start() -> Self {
        let clock = Clock::system();
        let key = SigningKey::from_seed([7; 32]).expect("a key");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let commands = listener.local_addr().expect("an address");
        let world = World::start_with(1, AGENTS, clock.clone(), |config| {
            config.agency_defaults.telnyx_api_key = Some("KEY_of_a_benchmark".into());
            config.agency_defaults.telnyx_public_key = Some(key.public_key());
            config.agency_defaults.telnyx_sip_username = Some("agents".into());
            // Whoever wins a race takes part in the next.
            config.calls.per_agent = None;
            let base = format!("http://{commands}/v2");
            config.providers.telnyx_api_base = base.parse().expect("a URL");
        })
        .await;
        let url = format!("http://{}/api/telnyx/webhook", world.app.addr);
        let settings = CarrierSettings::new(url.parse().expect("a URL"), key, clock.clone());
        let carrier = Arc::new(Carrier::new(settings).expect("a carrier"));
        let exchange = Exchange::listen(listener, carrier, ExchangeSettings::default());
        Self {
            world,
            exchange: exchange.expect("an exchange"),
            http: reqwest::Client::new(),
            clock,
        }
    }

    async fn ringing(&self, count: usize) -> Arc<Vec<Caller>> {
        let mut calls = Vec::new();
        for number in 0..count {
            calls.push(self.exchange.rings(&format!("+1555010{number:04}")).await);
        }
        Arc::new(calls)
    }

    /// Answers per second, wins and refusals, of 64 agents who race for every call, over those of one
    /// agent who takes one after the other.
    async fn race(&self) {
        let (mut raced, mut alone) = (Figures::default(), Figures::default());
        let mut claims = Figures::default();
        for round in 0..=ROUNDS {
            let one = self.claims_per_second(AGENTS).await;
            let other = self.claims_per_second(1).await;
            if round > 0 {
                claims.add(one);
                // Each claim of a race was asked for by all, and all but one were told by whom.
                raced.add(one * 64.0);
                alone.add(other);
            }
        }
        let details = format!(
            "{:.0} claims/s with {AGENTS} agents after each call, {:.0} with one",
            claims.median(),
            alone.median()
        );
        let ratio = raced.over(&alone);
        tell_ratio("answers in a race", &details, &ratio, Target::AtLeast(1.0));
    }

    async fn claims_per_second(&self, agents: usize) -> f64 {
        let calls = self.ringing(CALLS).await;
        let began = Instant::now();
        let mut racers = JoinSet::new();
        for agent in 0..agents {
            let calls = Arc::clone(&calls);
            let (http, token) = (self.http.clone(), self.world.tokens[agent].clone());
            let base = self.base();
            racers.spawn(async move {
                let mut won = 0_u32;
                for call in calls.iter() {
                    won += u32::from(answer(&http, &base, &token, call).await == 200);
                }
                won
            });
        }
        let won: u32 = racers.join_all().await.into_iter().sum();
        let seconds = began.elapsed().as_secs_f64();
        assert_eq!(won as usize, CALLS, "each call has one winner");
        self.hang_up(&calls).await;
        f64::from(won) / seconds
    }

    /// The p99 of webhooks while each agent waits for a carrier that hangs, over that while each
    /// agent is served.
    async fn hanging_carrier(&self) {
        let (mut hanging, mut well) = (Figures::default(), Figures::default());
        for round in 0..=ROUNDS {
            self.exchange.faults().until_lifted(ANY, Fault::hangs());
            let one = self.p99_while_agents_answer().await;
            self.exchange.faults().lift();
            let other = self.p99_while_agents_answer().await;
            if round > 0 {
                hanging.add(one);
                well.add(other);
            }
        }
        let details = format!(
            "p99 {:.1} ms while the carrier hangs, {:.1} ms while it does not",
            hanging.median(),
            well.median()
        );
        tell_ratio(
            "webhooks beside a carrier that hangs",
            &details,
            &hanging.over(&well),
            Target::AtMost(1.2),
        );
    }

    async fn p99_while_agents_answer(&self) -> f64 {
        let calls = self.ringing(AGENTS).await;
        let mut agents = JoinSet::new();
        for (agent, call) in calls.iter().enumerate() {
            let (http, token) = (self.http.clone(), self.world.tokens[agent].clone());
            let (base, call) = (self.base(), call.clone());
            agents.spawn(async move { answer(&http, &base, &token, &call).await });
        }
        let mut senders = JoinSet::new();
        for _ in 0..IN_FLIGHT {
            let journal = self.world.app.journal.clone();
            let mut webhooks = Calls::new(self.world.agencies[0], &self.clock);
            senders.spawn(async move {
                let (began, mut took) = (Instant::now(), Vec::new());
                while began.elapsed() < ROUND {
                    let sent = Instant::now();
                    journal.append(webhooks.next()).await.expect("stored");
                    took.push(sent.elapsed().as_secs_f64() * 1e3);
                }
                took
            });
        }
        let mut took: Vec<f64> = senders.join_all().await.into_iter().flatten().collect();
        agents.abort_all();
        self.exchange.faults().lift();
        self.hang_up(&calls).await;
        took.sort_by(f64::total_cmp);
        took[took.len() * 99 / 100]
    }

    async fn hang_up(&self, calls: &[Caller]) {
        for call in calls {
            call.hangs_up();
        }
        self.exchange.settled().await;
    }

    fn base(&self) -> String {
        format!("http://{}/api/telnyx/calls", self.world.app.addr)
    }
}

async fn answer(http: &reqwest::Client, base: &str, token: &str, call: &Caller) -> u16 {
    let id = call.id().replace(':', "%3A");
    let request = http.post(format!("{base}/{id}/answer")).bearer_auth(token);
    match request.send().await {
        Ok(answer) => answer.status().as_u16(),
        Err(_) => 0,
    }
}
