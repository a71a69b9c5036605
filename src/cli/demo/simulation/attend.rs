//! Sitting by a phone of the demo's people.

use super::Simulation;
use crate::cli::demo::identity::phone_of;
use crate::cli::demo::phones::Manner;
use crate::domain::User;
use callboard_simulator::Phone;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// How long a phone rings before it is answered.
const ANSWERED_AFTER: Duration = Duration::from_secs(2);
/// How long a phone takes to say that it is busy.
const BUSY_AFTER: Duration = Duration::from_millis(900);

/// Sits by this person's phone until the demo ends.
pub(in crate::cli::demo) async fn attend(simulation: Arc<Simulation>, person: User) {
    let Some(address) = phone_of(&person) else {
        return;
    };
    let phone: Phone = simulation.exchange.phone(&address);
    let mut ringings = JoinSet::new();
    while let Some(ringing) = simulation.stop.run_until_cancelled(phone.rings()).await {
        while ringings.try_join_next().is_some() {}
        let simulation = Arc::clone(&simulation);
        let manner = simulation.phones.take(ringing.leg().call_session_id);
        ringings.spawn(async move {
            match manner {
                Manner::Answers => {
                    simulation.wait(ANSWERED_AFTER).await?;
                    let _person = ringing.answers();
                }
                Manner::IsBusy => {
                    simulation.wait(BUSY_AFTER).await?;
                    ringing.is_busy();
                }
                Manner::LetsRing => {}
            }
            Some(())
        });
    }
}
