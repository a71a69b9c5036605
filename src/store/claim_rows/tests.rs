use super::*;
use crate::domain::{Claim, ClaimEnd};
use uuid::Uuid;

fn claim(plain_answer: bool) -> Claim {
    let at = Timestamp::from_micros(0);
    Claim {
        id: ClaimId(Uuid::from_u128(1)),
        call_id: CallId(Uuid::from_u128(2)),
        ordinal: 1,
        user_id: UserId(Uuid::from_u128(3)),
        user_name: None,
        claimed_at: at,
        ended: None,
        plain_answer,
        deadline: at,
    }
}

/// The claim's row, as whoever knows no other place for its command writes it.
fn row(claim: Claim, command: Command, standing: Standing) -> ClaimRow {
    ClaimRow::of(&WrittenClaim {
        agency_id: AgencyId(Uuid::from_u128(4)),
        claim,
        standing,
        command,
    })
}

#[test]
fn the_claims_own_columns_count_where_they_are_further_on_than_the_commands() {
    use Action::{Answer, Transfer};
    use CommandState::{Accepted, Asked, Refused};
    let refused = |why| Refused(why);
    for (plain, known, told, expected) in [
        // All that there is, where yesterday's node has made the claim.
        (
            false,
            vec![],
            (Transfer, 1, Asked),
            vec![(Transfer, 1, Asked)],
        ),
        // What is heard of the command that is known.
        (
            false,
            vec![(Transfer, 1, Asked)],
            (Transfer, 1, Accepted),
            vec![(Transfer, 1, Accepted)],
        ),
        // One that followed: so the one before it was refused, and why is told by what it is.
        (
            false,
            vec![(Transfer, 1, Asked)],
            (Answer, 2, Asked),
            vec![
                (Transfer, 1, refused(Refusal::NotAnswered)),
                (Answer, 2, Asked),
            ],
        ),
        (
            false,
            vec![(Transfer, 1, Asked)],
            (Transfer, 2, Accepted),
            vec![
                (Transfer, 1, refused(Refusal::CallerId)),
                (Transfer, 2, Accepted),
            ],
        ),
        (
            true,
            vec![(Transfer, 1, Asked)],
            (Answer, 2, Asked),
            vec![(Transfer, 1, refused(Refusal::ForGood)), (Answer, 2, Asked)],
        ),
        // What was definite stays.
        (
            false,
            vec![
                (Transfer, 1, refused(Refusal::NotAnswered)),
                (Answer, 2, Accepted),
            ],
            (Transfer, 3, Asked),
            vec![
                (Transfer, 1, refused(Refusal::NotAnswered)),
                (Answer, 2, Accepted),
                (Transfer, 3, Asked),
            ],
        ),
        // Columns that are behind say nothing new.
        (
            false,
            vec![(Answer, 2, Asked)],
            (Transfer, 1, Accepted),
            vec![(Answer, 2, Asked)],
        ),
    ] {
        let claim = claim(plain);
        let agency = AgencyId(Uuid::from_u128(4));
        let command = |(action, n, state)| Command::of_claim(&claim, action, n).now(state);
        let rows = known.iter().map(|known| {
            let command = command(*known);
            CommandRow::of(agency, &command, Timestamp::from_micros(0))
        });
        let row = row(claim.clone(), command(told), Standing::Open);
        let (_, read, commands) = row.with_commands(rows.collect()).unwrap();
        assert_eq!(read, claim);
        let expected: Vec<Command> = expected.into_iter().map(command).collect();
        assert_eq!(commands, expected, "{known:?}, then {told:?}");
    }
}

#[test]
fn how_a_claim_stands_and_ended_is_read_as_it_was_written() {
    let to = ClaimId(Uuid::from_u128(0x5a));
    let at = Timestamp::from_micros(7);
    let handed = "handed_over: 00000000-0000-0000-0000-00000000005a";
    let busy = ReleaseReason::Busy;
    for (standing, end, words) in [
        (Standing::Open, None, ("open", None)),
        (Standing::Won, None, ("won", None)),
        (
            Standing::Released(busy),
            Some((at, ClaimEnd::Released(busy))),
            ("released: busy", Some("busy")),
        ),
        (
            Standing::HandedOver { to },
            Some((at, ClaimEnd::HandedOver { to })),
            (handed, Some(handed)),
        ),
    ] {
        let claim = Claim {
            ended: end,
            ..claim(false)
        };
        let command = Command::of_claim(&claim, Action::Transfer, 1);
        let row = row(claim.clone(), command, standing);
        assert_eq!((&*row.standing, row.release_reason.as_deref()), words);
        assert_eq!(row.standing().unwrap(), standing);
        assert_eq!(row.claim().unwrap().1, claim);
    }
    for unknown in ["", "parked", "released: bored", "handed_over: nobody"] {
        assert_eq!(read_standing(unknown), None, "{unknown}");
    }
}
