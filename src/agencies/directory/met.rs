//! Agencies all of whose people are known: whichever of them comes, nobody need be asked.

use super::{Directory, PEOPLE};
use crate::domain::AgencyId;
use crate::store::StoreError;

impl Directory {
    /// Whether all people of that agency are known.
    #[must_use]
    pub fn has_met(&self, agency: AgencyId) -> bool {
        self.0.met.contains_key(&agency)
    }

    /// Reads the people of those agencies that it has not met. Where that would be more than are remembered,
    /// each is asked for when they come, as of any other agency.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn meet(&self, agencies: &[AgencyId]) -> Result<(), StoreError> {
        let unmet = agencies.iter().filter(|agency| !self.has_met(**agency));
        let unmet: Vec<AgencyId> = unmet.copied().collect();
        if unmet.is_empty() {
            return Ok(());
        }
        let _turn = self.0.turn.lock().await;
        let people = self.0.store.people_of(unmet.clone()).await?;
        if self.0.people.len() + people.len() < PEOPLE {
            for user in people {
                self.0.people.insert(user.id, Some(user));
            }
        }
        for agency in unmet {
            self.0.met.insert(agency, ());
        }
        Ok(())
    }

    /// Expects nobody of these agencies any more. Whom it knows it still does.
    pub fn forgets_agencies(&self, gone: impl Fn(AgencyId) -> bool) {
        self.0.met.retain(|agency, ()| !gone(*agency));
    }
}

#[cfg(test)]
mod tests {
    use super::Directory;
    use crate::clock::Clock;
    use crate::config::{AgencyDefaults, DatabaseUrl};
    use crate::domain::{Agency, AgencyId, Role, Timestamp, User, UserId};
    use crate::store::Store;
    use tokio::runtime::Handle;
    use uuid::Uuid;

    const ACME: AgencyId = AgencyId(Uuid::from_u128(1));

    async fn joins(store: &Store, number: u128) -> UserId {
        let id = UserId(Uuid::from_u128(number));
        let user = User {
            id,
            agency_id: Some(ACME),
            role: Some(Role::Member),
            name: None,
            email: None,
            sip_username: None,
        };
        store.put_user(user, Timestamp::default()).await.unwrap();
        id
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_is_of_an_agency_that_was_met_is_known_and_who_joins_it_soon() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("callboard.db");
        let url = DatabaseUrl::Sqlite { path };
        let store = Store::open(&url, Handle::current()).await.unwrap();
        store.migrate().await.unwrap();
        let agency = Agency {
            id: ACME,
            name: "Acme".into(),
            is_default: false,
        };
        let added = store.add_agency(agency, "e".into(), Timestamp::default());
        added.await.unwrap();
        let anna = joins(&store, 1).await;
        let clock = Clock::by_hand(Timestamp::default());
        let defaults = AgencyDefaults::default();
        let directory = Directory::open(store.clone(), clock, None, defaults, false);
        let directory = directory.await.unwrap();
        directory.meet(&[ACME]).await.unwrap();

        let reads = store.reads();
        assert!(directory.user(anna).await.unwrap().is_some());
        directory.meet(&[ACME]).await.unwrap();
        assert_eq!(store.reads(), reads);

        let ben = joins(&store, 2).await;
        store.remove_user(anna).await.unwrap();
        directory.refresh().await.unwrap();
        assert!(!directory.has_met(ACME));
        directory.meet(&[ACME]).await.unwrap();
        let reads = store.reads();
        assert!(directory.user(ben).await.unwrap().is_some());
        assert!(directory.user(anna).await.unwrap().is_none());
        assert_eq!(store.reads(), reads);

        directory.forgets_agencies(|_| true);
        assert!(!directory.has_met(ACME));
    }
}
