//! Invitations, links to other passwords and codes by mail, through a real mail server.

use super::house::{House, PASSWORD, text, token_of, user_of, with_accounts};
use crate::support::World;
use crate::support::mailbox::{self, Mailbox};
use crate::support::patience::look_again;
use crate::support::wiretap::Wiretap;
use callboard::config::{Mail, MailTls};
use callboard::domain::Role;
use serde_json::{Value, json};
use std::time::Duration;
use tracing::Level;

const NORA: &str = "nora@example.com";
const OLIVIA: &str = "olivia@example.com";

fn mailing(world: World, mailbox: &Mailbox) -> World {
    let mail: Mail = mailbox.settings();
    with_accounts(world).configured(|config| config.mail = Some(mail))
}

async fn invites(house: &House<'_>, by: &Value, email: &str) -> Value {
    let wanted = json!({ "role": "agency_member", "name": "Nora", "email": email });
    let made = house.sends(by, "POST", "/api/users", wanted).await;
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()
}

/// What became of the mail to somebody, as their owner sees it.
async fn mail_of(house: &House<'_>, by: &Value, id: &Value) -> Value {
    let all = house.does(by, "GET", "/api/users").await.json();
    let people = all["users"].as_array().expect("people");
    let person = people.iter().find(|person| &person["id"] == id);
    person.expect("somebody")["mail"].clone()
}

/// Waits, while the clock is wound, until that is what became of it.
async fn becomes(house: &House<'_>, by: &Value, id: &Value, state: &str) -> Value {
    let there = async {
        loop {
            let mail = mail_of(house, by, id).await;
            if mail["state"] == state {
                return mail;
            }
            look_again().await;
        }
    };
    let limit = Duration::from_secs(60);
    house.world.within(limit, state, there).await
}

async fn an_invitation_goes_by_mail_over_tls_and_its_link_opens(world: World) {
    goes_by_mail(world, "wrapped").await;
}

async fn an_invitation_goes_by_mail_after_starttls_and_its_link_opens(world: World) {
    goes_by_mail(world, "starttls").await;
}

async fn goes_by_mail(world: World, way: &str) {
    let mailbox = Mailbox::start(way);
    let world = mailing(world, &mailbox);
    let house = House::open(&world).await;
    let olivia = house.employs(Role::Owner, OLIVIA).await;
    let made = invites(&house, &olivia, NORA).await;
    assert_eq!(made["mail"], "waiting");
    let mail = mailbox.mails(1).await.remove(0);
    assert!(mail.contains(&format!("To: {NORA}")), "{mail}");
    assert!(mail.contains("Subject: You are invited to Acme"), "{mail}");
    let url = text(&made["invitation_url"]);
    assert!(plain(&mail).contains(&url), "{mail}");
    becomes(&house, &olivia, &made["user"]["id"], "sent").await;
    let body = json!({ "token": token_of(&url), "password": PASSWORD });
    let come = house.posts("/api/invitations/accept", body).await;
    assert_eq!(come.status, 200, "{}", come.text());
    // What stood in it is kept no longer.
    let kept = "SELECT 'x' FROM mails WHERE sealed IS NOT NULL";
    assert!(world.database.texts(kept).await.is_empty());
}

/// A mail's text without the marks of quoted-printable.
fn plain(mail: &str) -> String {
    mail.replace("=\r\n", "").replace("=3D", "=")
}

async fn a_mail_waits_for_the_server_and_whoever_invited_sees_what_became_of_it(world: World) {
    // Neither what opens the mail server nor what a mail says is in any line of the log.
    let tap = Wiretap::listens_for(vec![mailbox::PASSWORD.to_owned(), "/invite#".to_owned()]);
    let witness = Wiretap::listens_for(vec!["451".to_owned()]);
    let mailbox = Mailbox::start("starttls");
    let world = mailing(world, &mailbox);
    let house = House::open(&world).await;
    let olivia = house.employs(Role::Owner, OLIVIA).await;
    mailbox.answers("451 too busy, later");
    let made = invites(&house, &olivia, NORA).await;
    let id = &made["user"]["id"];
    let seen = async {
        while mail_of(&house, &olivia, id).await["problem"].is_null() {
            look_again().await;
        }
    };
    world
        .within(Duration::from_secs(30), "the first try", seen)
        .await;
    let waiting = mail_of(&house, &olivia, id).await;
    assert_eq!(waiting["state"], "waiting");
    assert!(text(&waiting["problem"]).contains("451"), "{waiting}");
    // Nothing of it lies about in the clear, and another server sends it after this one is lost.
    let dump = world.database.dump();
    let token = token_of(&text(&made["invitation_url"]));
    assert!(
        !dump
            .windows(token.len())
            .any(|part| part == token.as_bytes())
    );
    drop(house);
    mailbox.takes();
    // It comes when its five seconds have passed, whatever the wall shows.
    world.clock.step_wall(-31);
    let house = House::open(&world).await;
    let limit = Duration::from_secs(25);
    let mails = world.within(limit, "the mail", mailbox.mails(1)).await;
    assert_eq!(mails.len(), 1);
    becomes(&house, &olivia, id, "sent").await;

    mailbox.answers("550 nobody of that name");
    let refused = invites(&house, &olivia, "nobody@example.com").await;
    let failed = becomes(&house, &olivia, &refused["user"]["id"], "failed").await;
    assert!(text(&failed["problem"]).contains("550"), "{failed}");
    assert_eq!(mailbox.mails(1).await.len(), 1);
    assert!(
        !witness.heard(Level::TRACE).is_empty(),
        "nothing was logged"
    );
    assert_eq!(tap.heard(Level::TRACE), [] as [String; 0]);
}

async fn a_mail_server_that_says_nothing_is_left_after_a_minute(world: World) {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("an address").port();
    let mail = Mailbox::at(port, MailTls::StartTls);
    let world = with_accounts(world).configured(|config| config.mail = Some(mail));
    let house = House::open(&world).await;
    let olivia = house.employs(Role::Owner, OLIVIA).await;
    let made = invites(&house, &olivia, NORA).await;
    let id = &made["user"]["id"];
    let left = async {
        loop {
            let mail = mail_of(&house, &olivia, id).await;
            if !mail["problem"].is_null() {
                return mail;
            }
            look_again().await;
        }
    };
    let limit = Duration::from_secs(75);
    let mail = world.within(limit, "the server to be left", left).await;
    assert_eq!(mail["problem"], "it has not answered within 60 s");
    assert_eq!(mail["state"], "waiting");
}

async fn whoever_has_forgotten_the_password_gets_a_link_and_nobody_learns_who_has_an_account(
    world: World,
) {
    let mailbox = Mailbox::start("wrapped");
    let world = mailing(world, &mailbox);
    let house = House::open(&world).await;
    let nora = house.employs(Role::Member, NORA).await;
    let asks = async |path: &str, email: &str| house.posts(path, json!({ "email": email })).await;
    for email in ["nobody@example.com", "NORA@example.com", "no address"] {
        let answer = asks("/auth/v1/recover", email).await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (200, "{}"),
            "{email}"
        );
    }
    let mail = mailbox.mails(1).await.remove(0);
    assert!(
        mail.contains("Subject: Another password for Acme"),
        "{mail}"
    );
    // Another one at once is not sent.
    asks("/auth/v1/recover", NORA).await;
    let opened = json!({ "type": "recovery", "token_hash": link_in(&mail) });
    let opened = house.posts("/auth/v1/verify", opened).await;
    assert_eq!(opened.status, 200, "{}", opened.text());
    assert_eq!(user_of(&opened.json()), user_of(&nora));

    world.clock.advance(Duration::from_secs(120));
    let code = asks("/auth/v1/otp", NORA).await;
    assert_eq!((code.status, code.text().as_str()), (200, "{}"));
    assert_eq!(asks("/auth/v1/otp", "nobody@example.com").await.status, 200);
    let mail = mailbox.mails(2).await.remove(1);
    let code = code_in(&mail);
    let verify = async |code: &str| {
        let body = json!({ "type": "email", "email": NORA, "token": code });
        house.posts("/auth/v1/verify", body).await
    };
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(verify(wrong).await.json()["error_code"], "otp_expired");
    let signed_in = verify(&code).await;
    assert_eq!(signed_in.status, 200, "{}", signed_in.text());
    assert_eq!(
        house.does(&signed_in.json(), "GET", "/api/me").await.status,
        200
    );
    assert_eq!(verify(&code).await.status, 403, "twice");
    // Codes cannot be tried without end.
    let mut last = verify(wrong).await.status;
    for _ in 0..6 {
        last = verify(wrong).await.status;
    }
    assert_eq!(last, 429);
    let ways = crate::support::http::reply(house.ask("GET", "/api/sign-in")).await;
    assert_eq!(ways.json()["methods"][1]["kind"], "code");
    assert_eq!(mailbox.mails(2).await.len(), 2);
}

fn link_in(mail: &str) -> String {
    let plain = plain(mail);
    let (_, rest) = plain.split_once("/reset#").expect("a link");
    rest.split_whitespace().next().expect("a token").to_owned()
}

fn code_in(mail: &str) -> String {
    let (_, rest) = mail.split_once("Subject: ").expect("a subject");
    rest.chars().take(6).collect()
}

on_each_database!(
    an_invitation_goes_by_mail_over_tls_and_its_link_opens,
    an_invitation_goes_by_mail_after_starttls_and_its_link_opens,
    a_mail_waits_for_the_server_and_whoever_invited_sees_what_became_of_it,
    a_mail_server_that_says_nothing_is_left_after_a_minute,
    whoever_has_forgotten_the_password_gets_a_link_and_nobody_learns_who_has_an_account,
);
