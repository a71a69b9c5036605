//! One socket's life: connect, first answer, then whatever comes first: a message, a beat, an
//! expiring token, a change of the person's place, the end.

use super::close::Close;
use super::flood::Flood;
use super::gate::GateSays;
use super::greeting::{CatchUp, Greeting, greet};
use super::lifetime::Lifetime;
use super::protocol::{self, ClientMessage, HEARTBEAT_S};
use crate::auth::{AuthError, Refusal};
use crate::clock::Tick;
use crate::domain::{AgencyId, Right};
use crate::http::{Bearer, Caller, Context, Who, token_reason};
use crate::hub::{Ending, Frame, Member, Outbox};
use crate::telemetry::{ConnectAnswer, Refused};
use actix_web::web;
use actix_ws::{AggregatedMessage, AggregatedMessageStream};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;
use tokio::sync::watch;
use uuid::Uuid;

/// What whoever connects must have, and keep: all that is told here is calls.
const RIGHT: Right = Right::ReadCalls;
/// The time between two beats.
const BEAT: Duration = Duration::from_secs(HEARTBEAT_S);
/// How long a client may be silent: two beats.
const SILENCE: Duration = Duration::from_secs(2 * HEARTBEAT_S);
/// How long a client may take to say `connect`.
const CONNECT: Duration = Duration::from_secs(10);

/// What arrives from a client.
pub(super) struct Inbound {
    messages: AggregatedMessageStream,
    gate: GateSays,
}

impl Inbound {
    /// Messages behind a gate.
    #[must_use]
    pub(super) fn new(messages: AggregatedMessageStream, gate: GateSays) -> Self {
        Self { messages, gate }
    }

    /// The next message; `Err(None)` when the client is gone.
    async fn next(&mut self) -> Result<AggregatedMessage, Option<Close>> {
        match self.messages.recv().await {
            _ if self.gate.too_big() => Err(Some(Close::TooBig)),
            Some(Ok(message)) => Ok(message),
            Some(Err(error)) => {
                tracing::debug!("Socket broke the protocol: {error}");
                let sentence = "A frame is malformed".to_owned();
                Err(Some(Close::Protocol(sentence)))
            }
            None => Err(None),
        }
    }
}

/// Why a session is over: by our choice, or because the client is gone or said goodbye.
enum End {
    Ours(Close),
    Theirs,
}

impl From<Close> for End {
    fn from(close: Close) -> Self {
        Self::Ours(close)
    }
}

/// One socket.
pub(super) struct Session {
    context: web::Data<Context>,
    outbox: Outbox,
    inbound: Inbound,
    upgrade_token: Option<SecretString>,
    id: Uuid,
    /// Where it is, or may be, a member.
    agency: Option<AgencyId>,
    flood: Flood,
    last_heard: Tick,
    directory_changes: watch::Receiver<i64>,
}

/// What is known once the client has connected.
struct Connected {
    caller: Caller,
    bearer: Bearer,
    token: Lifetime,
    beat_at: Tick,
    /// Until it is a member of its channel: nobody else would end it when the server drains.
    catch_up: Option<CatchUp>,
}

impl Session {
    /// A session that has not begun.
    #[must_use]
    pub(super) fn new(
        context: web::Data<Context>,
        outbox: Outbox,
        inbound: Inbound,
        upgrade_token: Option<SecretString>,
    ) -> Self {
        let last_heard = context.clock.tick();
        let directory_changes = context.directory.changes();
        Self {
            context,
            outbox,
            inbound,
            upgrade_token,
            id: Uuid::new_v4(),
            agency: None,
            flood: Flood::default(),
            last_heard,
            directory_changes,
        }
    }

    /// Lives until the end of the socket.
    pub(super) async fn run(mut self) {
        let _open = self.context.metrics.socket_opened();
        let end = match self.connect().await {
            Ok(connected) => self.live(connected).await,
            Err(end) => end,
        };
        if let Some(agency) = self.agency {
            self.context.hub.leave(agency, self.id);
        }
        match end {
            End::Ours(close) => {
                if let Some(reason) = close.refusal() {
                    let notices = &self.context.notices;
                    notices.refused(Who::Socket, reason, close.message());
                }
                close.end(&self.outbox);
            }
            End::Theirs => self.outbox.end(Ending {
                last: vec![Frame::close(1000, "")],
                code: 1000,
                at_once: false,
            }),
        }
        let code = self.outbox.end_code().unwrap_or(1006);
        self.context.metrics.socket_closed(code);
        tracing::debug!("Socket {} closed: {code}", self.id);
    }

    /// From the first message to the first answer.
    async fn connect(&mut self) -> Result<Connected, End> {
        let deadline = self.last_heard.plus(CONNECT);
        let message = self.first_message(deadline).await?;
        let ClientMessage::Connect { token, position } = message else {
            let sentence = "The first message must be connect".to_owned();
            return Err(Close::Protocol(sentence).into());
        };
        let Some(token) = token.or_else(|| self.upgrade_token.take()) else {
            let why = "connect has no token, and the upgrade had none";
            return Err(self
                .refused(Refused::TokenMissing, why, "A token is missing")
                .into());
        };
        let bearer = self.verify(&token).await?;
        let caller = self.caller(&bearer).await?;
        self.agency = Some(caller.agency_id());
        let greeting = Greeting {
            caller: &caller,
            position: position.as_ref(),
            member: Member {
                socket: self.id,
                user: caller.user.id,
                is_person: caller.is_person(),
                audience: caller.audience,
                outbox: self.outbox.clone(),
            },
        };
        let catch_up = greet(&self.context, greeting).await?;
        self.context.presence.somebody_came();
        self.unless_draining()?;
        let beat_at = self.next_beat();
        Ok(Connected {
            caller,
            token: Lifetime::until(bearer.expires_at(), &self.context.clock),
            bearer,
            beat_at,
            catch_up,
        })
    }

    async fn first_message(&mut self, deadline: Tick) -> Result<ClientMessage, End> {
        loop {
            let context = self.context.clone();
            let message = tokio::select! {
                message = self.inbound.next() => message.map_err(|close| match close {
                    Some(close) => End::Ours(close),
                    None => End::Theirs,
                })?,
                () = context.clock.until(deadline) => return Err(Close::NoConnect.into()),
                () = context.draining.cancelled() => return Err(Close::going_away().into()),
            };
            if let Some(message) = self.hear(message)? {
                return Ok(message);
            }
        }
    }

    /// Takes in what the client sent; `None` when it needs no answer beyond the protocol's own.
    fn hear(&mut self, message: AggregatedMessage) -> Result<Option<ClientMessage>, End> {
        let now = self.context.clock.tick();
        self.last_heard = now;
        if !matches!(message, AggregatedMessage::Pong(_)) && self.flood.count(now) {
            let sentence = "More than 100 messages came within 10 s".to_owned();
            return Err(Close::Protocol(sentence).into());
        }
        match message {
            AggregatedMessage::Text(text) => match ClientMessage::parse(&text) {
                Ok(message) => Ok(Some(message)),
                Err(sentence) => Err(Close::Protocol(sentence).into()),
            },
            AggregatedMessage::Binary(_) => {
                let sentence = "Binary messages are not part of this protocol".to_owned();
                Err(Close::Protocol(sentence).into())
            }
            AggregatedMessage::Ping(payload) => {
                self.outbox.pong(Frame::pong(&payload));
                Ok(None)
            }
            AggregatedMessage::Pong(_) => Ok(None),
            AggregatedMessage::Close(_) => Err(End::Theirs),
        }
    }

    async fn verify(&self, token: &SecretString) -> Result<Bearer, Close> {
        let verified = self.context.bearer(token.expose_secret()).await;
        verified.map_err(|error| match error {
            AuthError::Unavailable => Close::TryLater,
            AuthError::Unauthorized(Refusal::Expired) => Close::TokenExpired,
            AuthError::Unauthorized(ref refusal) => {
                let (reason, why) = (token_reason(refusal), refusal.to_string());
                self.refused(reason, &why, &error.to_string())
            }
            // Only start-up says so.
            AuthError::Settings(_) => Close::TryLater,
        })
    }

    /// A token that is not accepted: the log reads why, the client a sentence.
    fn refused(&self, reason: Refused, why: &str, sentence: &str) -> Close {
        self.context.notices.refused(Who::Socket, reason, why);
        self.context
            .metrics
            .connect_answered(ConnectAnswer::Refused);
        Close::Unauthorized(sentence.to_owned())
    }

    async fn caller(&self, bearer: &Bearer) -> Result<Caller, Close> {
        match self.context.caller(bearer, RIGHT).await {
            Ok(caller) => caller.map_err(Close::Forbidden),
            Err(error) => {
                tracing::warn!("Socket turned away: {error}");
                Err(Close::TryLater)
            }
        }
    }

    fn next_beat(&self) -> Tick {
        self.context.clock.tick().plus(BEAT)
    }

    async fn live(&mut self, mut connected: Connected) -> End {
        loop {
            if let Err(end) = self.turn(&mut connected).await {
                return end;
            }
        }
    }

    /// Waits for whatever comes first and deals with it.
    async fn turn(&mut self, connected: &mut Connected) -> Result<(), End> {
        let context = self.context.clone();
        let token_at = connected.token.next_moment();
        tokio::select! {
            () = self.outbox.ended() => Err(End::Theirs),
            caught_up = caught_up(&mut connected.catch_up) => {
                connected.catch_up = None;
                caught_up?;
                self.unless_draining()
            }
            () = context.draining.cancelled(), if connected.catch_up.is_some() => {
                self.unless_draining()
            }
            message = self.inbound.next() => {
                let message = message.map_err(|close| close.map_or(End::Theirs, End::Ours))?;
                match self.hear(message)? {
                    Some(message) => self.answer(connected, message).await,
                    None => Ok(()),
                }
            }
            () = context.clock.until(connected.beat_at) => self.beat(connected),
            () = context.clock.until(token_at) => self.token_moment(connected),
            changed = self.directory_changes.changed() => match changed {
                Ok(()) => self.look_again(connected).await,
                Err(_) => Err(Close::going_away().into()),
            },
        }
    }

    fn unless_draining(&self) -> Result<(), End> {
        if self.context.draining.is_cancelled() {
            return Err(Close::going_away().into());
        }
        Ok(())
    }

    async fn answer(&self, connected: &mut Connected, message: ClientMessage) -> Result<(), End> {
        match message {
            ClientMessage::Ping => self.say(protocol::pong()),
            ClientMessage::Unknown(kind) => self.say(protocol::unknown_type(&kind)),
            ClientMessage::Connect { .. } => {
                let sentence = "connect was said already".to_owned();
                Err(Close::Protocol(sentence).into())
            }
            ClientMessage::Refresh { token } => {
                let bearer = match self.verify(&token).await {
                    Ok(bearer) => bearer,
                    // A refused refresh ends the connection, an expired token included.
                    Err(Close::TokenExpired) => {
                        let why = Refusal::Expired.to_string();
                        let sentence = "The new token has expired";
                        return Err(self.refused(Refused::TokenExpired, &why, sentence).into());
                    }
                    Err(close) => return Err(close.into()),
                };
                if !bearer.is_same_as(&connected.bearer) {
                    let sentence = "The new token is another user's";
                    return Err(self.refused(Refused::TokenUser, sentence, sentence).into());
                }
                let expires_at = bearer.expires_at();
                connected.token = Lifetime::until(expires_at, &self.context.clock);
                connected.bearer = bearer;
                let frame = protocol::refreshed(expires_at);
                self.say(frame)
            }
        }
    }

    fn beat(&self, connected: &mut Connected) -> Result<(), End> {
        let clock = &self.context.clock;
        if clock.tick().since(self.last_heard) >= SILENCE {
            return Err(Close::Silent.into());
        }
        connected.beat_at = self.next_beat();
        self.context.note_use(&connected.bearer);
        let now = clock.now();
        // The number and its place in the queue are taken under one lock.
        self.outbox
            .push_with_seq(|seq| protocol::heartbeat(seq, now))
            .map_err(|_| Close::Slow)?;
        self.say(Frame::ping())
    }

    fn token_moment(&self, connected: &mut Connected) -> Result<(), End> {
        let expires_at = connected.bearer.expires_at();
        if connected.token.is_to_be_warned_of() {
            return self.say(protocol::token_expiring(expires_at));
        }
        Err(Close::TokenExpired.into())
    }

    /// Someone's place in an agency has changed, or what an agency shows; perhaps this person's.
    async fn look_again(&self, connected: &Connected) -> Result<(), End> {
        let was = &connected.caller;
        match self.context.caller(&connected.bearer, RIGHT).await {
            Ok(Ok(now)) if now.user == was.user && now.audience == was.audience => Ok(()),
            // Moved, promoted, demoted or renamed, or numbers are shown differently: what this
            // socket was greeted with is untrue.
            Ok(Ok(_)) => Err(Close::Renewed.into()),
            Ok(Err(barred)) => Err(Close::Forbidden(barred).into()),
            // The old knowledge stays until the database is back; the next change is told again.
            Err(_) => Ok(()),
        }
    }

    fn say(&self, frame: bytes::Bytes) -> Result<(), End> {
        self.outbox.push(frame).map_err(|_| Close::Slow.into())
    }
}

/// Resolves when the client has been told what it missed; never when there is nothing to tell.
async fn caught_up(catch_up: &mut Option<CatchUp>) -> Result<(), Close> {
    match catch_up {
        Some(catch_up) => catch_up.await,
        None => std::future::pending().await,
    }
}
