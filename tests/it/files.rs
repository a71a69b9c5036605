//! The file of an SQLite database: its owner's alone, and still the one that was opened.

use crate::support::World;
use crate::support::command::{callboard, each_refuses_without_power};
use crate::support::database::Database;
use crate::support::retelling::tell;
use callboard::config::DatabaseUrl;
use callboard_simulator::HangupCause;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

fn path_of(database: &Database) -> PathBuf {
    let DatabaseUrl::Sqlite { path } = &database.url else {
        panic!("SQLite")
    };
    path.clone()
}

fn beside(path: &Path, tail: &str) -> PathBuf {
    format!("{}{tail}", path.display()).into()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_moved_deleted_or_replaced_is_not_acknowledged_into() {
    let world = World::on_sqlite().await;
    let path = path_of(&world.database);
    let node = world.node().await;
    let mut anna = node.board(&world, world.anna).await;
    let carrier = node.carrier(&world.acme);
    let call = carrier.new_call("+15550100");
    tell(&carrier, [&call.initiated()]).await;
    anna.hears_words(1).await;

    let away = beside(&path, "-away");
    let mut told = 1;
    for file in [path.clone(), beside(&path, "-wal")] {
        fs::rename(&file, &away).expect("a move");
        let next = carrier.new_call("+15550101").initiated();
        assert_eq!(
            carrier.deliver(&next).await.status,
            Some(503),
            "{} moved",
            file.display()
        );
        // Another file of that name is no better, even one with the same in it.
        fs::copy(&away, &file).expect("a copy");
        assert_eq!(
            carrier.deliver(&next).await.status,
            Some(503),
            "{} replaced",
            file.display()
        );
        fs::rename(&away, &file).expect("a move");
        tell(&carrier, [&next]).await;
        told += 1;
    }
    assert_eq!(world.last_seq(&world.acme).await, told);
    tell(&carrier, [&call.hung_up(HangupCause::OriginatorCancel)]).await;

    for tail in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(beside(&path, tail));
    }
    for n in 200..203 {
        let next = carrier.new_call(&format!("+15550{n}")).initiated();
        assert_eq!(carrier.deliver(&next).await.status, Some(503), "deleted");
    }
    assert!(!path.exists(), "no other file is made in its place");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_files_are_their_owners_alone() {
    let world = World::on(Database::sqlite()).await;
    let path = path_of(&world.database);
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    tell(&carrier, [&carrier.new_call("+15550100").initiated()]).await;
    for tail in ["", "-wal", "-shm"] {
        assert_eq!(mode(&beside(&path, tail)), 0o600, "{tail}");
    }
    // By a command too, and what was made otherwise stays as its owner wants it.
    let folder = tempfile::tempdir().expect("a folder");
    let other = folder.path().join("other.db");
    let url = format!("sqlite://{}", other.display());
    assert_eq!(callboard(&["migrate"], &url).await.code, 0);
    assert_eq!(mode(&other), 0o600);
    fs::set_permissions(&other, fs::Permissions::from_mode(0o640)).expect("a mode");
    assert_eq!(callboard(&["migrate"], &url).await.code, 0);
    assert_eq!(mode(&other), 0o640);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_that_cannot_be_written_to_is_told_with_the_user() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("board.db");
    let url = format!("sqlite://{}", path.display());
    assert_eq!(callboard(&["migrate"], &url).await.code, 0);
    let user = String::from_utf8(
        std::process::Command::new("id")
            .arg("-u")
            .output()
            .expect("id")
            .stdout,
    );
    let user = format!("user {} may not write", user.expect("text").trim());
    let permit = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
    };

    permit(folder.path(), 0o555);
    each_refuses_without_power(&url, &[&format!("{user} in the folder"), "chown "]).await;
    permit(folder.path(), 0o755);
    permit(&path, 0o444);
    each_refuses_without_power(&url, &[&format!("{user} to {}", path.display())]).await;
    permit(&path, 0o600);
    // As after a command that was run by root.
    let log = beside(&path, "-wal");
    fs::write(&log, "").expect("a log");
    permit(&log, 0o444);
    each_refuses_without_power(&url, &[&format!("{user} to {}", log.display())]).await;

    let nowhere = format!("sqlite://{}/not/there.db", folder.path().display());
    for command in ["serve", "migrate"] {
        let ended = callboard(&[command], &nowhere).await;
        assert!(
            ended.code == 1 && ended.said.contains("does not exist; make it with mkdir -p"),
            "{}",
            ended.said
        );
    }
}
