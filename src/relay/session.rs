//! A line while it holds, and the next one: without end, since nothing else would bring it back.

use super::beats::Beats;
use super::hearing::Place;
use super::letter::Letter;
use super::line::{Ears, Mouth};
use super::outgoing::Parcel;
use super::{Heard, Relay, State, lock};
use crate::domain::AgencyId;
use crate::telemetry::{Direction, Unheard};
use crate::view::Published;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

/// How often a node tells that it is there, and so hears itself.
const BEAT: Duration = Duration::from_secs(1);
/// How long a node may fail to hear itself: three beats that are missed.
const DEAF: Duration = Duration::from_secs(3);
/// How often it is looked whether somebody has fallen silent.
const LOOK: Duration = Duration::from_millis(250);
/// The shortest pause before the next line.
const SHORTEST: Duration = Duration::from_millis(100);
/// The longest.
const LONGEST: Duration = Duration::from_secs(5);
/// What is still to be told at the end may take so long.
const GOODBYE: Duration = Duration::from_millis(500);
/// Longer than any message of ours.
const TOO_LONG: usize = 1024 * 1024;

impl Relay {
    /// Tells and hears until `stop`, by one line after the other.
    pub async fn run(self, stop: CancellationToken) {
        if self.state() == State::Off {
            return stop.cancelled().await;
        }
        let mut tries = 0;
        while !stop.is_cancelled() {
            // A task of its own: should it panic, that is a line lost like another, and no more.
            let session = self.clone().session(stop.clone());
            let why = AbortOnDropHandle::new(tokio::spawn(session)).await;
            let why = why.unwrap_or_else(|_| "it panicked".to_owned());
            if stop.is_cancelled() {
                return;
            }
            if self.state() == State::Up {
                tries = 0;
            }
            self.0.condition.is_degraded(&why);
            let pause = pause(tries);
            tries += 1;
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.0.clock.sleep(pause) => {}
            }
        }
    }

    /// One line, for as long as it holds. Says why it does not.
    async fn session(self, stop: CancellationToken) -> String {
        let opened = tokio::select! {
            () = stop.cancelled() => return String::new(),
            opened = self.0.line.open() => opened,
        };
        let (mut mouth, mut ears) = match opened {
            Ok(line) => line,
            Err(why) => return why,
        };
        *lock(&self.0.beats) = Beats::new(self.0.clock.tick());
        self.0.outgoing.open();
        let _open = Open(&self);
        tokio::select! {
            why = self.hear(&mut ears) => why,
            why = self.keep_telling(&mut mouth, &stop) => why,
            why = self.keep_looking() => why,
        }
    }

    async fn hear(&self, ears: &mut Ears) -> String {
        while let Some(message) = ears.hear().await {
            self.take_in(&message);
        }
        "the connection for hearing ended".to_owned()
    }

    async fn keep_telling(&self, mouth: &mut Mouth, stop: &CancellationToken) -> String {
        let mut changes = self.0.directory.changes();
        let mut parcel = Parcel::default();
        let mut beat = true;
        loop {
            if (beat || !parcel.is_empty())
                && let Err(why) = self.tell_now(mouth, &parcel).await
            {
                return why;
            }
            beat = tokio::select! {
                () = stop.cancelled() => {
                    let _ = tokio::time::timeout(GOODBYE, self.say_goodbye(mouth)).await;
                    return String::new();
                }
                () = self.0.outgoing.filled() => false,
                Ok(()) = changes.changed() => true,
                () = self.0.clock.sleep(BEAT) => true,
            };
            parcel = self.0.outgoing.take();
        }
    }

    async fn tell_now(&self, mouth: &mut Mouth, parcel: &Parcel) -> Result<(), String> {
        if parcel.lost {
            // The others find a number missing, and look.
            self.next_number();
        }
        let n = self.next_number();
        let letter = Letter::of(parcel, self.0.boot, n, self.0.directory.version());
        self.send(mouth, &letter).await
    }

    async fn send(&self, mouth: &mut Mouth, letter: &Letter<'_>) -> Result<(), String> {
        let text = letter.text().map_err(|error| error.to_string())?;
        lock(&self.0.beats).told(letter.n, self.0.clock.tick());
        self.0.metrics.relayed(Direction::Out);
        mouth.tell(&self.0.seal.sign(&text)).await
    }

    /// What is still to be told, and that there will be no more.
    async fn say_goodbye(&self, mouth: &mut Mouth) {
        while !self.0.outgoing.is_empty() {
            if self.tell_now(mouth, &self.0.outgoing.take()).await.is_err() {
                return;
            }
        }
        let letter = Letter {
            boot: self.0.boot,
            n: self.next_number(),
            directory: self.0.directory.version(),
            bye: true,
            ..Letter::default()
        };
        let _ = self.send(mouth, &letter).await;
    }

    async fn keep_looking(&self) -> String {
        loop {
            self.0.clock.sleep(LOOK).await;
            let now = self.0.clock.tick();
            if lock(&self.0.hearing).misses_somebody(now) {
                self.is_amiss();
                self.0.doubt.notify_one();
            }
            if lock(&self.0.beats).silence(now) > DEAF {
                return "three heartbeats were told and not heard".to_owned();
            }
        }
    }

    pub(super) fn take_in(&self, message: &str) {
        let letter = if message.len() > TOO_LONG {
            Err(Unheard::TooLong)
        } else {
            let body = self.0.seal.open(message);
            body.and_then(|body| Letter::read(body).map_err(|_| Unheard::Unreadable))
        };
        match letter {
            Ok(letter) if letter.boot == self.0.boot => self.hear_ourselves(letter.n),
            Ok(letter) => self.hear_another(letter),
            Err(why) => self.refuse(why),
        }
    }

    /// Whoever writes so may be a node of another release, of whose events we do not hear then.
    fn refuse(&self, why: Unheard) {
        self.0.metrics.relay_unheard(why);
        self.0.condition.says_unheard(why, self.0.clock.tick());
        self.is_amiss();
    }

    pub(super) fn hear_ourselves(&self, n: u64) {
        let lag = lock(&self.0.beats).heard(n, self.0.clock.tick());
        let Some(lag) = lag else {
            return;
        };
        self.0.metrics.relay_lagged(lag);
        if self.0.condition.is_up() {
            // What was told before nobody heard here.
            self.is_amiss();
            self.0.doubt.notify_one();
            self.0.directory.look_again();
        }
    }

    fn hear_another(&self, letter: Letter<'_>) {
        let now = self.0.clock.tick();
        let mut hearing = lock(&self.0.hearing);
        let new = hearing.is_new(letter.boot);
        let place = hearing.told(letter.boot, letter.n, now);
        drop(hearing);
        if new && !letter.bye {
            self.0.newcomer.notify_one();
        }
        match place {
            Place::Repeated => return self.0.metrics.relay_unheard(Unheard::Repeated),
            Place::AfterLoss => {
                self.0.metrics.relay_gap();
                self.is_amiss();
                self.0.doubt.notify_one();
            }
            Place::Next => {}
        }
        self.0.metrics.relayed(Direction::In);
        if letter.bye {
            lock(&self.0.hearing).left(letter.boot);
        }
        // Whoever leaves may not have had the time to tell everything.
        if letter.look || letter.bye {
            self.0.doubt.notify_one();
        }
        if letter.due {
            self.0.due.notify_one();
        }
        if letter.directory > self.0.directory.version() {
            self.0.directory.look_again();
        }
        self.hand_on(letter);
    }

    fn hand_on(&self, letter: Letter<'_>) {
        let events = letter.events.into_iter().map(Published::from_wire);
        let events: Vec<Published> = events.collect();
        let head = |(agency, epoch, seq): (Uuid, String, i64)| (AgencyId(agency), epoch, seq);
        let mut heads: Vec<_> = letter.heads.into_iter().map(head).collect();
        let all = if self.0.seal.is_secret() {
            Heard::Events(events)
        } else {
            // Anybody may have written them: they say where to look.
            let head = |event: Published| (event.agency, event.epoch, event.seq);
            heads.extend(events.into_iter().map(head));
            Heard::Events(Vec::new())
        };
        let doubt = letter.doubt.into_iter().map(AgencyId).collect();
        let watched = letter.watched.into_iter().map(AgencyId).collect();
        let rest = [Heard::Doubt(doubt), Heard::Watched(watched)];
        for heard in [all, Heard::Heads(heads)].into_iter().chain(rest) {
            if !heard.is_empty() && self.0.heard.try_send(heard).is_err() {
                self.refuse(Unheard::Full);
                self.0.doubt.notify_one();
            }
        }
    }
}

/// An outgoing queue that somebody takes from, until this goes, however that comes about.
struct Open<'a>(&'a Relay);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        let inner = &self.0.0;
        inner.metrics.relay_dropped(inner.outgoing.close());
    }
}

/// Longer with every try up to five seconds, and another for every node.
fn pause(tries: u32) -> Duration {
    let longest = SHORTEST.saturating_mul(2_u32.saturating_pow(tries.min(10) + 1));
    SHORTEST + super::part_of(longest.min(LONGEST) - SHORTEST)
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, SHORTEST, pause};

    #[test]
    fn pauses_grow_to_five_seconds_and_no_further() {
        for tries in 0..100 {
            let pause = pause(tries);
            assert!(pause >= SHORTEST && pause <= LONGEST, "{tries}: {pause:?}");
        }
    }
}
