//! Another encryption key: both are readable while it changes, and what was cut off is finished.

use crate::support::World;
use crate::support::patience::soon;
use crate::support::process::url_of;
use crate::support::world::ENCRYPTION_KEY;
use callboard::agencies::Vault;
use callboard::agencies::seal::Keyring;
use callboard::domain::{Agency, AgencyId, CredentialKey};
use secrecy::ExposeSecret;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use uuid::Uuid;

const NEW: &str = "bmV3LWtleS1uZXcta2V5LW5ldy1rZXktbmV3LWtleS0=";
const OTHER: &str = "/////////////////////////////////////////wE=";

fn vault(world: &World, keys: &str) -> Vault {
    let keyring = Keyring::parse(&keys.into()).expect("keys");
    Vault::new(world.store.clone(), world.clock.clone(), Some(keyring))
}

fn both() -> String {
    format!("{NEW},{ENCRYPTION_KEY}")
}

/// So many agencies more, each with a credential of its own.
async fn grows(world: &World, agencies: usize) {
    for _ in 0..agencies {
        let id = AgencyId(Uuid::new_v4());
        let agency = Agency {
            id,
            name: "One more".into(),
            is_default: false,
        };
        world
            .store
            .add_agency(agency, "e".into(), world.clock.now())
            .await
            .expect("an agency");
        let value = [(CredentialKey::TelnyxApiKey, format!("KEY-{id}").into())];
        vault(world, ENCRYPTION_KEY)
            .put(id, &value)
            .await
            .expect("stored");
    }
}

/// How many agencies' credentials open with these keys.
async fn readable(world: &World, keys: &str) -> usize {
    let vault = vault(world, keys);
    let mut open = 0;
    for agency in world.store.agencies().await.expect("agencies") {
        let id = agency.agency.id;
        let held = vault.open(id).await.expect("credentials").held;
        let expected = format!("KEY-{id}");
        let right = |value: &secrecy::SecretString| {
            agency.agency.name != "One more" || value.expose_secret() == expected
        };
        open += usize::from(held.iter().all(|held| held.value.as_ref().is_ok_and(right)));
    }
    open
}

fn rotate(world: &World, keys: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_callboard"))
        .args(["credentials", "rotate"])
        .env_clear()
        .env("DATABASE_URL", url_of(world))
        .env("CALLBOARD_ENCRYPTION_KEY", keys)
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the binary")
}

/// Its exit code and lines.
async fn rotates(world: &World, keys: &str) -> (i32, Vec<String>) {
    let ended = soon("a rotation", rotate(world, keys).wait_with_output()).await;
    let ended = ended.expect("an end");
    let lines = String::from_utf8(ended.stdout).expect("text");
    let code = ended.status.code().expect("a code");
    (code, lines.lines().map(str::to_owned).collect())
}

async fn a_rotation_cut_off_halfway_is_readable_by_both_keys_and_finished_later(world: World) {
    grows(&world, 4).await;
    let mut rotation = vault(&world, &both()).rotate().await.unwrap();
    for position in 1..=3 {
        let rotated = rotation.next().await.unwrap().unwrap();
        assert_eq!(
            (rotated.position, rotated.all, rotated.outcome),
            (position, 6, Ok(true))
        );
    }
    drop(rotation);
    assert_eq!(readable(&world, &both()).await, 6);
    assert_eq!(readable(&world, ENCRYPTION_KEY).await, 3);
    assert_eq!(readable(&world, NEW).await, 3);
    let world = world.configured(|config| config.encryption_key = Some(both().into()));
    let node = world.node().await;
    for tenant in [&world.acme, &world.rival] {
        node.rings(tenant, 1).await;
    }

    let (code, lines) = rotates(&world, &both()).await;
    assert_eq!((code, lines.len()), (0, 7));
    assert!(
        lines[0].starts_with("1 of 6  ") && lines[0].ends_with("  had been"),
        "{}",
        lines[0]
    );
    assert!(
        lines[5].starts_with("6 of 6  ") && lines[5].ends_with("  wrapped anew"),
        "{}",
        lines[5]
    );
    assert_eq!(lines[6], "3 data keys wrapped anew, 3 had been");
    assert_eq!(
        (
            readable(&world, NEW).await,
            readable(&world, ENCRYPTION_KEY).await
        ),
        (6, 0)
    );
    let again = rotates(&world, NEW).await;
    assert_eq!(
        again.1.last().unwrap(),
        "0 data keys wrapped anew, 6 had been"
    );
}

async fn a_rotation_that_is_killed_loses_nothing(world: World) {
    grows(&world, 40).await;
    let mut rotating = rotate(&world, &both());
    let stdout = rotating.stdout.take().unwrap();
    let first = soon("a line", BufReader::new(stdout).lines().next_line()).await;
    assert!(first.unwrap().unwrap().starts_with("1 of 42"));
    rotating.kill().await.unwrap();
    assert_eq!(readable(&world, &both()).await, 42);
    let done = readable(&world, NEW).await;
    assert!(done >= 1);
    let (code, lines) = rotates(&world, &both()).await;
    let said = format!(
        "{} wrapped anew, {done} had been",
        match 42 - done {
            1 => "1 data key".to_owned(),
            left => format!("{left} data keys"),
        }
    );
    assert_eq!((code, lines.last().unwrap()), (0, &said));
    assert_eq!(readable(&world, NEW).await, 42);
}

async fn what_no_key_at_hand_opens_is_named_and_left(world: World) {
    let (code, lines) = rotates(&world, OTHER).await;
    assert_eq!(code, 1);
    assert!(lines[0].contains("  NOT: sealed with key ") && lines[0].contains("not at hand"));
    assert_eq!(readable(&world, ENCRYPTION_KEY).await, 2);
}

async fn credentials_are_stored_while_another_rotates(world: World) {
    grows(&world, 1).await;
    let ours = vault(&world, &both());
    let mut rotation = ours.rotate().await.unwrap();
    while let Some(rotated) = rotation.next().await.unwrap() {
        let value = [(CredentialKey::TelnyxSipUsername, "anew".into())];
        ours.put(rotated.agency.id, &value).await.unwrap();
    }
    let opened = vault(&world, NEW).open(world.acme.id).await.unwrap();
    assert!(opened.held.len() == 3 && opened.held.iter().all(|held| held.value.is_ok()));
}

on_each_database!(
    a_rotation_cut_off_halfway_is_readable_by_both_keys_and_finished_later,
    a_rotation_that_is_killed_loses_nothing,
    what_no_key_at_hand_opens_is_named_and_left,
    credentials_are_stored_while_another_rotates,
);
