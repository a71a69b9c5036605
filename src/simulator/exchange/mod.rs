//! The carrier's own side: Telnyx's REST API, which takes commands and lets them happen.
//!
//! | file | noun |
//! |---|---|
//! | `settings` | how it behaves where Telnyx leaves it open |
//! | `switchboard` | the legs, and how they stand to each other |
//! | `lives` | what happens to legs: ringing, answering, hearing, ending |
//! | `commands` | what commands do |
//! | `form` | what the body of a command may say |
//! | `problem` | the documented errors |
//! | `recordings` | recordings, and their fresh links |
//! | `views` | what is said of legs and applications |
//! | `route` | what a path means |
//! | `server` | the HTTP side |
//! | `faults` | faults on demand |
//! | `log` | what was asked |
//! | `post` | its webhooks on their way |
//! | `caller`, `phone` | people, in the hands of a test |
//!
//! A command is answered at once and happens in webhooks, as with Telnyx: they leave through the
//! carrier, signed and retried, those of one session in the order in which they occurred. All
//! times are the carrier's clock's, all chance is the seed's.
//!
//! ```no_run
//! # async fn story(carrier: std::sync::Arc<callboard_simulator::Carrier>) -> std::io::Result<()> {
//! use callboard_simulator::{ANY, Exchange, ExchangeSettings, Fault, Hears};
//!
//! let exchange = Exchange::open(carrier, ExchangeSettings::default())?;
//! // The server under test is given `exchange.api_base()` as its TELNYX_API_BASE.
//! let caller = exchange.rings("+15550100").await;
//! exchange.faults().next(1, "transfer", Fault::status(503));
//! // Somebody takes the call; the server asks for a transfer, twice.
//! let ringing = exchange.phone("sip:anna@sip.telnyx.com").rings().await;
//! assert_eq!(caller.hears(), Hears::Ringing);
//! let anna = ringing.answers();
//! assert!(matches!(caller.hears(), Hears::Party(_)));
//! anna.hangs_up();
//! assert_eq!(caller.hears(), Hears::Nothing);
//! let asked = exchange.requests();
//! assert_eq!(asked[0].command_id, asked[1].command_id);
//! # Ok(())
//! # }
//! ```

mod caller;
mod commands;
mod faults;
mod form;
mod lives;
mod log;
mod phone;
mod post;
mod problem;
mod recording;
mod recordings;
mod route;
mod server;
mod settings;
mod switchboard;
mod views;

#[cfg(test)]
mod tests;

pub use caller::{Caller, Hears};
pub use faults::{Fault, Faults};
pub use log::Request;
pub use phone::{Phone, Ringing};
pub use settings::{ExchangeSettings, Habit};

use super::carrier::Carrier;
use super::courier::{Acknowledged, Courier};
use super::leg::Leg;
use super::script::{Cast, Happening, Side, Step};
use super::totals::Totals;
use actix_web::dev::ServerHandle;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use switchboard::Switchboard;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use url::Url;

/// A running exchange, for one account or several. Clones are the same exchange; it closes with
/// the last of them.
#[derive(Clone, Debug)]
pub struct Exchange {
    board: Arc<Switchboard>,
    courier: Courier,
    server: Arc<Server>,
}

struct Server {
    handle: ServerHandle,
    closed: CancellationToken,
}

impl Exchange {
    /// Opens on a free port of this machine alone. Must be called on the runtime that is to play.
    ///
    /// # Errors
    /// When the system gives no port, or no thread.
    pub fn open(carrier: Arc<Carrier>, settings: ExchangeSettings) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        Self::listen(listener, carrier, settings)
    }

    /// Opens where somebody listens already: a server that must know the address first can be
    /// started in between, and its requests wait.
    ///
    /// # Errors
    /// When the listener cannot be used.
    pub fn listen(
        listener: TcpListener,
        carrier: Arc<Carrier>,
        settings: ExchangeSettings,
    ) -> std::io::Result<Self> {
        let (courier, closed) = (Courier::new(carrier), CancellationToken::new());
        let address = listener.local_addr()?;
        let board = Switchboard::new(settings, &courier, address, closed.clone());
        let board = Arc::new(board);
        let handle = server::start(listener, &board)?;
        Ok(Self {
            board,
            courier,
            server: Arc::new(Server { handle, closed }),
        })
    }

    /// The same exchange for another account: its callers' webhooks go that carrier's way.
    #[must_use]
    pub fn serving(&self, carrier: Arc<Carrier>) -> Self {
        let courier = self.courier.of(carrier);
        let mut operator = self.board.operator();
        operator.state.couriers.push(courier.clone());
        drop(operator);
        Self {
            board: Arc::clone(&self.board),
            courier,
            server: Arc::clone(&self.server),
        }
    }

    /// Where the API is, for `TELNYX_API_BASE`.
    #[must_use]
    pub fn api_base(&self) -> Url {
        let address = self.board.address;
        #[allow(clippy::expect_used)] // An address and a port, which are well-formed.
        Url::parse(&format!("http://{address}/v2")).expect("an address makes a URL")
    }

    /// Where Ultravox's telephony endpoints are, for `ULTRAVOX_API_BASE`: the same server answers
    /// for them, so that one port is enough for a whole set-up.
    #[must_use]
    pub fn ultravox_base(&self) -> Url {
        let address = self.board.address;
        #[allow(clippy::expect_used)] // An address and a port, which are well-formed.
        Url::parse(&format!("http://{address}")).expect("an address makes a URL")
    }

    /// Somebody calls. Comes back when the first attempt to tell the customer is over.
    pub async fn rings(&self, from: &str) -> Caller {
        let dice = self.board.operator().state.dice.fork();
        self.begins(self.courier.carrier().new_call_by(dice, from))
            .await
    }

    /// The same with a leg that somebody else made, and that nobody was told of.
    pub async fn begins(&self, leg: impl Into<Arc<Leg>>) -> Caller {
        let leg = leg.into();
        let (tried, told) = oneshot::channel();
        let caller = {
            let mut operator = self.board.operator();
            operator.registers(Arc::clone(&leg), &self.courier, None);
            operator.says_and_tells(&leg.call_control_id, Leg::initiated, Some(tried));
            self.caller(leg)
        };
        // An error means that it was lost, as was asked for.
        let _ = told.await;
        caller
    }

    /// A leg that somebody else made: it can be commanded from now on, and ended by its person.
    pub fn registers(&self, leg: impl Into<Arc<Leg>>) -> Caller {
        let leg = leg.into();
        let mut operator = self.board.operator();
        operator.registers(Arc::clone(&leg), &self.courier, None);
        drop(operator);
        self.caller(leg)
    }

    fn caller(&self, leg: Arc<Leg>) -> Caller {
        let board = Arc::clone(&self.board);
        Caller { board, leg }
    }

    /// The phone at a SIP address; parameters such as `;secure=srtp` are not looked at.
    #[must_use]
    pub fn phone(&self, address: &str) -> Phone {
        Phone::new(Arc::clone(&self.board), address)
    }

    /// What is to go wrong.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.board.faults
    }

    /// What was asked so far, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.board.log.all()
    }

    /// The first request of which this is true, past or to come. Put a deadline around it.
    pub async fn hears(&self, wanted: impl Fn(&Request) -> bool) -> Request {
        self.board.log.first(wanted).await
    }

    /// Waits until none of its webhooks is waiting or under way.
    pub async fn settled(&self) {
        self.board.post.settled().await;
    }

    /// Tells of each acknowledged webhook, as [`Load::witnessed_by`](super::Load::witnessed_by)
    /// does. The first witness stays.
    #[must_use]
    pub fn witnessed_by(self, witness: mpsc::Sender<Acknowledged>) -> Self {
        self.courier.is_witnessed_by(witness);
        self
    }

    /// What its webhooks have come to.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.courier.tally().totals()
    }

    pub(super) fn courier(&self) -> &Courier {
        &self.courier
    }
}

/// Who decides how a scripted call goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Scripted,
    /// Commands; of the script, only the caller's patience is left.
    Commanded,
    /// Nobody: it is over.
    Over,
}

impl Exchange {
    pub(super) fn standing(&self, cast: &Cast) -> Standing {
        let caller = &cast.caller().call_control_id;
        let operator = self.board.operator();
        let agent = cast.agent().map(|agent| agent.call_control_id.as_str());
        let commanded = operator.is_commanded(caller)
            || agent.is_some_and(|agent| operator.is_commanded(agent));
        match (commanded, operator.is_alive(caller)) {
            (true, true) => Standing::Commanded,
            (true, false) => Standing::Over,
            (false, _) => Standing::Scripted,
        }
    }

    /// Takes note of a step that a script has played.
    pub(super) fn follows(&self, cast: &Cast, step: &Step) {
        let mut operator = self.board.operator();
        let caller = cast.caller();
        operator.registers(Arc::clone(caller), &self.courier, None);
        let Some(agent) = cast.agent() else { return };
        let (caller, phone) = (&caller.call_control_id, &agent.call_control_id);
        operator.registers(Arc::clone(agent), &self.courier, Some(caller));
        let partners = match step.what {
            Happening::Bridged if step.side == Side::Agent => true,
            // The script tells of the other leg's end itself.
            Happening::HungUp(_) => false,
            _ => return,
        };
        for (leg, other) in [(caller, phone), (phone, caller)] {
            if let Some(party) = operator.party_mut(leg) {
                party.partner = partners.then(|| other.clone());
            }
        }
    }

    /// The script's own agent leaves a call that commands have taken over.
    pub(super) fn script_ends(&self, cast: &Cast) {
        let Some(agent) = cast.agent() else { return };
        let mut operator = self.board.operator();
        let phone = &agent.call_control_id;
        if operator.party(phone).is_some_and(switchboard::Party::rings) {
            operator.customer_hangs_up(phone);
        }
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Server")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.closed.cancel();
        // The stop is asked for on the spot; its future only waits for the end.
        drop(self.handle.stop(false));
    }
}
