//! The draw as a lottery: every seat has the same chance, nobody sits twice, the contract draws what
//! the page of the protocol says, and only the beacon's own signatures count.
//!
//! The vectors of the draw are checked in `antiphon_rules` (`draws_are_those_of_the_vectors`); here
//! the same committees come out of a second implementation and out of the contract.

use std::collections::BTreeMap;
use std::convert::Infallible;

use antiphon_api::*;
use antiphon_rules::{DrawInput, SeatView, draw};
use sha2::{Digest, Sha256};

use crate::messages::assert_code;
use crate::suite::votes::*;
use crate::suite::{Ask, Network, Options};

const DRAWS: u32 = 100_000;

const ELIGIBLE: SeatView = SeatView {
    since: 0,
    free: u128::MAX,
    bond: u128::MAX,
    jailed: false,
    in_task: false,
};

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    Sha256::digest(parts.concat()).into()
}

fn bitmap(slots: &[u16]) -> [u8; 512] {
    let mut bitmap = [0; 512];
    for slot in slots {
        bitmap[usize::from(slot / 8)] |= 1 << (slot % 8);
    }
    bitmap
}

/// Slots spread over the whole model, the first and the last among them.
fn spread(seats: u16) -> Vec<u16> {
    (0..seats)
        .map(|seat| u16::try_from(u32::from(seat) * 4_095 / u32::from(seats - 1)).unwrap())
        .collect()
}

fn draw_of(index: u32, places: u32, bitmap: &[u8; 512]) -> Vec<u16> {
    let randomness = hash(&[b"a beacon round", &index.to_be_bytes()]);
    let input = DrawInput {
        randomness: &randomness,
        task: u64::from(index % 7),
        round: u8::try_from(index % 3).unwrap(),
        vacancies: places,
        opened: 1,
        lock: 1,
        seat_lock: 1,
        bitmap,
    };
    let Ok(result) = draw(&input, |_| Ok::<_, Infallible>(ELIGIBLE));
    result.drawn
}

/// Pearson's statistic of equal chances, and how far it is from its mean in standard deviations;
/// `share` is the part of all seats that one draw takes, which makes counts less scattered.
fn chi_square(counts: &[u32], share: f64) -> (f64, f64) {
    let cells = f64::from(u32::try_from(counts.len()).unwrap());
    let expected = f64::from(counts.iter().sum::<u32>()) / cells;
    let sum: f64 = counts
        .iter()
        .map(|count| (f64::from(*count) - expected).powi(2) / expected)
        .sum();
    let statistic = sum / (1.0 - share);
    let freedom = cells - 1.0;
    (statistic, (statistic - freedom) / (2.0 * freedom).sqrt())
}

/// Draws of `places` among `seats`: how often each seat got one.
fn lottery(seats: u16, places: u32) -> (Vec<u32>, Vec<Vec<u32>>) {
    let slots = spread(seats);
    let index: BTreeMap<u16, usize> = slots.iter().copied().zip(0..).collect();
    let bitmap = bitmap(&slots);
    let mut all = vec![0; slots.len()];
    let mut by_position = vec![all.clone(); usize::try_from(places).unwrap()];
    for number in 0..DRAWS {
        let drawn = draw_of(number, places, &bitmap);
        assert_eq!(drawn.len(), by_position.len(), "a place stayed empty");
        for (position, slot) in drawn.iter().enumerate() {
            assert!(!drawn[..position].contains(slot), "a member twice");
            all[index[slot]] += 1;
            by_position[position][index[slot]] += 1;
        }
    }
    (all, by_position)
}

#[allow(clippy::print_stdout, reason = "the statistic is a result")]
fn assert_uniform(what: &str, counts: &[u32], share: f64) {
    let (statistic, deviations) = chi_square(counts, share);
    println!(
        "{what}: chi-square {statistic:.1} of {} degrees of freedom, {deviations:+.2} deviations",
        counts.len() - 1
    );
    assert!(deviations.abs() < 4.0, "{what}: {statistic}");
}

#[test]
fn every_seat_of_256_has_the_same_chance_in_a_hundred_thousand_draws() {
    let (mut all, by_position) = lottery(256, 5);
    assert_uniform("5 of 256 seats", &all, 5.0 / 256.0);
    for (position, counts) in by_position.iter().enumerate() {
        assert_uniform(&format!("place {position} of 5 of 256"), counts, 0.0);
    }
    // The statistic would see a bias of a tenth between neighbours.
    for pair in all.chunks_mut(2) {
        let moved = pair[0] / 20;
        pair[0] -= moved;
        pair[1] += moved;
    }
    let (_, deviations) = chi_square(&all, 5.0 / 256.0);
    assert!(deviations > 20.0, "{deviations}");
}

#[test]
fn every_seat_of_a_full_model_has_the_same_chance_in_a_hundred_thousand_draws() {
    let (all, by_position) = lottery(4_096, 15);
    assert_uniform("15 of 4,096 seats", &all, 15.0 / 4_096.0);
    assert_uniform("the first of 15 of 4,096", &by_position[0], 0.0);
    assert_uniform("the last of 15 of 4,096", &by_position[14], 0.0);
}

#[test]
fn who_sits_beside_whom_is_uniform_too() {
    let slots = spread(64);
    let bitmap = bitmap(&slots);
    let mut pairs = BTreeMap::new();
    for number in 0..DRAWS {
        let drawn = draw_of(number, 2, &bitmap);
        *pairs.entry((drawn[0], drawn[1])).or_insert(0) += 1;
    }
    let counts: Vec<_> = pairs.into_values().collect();
    assert_eq!(counts.len(), 64 * 63);
    assert_uniform("ordered pairs of 64 seats", &counts, 0.0);
}

/// The draw once more, from the page of the protocol: no code shared with the contract.
fn committee_by_the_page(
    randomness: &[u8; 32],
    task: u64,
    seats: &BTreeMap<u16, String>,
    places: usize,
) -> Vec<String> {
    let seed = hash(&[b"antiphon/draw/1", randomness, &task.to_be_bytes(), &[0]]);
    let mut drawn = Vec::new();
    for k in 0_u32.. {
        let bits: String = hash(&[&seed, &k.to_be_bytes()])
            .iter()
            .map(|byte| format!("{byte:08b}"))
            .collect();
        for number in 0..21 {
            let slot = u16::from_str_radix(&bits[number * 12..number * 12 + 12], 2).unwrap();
            if let Some(worker) = seats.get(&slot).filter(|it| !drawn.contains(*it)) {
                drawn.push(worker.clone());
            }
            if drawn.len() == places {
                return drawn;
            }
        }
    }
    unreachable!("the numbers end")
}

#[test]
fn the_contract_draws_what_the_page_says() {
    let mut network = Network::start(&Options::workers(23));
    for worker in [3, 11, 12] {
        let worker = network.workers[worker].address.clone();
        let leave = ExecuteMsg::LeaveModel { model: 1 };
        network.run(&worker, &leave).unwrap();
    }
    let seats: SeatsResponse = network.query(&QueryMsg::Seats {
        model: 1,
        start_after: None,
        limit: Some(30),
    });
    let seats: BTreeMap<_, _> = seats
        .seats
        .into_iter()
        .map(|it| (it.slot, it.worker))
        .collect();
    assert_eq!(seats.len(), 20);
    for _ in 0..20 {
        let task = network.ask(&Ask::default()).unwrap();
        let round = network.task(task).waits_for.unwrap();
        network.draw(task);
        let randomness = hash(&[network.beacon.sign(round).bytes()]);
        let members = network.round(task, 0).members;
        let members: Vec<_> = members.into_iter().map(|it| it.worker).collect();
        let want = committee_by_the_page(&randomness, task, &seats, 5);
        assert_eq!(members, want);
        network.play(task, &[Answer("a"); 5]);
        network.blocks(6);
        network.advance(task);
    }
}

/// drand's public network.
fn quicknet() -> BeaconConfig {
    let public_key = "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c\
                      8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb\
                      5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a";
    BeaconConfig {
        public_key: public_key.parse().unwrap(),
        genesis: 1_692_803_367,
        period: 3,
        delay_seconds: 10,
    }
}

/// Its real signature of round 1000.
const ROUND_1000: &str = "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125\
                          e342b73a8dd2bacbe47e4b6b63ed5e39";

/// A network on quicknet with a task that waits for round `1000 + later`, in the block in which it
/// is out.
fn on_quicknet(later: u64) -> (Network, u64) {
    // Round 1000 is published at 1692806364: the first later than this time and the delay.
    let mut network = Network::start(&Options {
        foreign_beacon: Some((quicknet(), 1_692_806_351 + 3 * later)),
        ..Options::default()
    });
    let task = network.ask(&Ask::default()).unwrap();
    assert_eq!(network.task(task).waits_for, Some(1_000 + later));
    network.step(4, 13);
    (network, task)
}

fn publish(network: &mut Network, round: u64, signature: Hex<48>) -> Result<(), String> {
    let msg = ExecuteMsg::PublishBeacon {
        round,
        signature,
        draws: 1,
    };
    let sender = network.stranger.clone();
    network.run(&sender, &msg).map(|_| ())
}

#[test]
fn round_1000_of_quicknet_draws_a_committee() {
    let (mut network, task) = on_quicknet(0);
    publish(&mut network, 1_000, ROUND_1000.parse().unwrap()).unwrap();
    assert_eq!(network.task(task).members, 5);
}

#[test]
fn what_quicknet_did_not_sign_draws_nobody() {
    let (mut network, task) = on_quicknet(0);
    let real: Hex<48> = ROUND_1000.parse().unwrap();
    let mut negated = real;
    negated.0[0] ^= 0x20; // the other point with this x
    let mut spoiled = real;
    spoiled.0[47] ^= 1;
    let own = network.beacon.sign(1_000);
    for signature in [negated, spoiled, own, Hex([0; 48]), Hex([0xff; 48])] {
        let refused = publish(&mut network, 1_000, signature);
        assert_code(refused, "E_BEACON_SIGNATURE");
    }
    assert_eq!(network.task(task).status, TaskStatus::Drawing);
    let (mut network, task) = on_quicknet(1);
    let refused = publish(&mut network, 1_001, real);
    assert_code(refused, "E_BEACON_SIGNATURE");
    assert_code(publish(&mut network, 1_000, real), "E_BEACON_NOT_AWAITED");
    assert_eq!(network.task(task).status, TaskStatus::Drawing);
}
