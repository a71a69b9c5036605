//! A morning at two agencies that leaves something of every kind, and much of it unfinished.

use crate::support::World;
use crate::support::exchange::{ANNAS_PHONE, BENS_PHONE, Line};
use crate::support::retelling::tell;
use callboard::config::DatabaseUrl;
use callboard::domain::{CredentialKey, Role, User, UserId};
use callboard_simulator::{Caller, Direction, Fault, Habit, HangupCause, Leg};
use serde_json::{Map, Value, json};
use std::time::Duration;
use uuid::Uuid;

const STEP: Duration = Duration::from_millis(20);
/// The caller whom the database refused.
pub const BAD_NUMBER: &str = "+15550666";

/// What has happened, and what one must know of it to go on.
pub struct Traffic {
    pub line: Line,
    /// Acme's admin, whom the other stories lack.
    pub adam: UserId,
    pub legs: Map<String, Value>,
    pub calls: Map<String, Value>,
    pub owed: Map<String, Value>,
}

/// The private key of that agency's account: everybody may know it.
pub fn seed(agency: &str) -> [u8; 32] {
    let mut seed = [7; 32];
    seed.iter_mut()
        .zip(agency.bytes())
        .for_each(|(to, from)| *to = from);
    seed
}

pub async fn happens(world: World) -> Traffic {
    let adam = people(&world).await;
    let line = world.line().await;
    let mut traffic = Traffic {
        line,
        adam,
        legs: Map::new(),
        calls: Map::new(),
        owed: Map::new(),
    };
    ended_calls(&traffic.line).await;
    the_rivals_calls(&traffic.line).await;
    traffic.what_could_not_be_applied().await;
    traffic.open_calls().await;
    traffic
}

async fn people(world: &World) -> UserId {
    let adam = UserId(Uuid::new_v4());
    for (id, agency, role, name) in [
        (adam, Some(world.acme.id), Some(Role::Admin), Some("Adam")),
        (
            UserId(Uuid::new_v4()),
            Some(world.rival.id),
            Some(Role::Member),
            Some("Ümit O'Neil"),
        ),
        (UserId(Uuid::new_v4()), None, None, None),
    ] {
        let user = User {
            id,
            agency_id: agency,
            role,
            name: name.map(str::to_owned),
            email: Some("someone@example.test".into()),
            sip_username: None,
        };
        world
            .store
            .put_user(user, world.clock.now())
            .await
            .expect("a user");
    }
    let (acme, rival) = (&world.acme, &world.rival);
    world
        .sets(
            acme,
            CredentialKey::UltravoxApiKey,
            "ultravox-of-acme-0123456789",
        )
        .await;
    world
        .sets(
            rival,
            CredentialKey::TelnyxApiKey,
            "KEY0123456789ABCDEF_of_rival",
        )
        .await;
    adam
}

async fn ended_calls(line: &Line) {
    let minute = || line.world.wind(Duration::from_secs(60));
    // Talked, recorded, and noted down.
    let (caller, _) = line.talk(line.world.anna, ANNAS_PHONE).await;
    line.owes_no("record").await;
    minute().await;
    caller.hangs_up();
    let saved = |row: &Value| {
        row["recordings"]
            .as_array()
            .is_some_and(|all| all.len() == 1)
    };
    let saved = line.when(caller.id(), "a recording", saved);
    line.world.wind_until(STEP, saved).await;
    line.settles().await;
    noted(line).await;
    minute().await;
    // Taken, given back, and left.
    let caller = line.exchange.rings("+15550101").await;
    line.does(line.world.anna, "answer", &caller).await;
    let phone = line.phone_rings(ANNAS_PHONE).await;
    line.settles().await;
    line.does(line.world.anna, "release", &caller).await;
    line.owes_no("hang_up").await;
    assert!(!phone.is_alive());
    caller.hangs_up();
    line.ended(caller.id()).await;
    minute().await;
    // Nobody came.
    let caller = line.exchange.rings("anonymous").await;
    caller.hangs_up();
    line.ended(caller.id()).await;
    minute().await;
    // Sent away.
    let caller = line.exchange.rings("+15550102").await;
    line.does(line.world.ben, "end", &caller).await;
    line.ended(caller.id()).await;
    minute().await;
    // Its hangup was lost, and the carrier asked.
    let caller = line.exchange.rings("+15550103").await;
    line.exchange.faults().loses("call.hangup", 1);
    caller.hangs_up();
    line.settles().await;
    line.is_looked_at_until_it_has_ended(caller.id()).await;
    minute().await;
    // The transfer was refused, and it was answered plainly.
    let caller = line.exchange.rings("+15550104").await;
    let refused = Fault::refusal(403, "10010", "/to");
    line.exchange.faults().next(1, "transfer", refused);
    line.does(line.world.ben, "answer", &caller).await;
    line.settles().await;
    caller.hangs_up();
    line.ended(caller.id()).await;
    line.settles().await;
}

async fn noted(line: &Line) {
    let (world, node) = (&line.world, &line.node);
    let (_, page) = node.get(world, world.anna, "/api/call-logs").await;
    let id = page["call_logs"][0]["id"].as_str().expect("a log");
    let path = format!("/api/call-logs/{id}");
    let note = json!({"notes": "calls back at five; 'ü' and a line\nbreak", "outcome": "callback"});
    let reply = node
        .does(world, world.anna, "PATCH", &path, Some(note))
        .await;
    assert_eq!(reply.status, 200, "{}", reply.text());
}

async fn the_rivals_calls(line: &Line) {
    let carrier = line.node.carrier(&line.world.rival);
    let (over, rings) = (carrier.new_call("+15550201"), carrier.new_call("+15550202"));
    tell(&carrier, [&over.initiated()]).await;
    line.world.clock.advance(Duration::from_secs(12));
    tell(
        &carrier,
        [
            &over.hung_up(HangupCause::OriginatorCancel),
            &rings.initiated(),
        ],
    )
    .await;
}

impl Traffic {
    /// A webhook that the database refused, and one that came before its call.
    async fn what_could_not_be_applied(&mut self) {
        let carrier = self.line.node.carrier(&self.line.world.acme);
        let (bad, held) = (carrier.new_call(BAD_NUMBER), carrier.new_call("+15550105"));
        let database = &self.line.world.database;
        let (refuse, allow) = match &database.url {
            DatabaseUrl::Sqlite { .. } => (
                format!(
                    "CREATE TABLE refused (number TEXT CHECK (number <> '{BAD_NUMBER}'));
                     CREATE TRIGGER refuse BEFORE INSERT ON inbound_calls
                     BEGIN INSERT INTO refused VALUES (NEW.from_number); END"
                ),
                "DROP TRIGGER refuse; DROP TABLE refused",
            ),
            DatabaseUrl::Postgres(_) => (
                format!(
                    "ALTER TABLE inbound_calls
                     ADD CONSTRAINT refused CHECK (from_number <> '{BAD_NUMBER}')"
                ),
                "ALTER TABLE inbound_calls DROP CONSTRAINT refused",
            ),
        };
        database.execute(&refuse).await;
        tell(
            &carrier,
            [
                &bad.initiated(),
                &held.hung_up(HangupCause::OriginatorCancel),
            ],
        )
        .await;
        // Its repeat is another webhook that failed, for the server that takes them up again.
        let mut again = bad.initiated();
        again.id = Uuid::new_v4();
        tell(&carrier, [&again]).await;
        database.execute(allow).await;
        self.note_leg("held", &held);
    }

    /// Calls in every state that is not the end, with what is owed to them.
    async fn open_calls(&mut self) {
        // Busy for Anna, so that Ben took it and talks.
        self.line
            .exchange
            .phone(ANNAS_PHONE)
            .set(Habit::Busy(Duration::ZERO));
        let talking = self.line.exchange.rings("+15550106").await;
        self.line
            .does(self.line.world.anna, "answer", &talking)
            .await;
        let given_back = |row: &Value| row["status"] == "incoming";
        self.line
            .when(talking.id(), "a busy phone", given_back)
            .await;
        self.line
            .does(self.line.world.ben, "answer", &talking)
            .await;
        let _ben = self.line.phone_rings(BENS_PHONE).await.answers();
        let talks = |row: &Value| row["connected"] == true;
        self.line.when(talking.id(), "the two to talk", talks).await;
        self.line.settles().await;
        self.line.exchange.phone(ANNAS_PHONE).set(Habit::Rings);
        self.note_call("talking", &talking).await;

        let waiting = self.line.exchange.rings("+15550107").await;
        self.note_call("waiting", &waiting).await;

        // A phone that nobody is to answer any more, and a carrier that does not say whether it is
        // silent.
        let given_back = self.line.exchange.rings("+15550108").await;
        self.line
            .does(self.line.world.anna, "answer", &given_back)
            .await;
        let phone = self.line.phone_rings(ANNAS_PHONE).await;
        self.line.settled().await;
        self.line
            .exchange
            .faults()
            .until_lifted("hangup", Fault::hangs());
        self.line
            .does(self.line.world.anna, "release", &given_back)
            .await;
        self.line.is_asked("hangup", 1).await;
        let handle = &phone.leg().call_control_id;
        self.owed.insert("hangup".into(), json!(handle));
        self.note_leg("given back phone", phone.leg());
        self.note_call("given back", &given_back).await;

        let ringing = self.line.exchange.rings("+15550109").await;
        self.line
            .does(self.line.world.anna, "answer", &ringing)
            .await;
        let phone = self.line.phone_rings(ANNAS_PHONE).await;
        self.line.settled().await;
        self.note_leg("ringing phone", phone.leg());
        self.note_call("ringing", &ringing).await;

        // No answer to the transfer comes before the end.
        let caller = self.line.exchange.rings("+15550110").await;
        let asked_before = self.line.asked("transfer").len();
        self.line
            .exchange
            .faults()
            .next(1, "transfer", Fault::hangs());
        let path = format!(
            "/api/telnyx/calls/{}/answer",
            caller.id().replace(':', "%3A")
        );
        let (url, token) = (
            self.line.node.url.clone(),
            self.line.world.token(self.line.world.anna),
        );
        tokio::spawn(async move {
            use secrecy::ExposeSecret;
            let request = crate::support::node::client().post(format!("{url}{path}"));
            let request = request.bearer_auth(token.expose_secret());
            request.json(&json!({})).send().await
        });
        let asked = self.line.is_asked("transfer", asked_before + 1).await;
        let id = asked.last().and_then(|asked| asked.command_id.clone());
        self.owed.insert("transfer".into(), json!(id));
        self.note_call("mid-command", &caller).await;
    }

    fn note_leg(&mut self, name: &str, leg: &Leg) {
        let note = json!({
            "call_control_id": leg.call_control_id,
            "call_leg_id": leg.call_leg_id.to_string(),
            "call_session_id": leg.call_session_id.to_string(),
            "client_state": leg.client_state,
            "from": leg.from,
            "to": leg.to,
            "outgoing": leg.direction == Direction::Outgoing,
        });
        self.legs.insert(name.into(), note);
    }

    async fn note_call(&mut self, name: &str, caller: &Caller) {
        self.note_leg(name, caller.leg());
        let row = self.line.row(caller.id()).await;
        self.calls.insert(name.into(), row["id"].clone());
    }
}
