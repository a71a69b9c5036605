//! Being there is a matter of all nodes: one that dies takes nobody with it who comes back elsewhere.

use super::two_boards;
use crate::support::World;
use crate::support::database::Database;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_three_nodes_one_is_killed_and_only_whoever_does_not_come_back_is_gone() {
    let world = World::on(Database::postgres().await).await.watching();
    let (one, two, three) = (world.node().await, world.node().await, world.node().await);
    let mut olivia = one.eyes(&world, world.olivia).await;
    let anna = two.eyes(&world, world.anna).await;
    let ben = two.eyes(&world, world.ben).await;
    let all = ["Anna available", "Ben available", "Olivia available"];
    world.passes_until(olivia.sees(&all)).await;
    let events = super::events_of_people(&world).await;

    // As a crash cuts it off: nothing is finished and nobody is told.
    let position = anna.leaves().await;
    drop(two);
    drop(ben);
    world.passes(10).await;
    let _anna = three.eyes_at(&world, world.anna, position).await;
    let left = ["Anna available", "Ben offline", "Olivia available"];
    let seconds = 10 + world.passes_until(olivia.sees(&left)).await;

    assert!((30..=45).contains(&seconds), "{seconds}");
    world.passes(70).await;
    // Ben's going is all that was told.
    assert_eq!(super::events_of_people(&world).await, events + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_board_on_each_of_two_nodes_is_one_person() {
    let world = World::on(Database::postgres().await).await.watching();
    let (one, two) = (world.node().await, world.node().await);
    let (anna, mut ben) = two_boards(&world, &one).await;
    let elsewhere = two.eyes(&world, world.anna).await;
    let events = super::events_of_people(&world).await;

    anna.leaves().await;
    world.passes(60).await;
    assert_eq!(super::events_of_people(&world).await, events);
    elsewhere.leaves().await;
    let gone = ["Anna offline", "Ben available", "Olivia offline"];
    world.passes_until(ben.sees(&gone)).await;
}
