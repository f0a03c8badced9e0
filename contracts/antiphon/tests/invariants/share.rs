//! Once the randomness of a draw is public, nobody gains a place by a message.

use antiphon_api::*;
use cosmwasm_std::{Addr, coins};

use super::send;
use crate::matrix::messages::{ROWS, Row};
use crate::matrix::world::World;
use crate::suite::Copy;
use crate::suite::network::{DENOM, find};

/// The committee that a task with known randomness gets now.
pub(super) fn committee(copy: &Copy, world: &World) -> Vec<String> {
    let mut copy = copy.clone();
    let tasks = vec![world.drawing];
    let advance = ExecuteMsg::Advance { tasks };
    let drawn = copy.execute(&world.network.stranger, &advance, &[]);
    let told = find::<CommitteeDrawn>(&drawn.unwrap().events);
    told.map_or(Vec::new(), |it| it.members)
}

/// Who sits where, but for one worker.
pub(super) fn seats_of_others(copy: &Copy, but: &Addr) -> Vec<(u16, String)> {
    let mut seats: Vec<(u16, String)> = Vec::new();
    loop {
        let page: SeatsResponse = copy.read(QueryMsg::Seats {
            model: 1,
            start_after: seats.last().map(|(slot, _)| *slot),
            limit: Some(30),
        });
        if page.seats.is_empty() {
            seats.retain(|(_, worker)| worker != but.as_str());
            return seats;
        }
        seats.extend(page.seats.into_iter().map(|it| (it.slot, it.worker)));
    }
}

/// The world in which the randomness that a task waits for is known, and nobody has drawn yet.
pub(super) fn randomness_is_public(world: &World) -> Copy {
    let mut copy = world.network.copy();
    let round = copy.task(world.drawing).waits_for.unwrap();
    let publish = ExecuteMsg::PublishBeacon {
        round,
        signature: world.network.beacon.sign(round),
        draws: 0,
    };
    send(&mut copy, &world.network, &publish);
    copy.blocks(1);
    copy
}

/// What a message of a sender makes of the committee, if it is accepted.
fn after(world: &World, public: &Copy, row: &Row, sender: &Addr) -> Option<Copy> {
    let mut copy = public.clone();
    let funds = match row.coins {
        0 => Vec::new(),
        amount => coins(amount, DENOM),
    };
    let msg = (row.make)(world, sender);
    copy.execute(sender, &msg, &funds).ok().map(|_| copy)
}

#[test]
fn invariant_18_no_message_after_the_randomness_raises_its_senders_share() {
    let world = World::new();
    let public = randomness_is_public(&world);
    let before = committee(&public, &world);
    assert_eq!(before.len(), 5);
    let workers = world.network.workers.iter().map(|it| it.address.clone());
    let roles = world.roles.iter().map(|(_, address)| address.clone());
    let senders: Vec<_> = workers.chain(roles).collect();
    let mut moved = 0;
    for row in ROWS.iter().filter(|row| row.name != "publish_beacon") {
        for sender in &senders {
            let Some(copy) = after(&world, &public, row, sender) else {
                continue;
            };
            let now = committee(&copy, &world);
            let own = sender.as_str();
            let sat = before.iter().any(|it| it == own);
            let sits = now.iter().any(|it| it == own);
            assert!(sat || !sits, "{} brought {own} in", row.name);
            for other in before.iter().filter(|it| *it != own) {
                assert!(
                    now.contains(other),
                    "{} of {own} took {other} out",
                    row.name
                );
            }
            assert_eq!(
                seats_of_others(&copy, sender),
                seats_of_others(&public, sender),
                "{} moved the seat of another",
                row.name
            );
            moved += u32::from(now != before);
        }
    }
    assert!(
        moved >= 5,
        "only {moved} messages took the sender's own seat out"
    );
}
