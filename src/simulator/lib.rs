//! A carrier that behaves as Telnyx does, over real HTTP: it signs, it sends the lives of calls,
//! it repeats itself, gets the order wrong and tries again.
//!
//! | file | noun |
//! |---|---|
//! | `browser` | an agent's board as a program: connects, resumes, checks |
//! | `clock` | time, as whoever plays says it is |
//! | `dice` | seeded chance: ids, numbers, delays and decisions that come out the same again |
//! | `key` | the Ed25519 key that signs |
//! | `leg` | one leg of a call, driven step by step; makes webhooks |
//! | `payload` | what the webhooks of a leg say, field by field |
//! | `hangup` | why a leg ended |
//! | `webhook` | one event, to be delivered once, twice, or late |
//! | `schedule` | when a delivery counts, and when it is tried again |
//! | `request` | one signed HTTP request, open to tampering |
//! | `carrier` | whose webhooks go where, and how |
//! | `courier` | takes webhooks away one after the other, makes trouble, counts |
//! | `losses` | webhooks that never leave |
//! | `exchange` | Telnyx's REST API: commands and what they bring about, faults on demand |
//! | `delivery` | sending a webhook until it is acknowledged, refused or given up |
//! | `script` | the lives of calls as timed steps |
//! | `traffic` | how many calls of which kind, how much trouble; the plan of each call |
//! | `load` | plays traffic against a server and counts |
//! | `totals` | the counters |
//! | `ultravox` | the telephony endpoints of Ultravox, with their rules and faults on demand |
//!
//! There are three ways to play. A test drives legs by hand ([`Carrier::new_call`], [`Leg::answered`], [`Carrier::deliver`]); the
//! demo, the simulator and the torture run play [`Traffic`] through a [`Load`]; and an [`Exchange`]
//! takes the commands of the server under test and lets them happen. Nothing here knows
//! callboard: it works against any webhook URL, which is what makes it a witness.

pub mod browser;
mod carrier;
mod clock;
mod courier;
mod delivery;
mod dice;
mod exchange;
mod hangup;
mod key;
mod leg;
mod load;
mod losses;
mod request;
mod schedule;
mod script;
mod totals;
mod traffic;
pub mod ultravox;
mod webhook;

#[cfg(test)]
mod hands;
#[cfg(test)]
mod receiver;

pub use carrier::{Carrier, CarrierError, CarrierSettings};
pub use clock::{Clock, Time, Timestamp, Wait};
pub use courier::Acknowledged;
pub use delivery::{Attempt, Delivery, Outcome};
pub use dice::Dice;
pub use exchange::{
    Caller, Exchange, ExchangeSettings, Fault, Faults, Habit, Hears, Phone, Request, Ringing,
};
pub use hangup::{HangupCause, HangupSource};
pub use key::{KeyError, SigningKey};
pub use leg::{Direction, Leg, Line};
pub use load::Load;
pub use losses::ANY;
pub use request::{Answer, SendError, SignedRequest};
pub use schedule::{RetrySchedule, Verdict};
pub use script::{Cast, Happening, Life, Script, Side, Step};
pub use totals::Totals;
pub use traffic::{Plan, PlannedStep, Repeat, Traffic};
pub use webhook::Webhook;
