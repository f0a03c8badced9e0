//! The rest of invariant 18: what a hostile worker does with several messages once the randomness is public, seen
//! by the places of the draw, filled or not; and the one thing that may still fill a place.

use antiphon_api::*;
use antiphon_rules::draw::{candidates, seed};
use cosmwasm_std::{Addr, coins};
use sha2::{Digest, Sha256};

use super::share::{committee, randomness_is_public, seats_of_others};
use crate::matrix::world::World;
use crate::suite::Copy;
use crate::suite::network::DENOM;

/// Messages one after the other, of each of several senders.
const DEPTH: usize = 3;

/// What moves bonds, seats and locks. Amounts are a whole bond but for the lock of a seat, and more than any lock.
fn acts(world: &World) -> Vec<(ExecuteMsg, u128)> {
    let amount = Uint128::new(97_000);
    let tasks = vec![world.due, world.answered, world.committing, world.revealing];
    vec![
        (ExecuteMsg::Bond {}, 50_000),
        (ExecuteMsg::Unbond { amount }, 0),
        (ExecuteMsg::JoinModel { model: 1 }, 0),
        (ExecuteMsg::LeaveModel { model: 1 }, 0),
        (ExecuteMsg::Unjail {}, 0),
        (ExecuteMsg::ClaimUnbonded {}, 0),
        (ExecuteMsg::Advance { tasks }, 0),
    ]
}

/// Whose seats the draw stops at, by this test's own walk: everybody's but those in jail and those too young,
/// whether a bond is free for the lock or not.
fn places(copy: &Copy, world: &World) -> Vec<String> {
    let task = world.network.task(world.drawing);
    let round: RoundResponse = copy.round(world.drawing, 0);
    let signature = world.network.beacon.sign(task.waits_for.unwrap());
    let seed = seed(&Sha256::digest(signature.0).into(), world.drawing, 0);
    let seats = seats_of_others(copy, &Addr::unchecked(""));
    let mut met = Vec::new();
    let mut places = Vec::new();
    for slot in (0..).flat_map(|k| candidates(&seed, k)) {
        let Some((_, worker)) = seats.iter().find(|(seat, _)| *seat == slot) else {
            continue;
        };
        if met.contains(&slot) {
            continue;
        }
        met.push(slot);
        let info = copy.worker(&Addr::unchecked(worker.clone()));
        if info.jailed_until.is_none() && info.since < round.opened {
            places.push(worker.clone());
        }
        if places.len() == 5 || met.len() == seats.len() {
            break;
        }
    }
    places
}

fn count(all: &[String], one: &Addr) -> usize {
    all.iter().filter(|it| *it == one.as_str()).count()
}

/// Every sequence of acts of one sender, each checked after its last message.
struct Hostile<'a> {
    world: &'a World,
    public: &'a Copy,
    before: Vec<String>,
    checked: u32,
}

impl Hostile<'_> {
    fn play(&mut self, copy: &Copy, sender: &Addr, said: &[&str], left: usize) {
        if left == 0 {
            return;
        }
        for (msg, amount) in acts(self.world) {
            let mut next = copy.clone();
            let funds = if amount == 0 {
                Vec::new()
            } else {
                coins(amount, DENOM)
            };
            if next.execute(sender, &msg, &funds).is_err() {
                continue;
            }
            let mut said = said.to_vec();
            said.push(crate::matrix::messages::key(&msg));
            self.check(&next, sender, &said);
            next.blocks(1);
            self.play(&next, sender, &said, left - 1);
        }
    }

    fn check(&mut self, copy: &Copy, sender: &Addr, said: &[&str]) {
        let now = places(copy, self.world);
        let (had, has) = (count(&self.before, sender), count(&now, sender));
        assert!(
            has <= had,
            "{said:?} brought {sender} from {had} places to {has}"
        );
        assert_eq!(
            seats_of_others(copy, sender),
            seats_of_others(self.public, sender),
            "{said:?} moved the seat of another"
        );
        let members = committee(copy, self.world);
        assert!(
            members.iter().all(|it| now.contains(it)),
            "{said:?}: {members:?} of {now:?}"
        );
        self.checked += 1;
    }
}

#[test]
fn invariant_18_no_sequence_of_messages_after_the_randomness_raises_its_senders_places() {
    let world = World::new();
    let public = randomness_is_public(&world);
    let before = places(&public, &world);
    assert_eq!(before.len(), 5);
    let inside = world
        .network
        .workers
        .iter()
        .find(|it| count(&before, &it.address) > 0);
    let outside = world
        .network
        .workers
        .iter()
        .find(|it| count(&before, &it.address) == 0);
    let senders = [
        inside.unwrap().address.clone(),
        outside.unwrap().address.clone(),
        world.role("worker without a seat"),
        world.role("jailed worker"),
        world.role("stranger"),
    ];
    let mut hostile = Hostile {
        world: &world,
        public: &public,
        before,
        checked: 0,
    };
    for sender in senders {
        hostile.play(&public, &sender, &[], DEPTH);
    }
    assert!(
        hostile.checked > 200,
        "only {} sequences were accepted",
        hostile.checked
    );
}

/// Who has a place, and a lock in another task that will be freed: it does not withhold a reveal.
fn locked_elsewhere(world: &World, copy: &Copy, places: &[String]) -> Addr {
    let revealing = copy.round(world.revealing, 0).members;
    let mut owners = places.iter().map(|it| Addr::unchecked(it.clone()));
    let wanted = |it: &Addr| {
        let withholds = revealing.iter().any(|member| member.worker == it.as_str());
        !withholds && !copy.worker(it).locked.is_zero()
    };
    owners.find(wanted).unwrap()
}

#[test]
fn invariant_18_a_lock_that_was_due_frees_a_seat_for_its_own_place_and_no_more() {
    let world = World::new();
    let public = randomness_is_public(&world);
    let before = places(&public, &world);
    let poor = locked_elsewhere(&world, &public, &before);
    // As if it had happened before the randomness: `since` stays, the bond carries its seat, one lock, and no more.
    let mut copy = public.clone();
    let amount = Uint128::new(96_900);
    copy.execute(&poor, &ExecuteMsg::Unbond { amount }, &[])
        .unwrap();
    assert_eq!(places(&copy, &world), before, "its place stays its place");
    let without = committee(&copy, &world);
    assert!(
        !without.contains(&poor.to_string()),
        "and is empty: {without:?}"
    );
    copy.blocks(2_000);
    let open = |task: &u64| copy.task(*task).settlement.is_none();
    let tasks: Vec<u64> = (1..world.drawing).filter(open).collect();
    for _ in 0..10 {
        let tasks = tasks.clone();
        copy.execute(&poor, &ExecuteMsg::Advance { tasks }, &[])
            .unwrap();
        copy.blocks(2_000);
    }
    assert!(
        copy.worker(&poor).locked.is_zero(),
        "every lock that was due is free"
    );
    let with = committee(&copy, &world);
    assert_eq!(
        places(&copy, &world),
        before,
        "nobody's places are more or fewer"
    );
    assert_eq!(count(&with, &poor), count(&before, &poor), "{with:?}");
    assert!(
        without.iter().all(|it| with.contains(it)),
        "{without:?} are in {with:?}"
    );
}
