//! The stage: worlds with a database, agencies and people; nodes that serve; carriers and browsers.

pub mod balancer;
pub mod browser;
pub mod checkup;
pub mod command;
pub mod conversation;
pub mod cutter;
pub mod database;
pub mod documents;
pub mod exchange;
pub mod http;
pub mod mailbox;
pub mod node;
pub mod patience;
pub mod pooler;
pub mod postgres;
pub mod process;
pub mod provider;
pub mod redis;
pub mod retelling;
pub mod stand;
pub mod template;
pub mod ultravox;
pub mod wire;
pub mod wiretap;
pub mod world;

pub use world::World;

/// Tells each story, an `async fn(World)` above it, on both databases: `sqlite::story` and
/// `postgres::story`.
macro_rules! on_each_database {
    ($($story:ident),* $(,)?) => {
        mod sqlite {
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $story() {
                    super::$story(World::on_sqlite().await).await;
                }
            )*
        }
        mod postgres {
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $story() {
                    super::$story(World::on_postgres().await).await;
                }
            )*
        }
    };
}
