//! Agents are the agency's people: who joins it is on the board, who leaves it goes from it.

use super::eyes::Eyes;
use super::two_boards;
use crate::support::World;
use crate::support::command::callboard;
use crate::support::process::url_of;
use callboard::domain::{Role, User, UserId};
use callboard_simulator::browser::BrowserSettings;
use serde_json::json;
use uuid::Uuid;

async fn whoever_joins_is_on_the_board_and_whoever_leaves_goes_from_it(world: World) {
    let world = world.watching();
    let node = world.node().await;
    let (mut anna, ben) = two_boards(&world, &node).await;
    drop(ben);
    let cleo = User {
        id: UserId(Uuid::new_v4()),
        agency_id: Some(world.acme.id),
        role: Some(Role::Member),
        name: Some("Cleo".into()),
        email: None,
        sip_username: None,
    };
    world.store.put_user(cleo, world.clock.now()).await.unwrap();
    let there = [
        "Anna available",
        "Ben available",
        "Cleo offline",
        "Olivia offline",
    ];
    world.passes_until(anna.sees(&there)).await;
    anna.knows_all();

    world.store.remove_user(world.ben).await.unwrap();
    let gone = ["Anna available", "Cleo offline", "Olivia offline"];
    world.passes_until(anna.sees(&gone)).await;
    let left = anna.hears().await;

    assert_eq!(
        (left.kind.as_str(), left.agent.id),
        ("agent.removed", world.ben.to_string())
    );
    let mut olivia = node.eyes(&world, world.olivia).await;
    assert_eq!(olivia.people().len(), 3);
    // And another name is news.
    world
        .changes_user(world.anna, |anna| anna.name = Some("Annabel".into()))
        .await;
    let heard = olivia.sees(&["Annabel available", "Cleo offline", "Olivia available"]);
    world.passes_until(heard).await;
}

async fn a_display_is_nobody(world: World) {
    let world = world.watching();
    let node = world.node().await;
    let (mut anna, _ben) = two_boards(&world, &node).await;
    let wish = json!({"name": "Hall", "rights": ["display"]});
    let (status, made) = node
        .post(&world, world.olivia, "/api/agency/keys", &wish)
        .await;
    assert_eq!(status, 201, "{made}");
    let key = made["key"].as_str().expect("a key").to_owned();

    let wall = node.open(BrowserSettings::new(&node.url, key.into())).await;
    let mut wall = Eyes::on(wall);
    wall.sees(&["Anna available", "Ben available", "Olivia offline"])
        .await;
    world.passes(70).await;

    wall.sees(&["Anna available", "Ben available", "Olivia offline"])
        .await;
    anna.sees(&["Anna available", "Ben available", "Olivia offline"])
        .await;
    assert_eq!(super::events_of_people(&world).await, 5);
    let noted = world
        .database
        .texts("SELECT user_id FROM connections")
        .await;
    assert_eq!(noted.len(), 2, "{noted:?}");
}

async fn whoever_is_forgotten_was_never_there(world: World) {
    let world = world.watching();
    let node = world.node().await;
    let (mut anna, ben) = two_boards(&world, &node).await;
    let wish = json!({"state": "away", "reason": "lunch"});
    assert_eq!(node.says(&world, world.ben, wish).await.0, 200);
    anna.sees(&["Anna available", "Ben away (lunch)", "Olivia offline"])
        .await;
    drop(ben);
    let person = world.ben.to_string();

    let ended = callboard(&["forget", "--person", &person], &url_of(&world)).await;

    assert_eq!(ended.code, 0, "{}", ended.said);
    world
        .passes_until(async { assert_eq!(anna.closes().await, 1012) })
        .await;
    let mut again = node.eyes(&world, world.anna).await;
    again.sees(&["Anna available", "Olivia offline"]).await;
    for (table, column) in [
        ("agents", "user_id"),
        ("agent_times", "user_id"),
        ("connections", "user_id"),
        ("call_events", "event"),
        ("call_events", "subject_id"),
    ] {
        let sql = format!("SELECT {column} FROM {table} WHERE {column} LIKE '%{person}%'");
        let left = world.database.texts(&sql).await;
        assert_eq!(left, Vec::<String>::new(), "{table}.{column}");
    }
    let named = "SELECT event FROM call_events WHERE event LIKE '%\"Ben\"%'";
    assert_eq!(world.database.texts(named).await, Vec::<String>::new());
}

on_each_database!(
    whoever_joins_is_on_the_board_and_whoever_leaves_goes_from_it,
    a_display_is_nobody,
    whoever_is_forgotten_was_never_there,
);
