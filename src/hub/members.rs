//! The sockets of one agency, and how many of them each person has.

use super::outbox::Outbox;
use crate::domain::{Audience, UserId};
use std::collections::HashMap;
use uuid::Uuid;

/// A socket that wants to hear an agency's events.
#[derive(Clone)]
pub struct Member {
    /// Names the socket.
    pub socket: Uuid,
    /// Whose it is.
    pub user: UserId,
    /// That is a person, and no key of a program or a display.
    pub is_person: bool,
    /// What this person may see of callers' numbers.
    pub audience: Audience,
    /// The way to it.
    pub outbox: Outbox,
}

/// How many sockets there may be.
#[derive(Clone, Copy, Debug)]
pub struct Caps {
    /// Of one person, on this node.
    pub per_user: usize,
    /// Of one agency, on this node.
    pub per_agency: usize,
}

#[derive(Default)]
pub(super) struct Members {
    by_socket: HashMap<Uuid, Member>,
    per_user: HashMap<UserId, usize>,
}

impl Members {
    pub(super) fn is_empty(&self) -> bool {
        self.by_socket.is_empty()
    }

    pub(super) fn all(&self) -> Vec<Member> {
        self.by_socket.values().cloned().collect()
    }

    /// The people whose sockets these are, each once for each socket.
    pub(super) fn people(&self) -> impl Iterator<Item = UserId> {
        let people = self.by_socket.values().filter(|member| member.is_person);
        people.map(|member| member.user)
    }

    /// Whether there is no place for one more of this person's.
    pub(super) fn is_full_for(&self, user: UserId, caps: Caps) -> bool {
        let of_user = self.per_user.get(&user).copied().unwrap_or(0);
        self.by_socket.len() >= caps.per_agency || of_user >= caps.per_user
    }

    pub(super) fn add(&mut self, member: &Member) {
        let former = self.by_socket.insert(member.socket, member.clone());
        if former.is_none() {
            *self.per_user.entry(member.user).or_default() += 1;
        }
    }

    pub(super) fn remove(&mut self, socket: Uuid) -> Option<Member> {
        let member = self.by_socket.remove(&socket)?;
        if let Some(sockets) = self.per_user.get_mut(&member.user) {
            *sockets -= 1;
            if *sockets == 0 {
                self.per_user.remove(&member.user);
            }
        }
        Some(member)
    }

    /// Has each of them told; those that could not be are taken out and returned.
    pub(super) fn tell(&mut self, told: impl Fn(&Member) -> bool) -> Vec<Member> {
        let untold = self.by_socket.values().filter(|member| !told(member));
        let untold: Vec<Uuid> = untold.map(|member| member.socket).collect();
        let untold = untold.into_iter();
        untold.filter_map(|socket| self.remove(socket)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Caps, Member, Members};
    use crate::domain::{Audience, UserId};
    use crate::hub::{Bell, Outbox};
    use uuid::Uuid;

    const CAPS: Caps = Caps {
        per_user: 2,
        per_agency: 3,
    };

    fn socket_of(user: UserId) -> Member {
        Member {
            socket: Uuid::new_v4(),
            user,
            is_person: true,
            audience: Audience::Full,
            outbox: Outbox::corked(Bell::default()),
        }
    }

    #[test]
    fn a_place_is_free_again_when_a_socket_leaves_or_is_too_slow() {
        let (anna, ben) = (UserId(Uuid::new_v4()), UserId(Uuid::new_v4()));
        let mut members = Members::default();
        let first = socket_of(anna);
        members.add(&first);
        // The same socket takes one place, however often it joins.
        members.add(&first);
        assert!(!members.is_full_for(anna, CAPS));
        members.add(&socket_of(anna));
        assert!(members.is_full_for(anna, CAPS) && !members.is_full_for(ben, CAPS));
        members.add(&socket_of(ben));
        assert!(members.is_full_for(ben, CAPS), "the agency is full");

        members.remove(first.socket);
        members.remove(first.socket);
        assert!(!members.is_full_for(anna, CAPS) && !members.is_full_for(ben, CAPS));
        let slow = members.tell(|member| member.user == ben);
        assert!(slow.iter().all(|member| member.user == anna) && slow.len() == 1);
        members.add(&socket_of(anna));
        assert!(!members.is_full_for(anna, CAPS));
    }
}
