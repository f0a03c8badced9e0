use std::collections::BTreeMap;
use std::convert::Infallible;

use proptest::prelude::*;
use serde_json::Value;

use super::{amount, hex, number, round, slots, small, vectors};
use crate::draw::{
    DrawInput, DrawResult, Ended, SLOTS, SeatView, candidates, draw, draw_until, seed,
};

type Seats = BTreeMap<u16, SeatView>;

/// Seats of the vectors: [slot, since, free bond, bond, flags].
fn seats_of(case: &Value) -> Seats {
    let Some(list) = case["seats"].as_array() else {
        assert_eq!(case["seats"], "all 4096 slots, each eligible");
        let eligible = SeatView {
            since: 0,
            free: u128::MAX,
            bond: u128::MAX,
            jailed: false,
            in_task: false,
        };
        return (0..SLOTS).map(|slot| (slot, eligible)).collect();
    };
    list.iter().map(seat_of).collect()
}

fn seat_of(seat: &Value) -> (u16, SeatView) {
    let flags: Vec<&str> = seat.as_array().unwrap()[4..]
        .iter()
        .map(|flag| flag.as_str().unwrap())
        .collect();
    let view = SeatView {
        since: number(&seat[1]),
        free: amount(&seat[2]),
        bond: amount(&seat[3]),
        jailed: flags.contains(&"jailed"),
        in_task: flags.contains(&"in_task"),
    };
    (u16::try_from(number(&seat[0])).unwrap(), view)
}

fn bitmap_of(seats: &Seats) -> [u8; 512] {
    let mut bitmap = [0; 512];
    for slot in seats.keys() {
        bitmap[usize::from(slot / 8)] |= 1 << (slot % 8);
    }
    bitmap
}

fn ended(result: &Value) -> Ended {
    match result.as_str().unwrap() {
        "filled" => Ended::Filled,
        "short" => Ended::Short,
        "passed" => Ended::Passed,
        "exhausted" => Ended::Exhausted,
        other => panic!("a new result: {other}"),
    }
}

fn draw_from(input: &DrawInput<'_>, seats: &Seats) -> DrawResult {
    let Ok(result) = draw(input, |slot| Ok::<_, Infallible>(seats[&slot]));
    result
}

/// The draw of the protocol to its end, without the permitted short cut.
fn draw_to_the_end(input: &DrawInput<'_>, seats: &Seats) -> DrawResult {
    let Ok(result) = draw_until(input, u32::MAX, |slot| Ok::<_, Infallible>(seats[&slot]));
    result
}

fn without_counts(mut result: DrawResult) -> DrawResult {
    (result.candidates, result.hashes) = (0, 0);
    result
}

#[test]
fn draws_are_those_of_the_vectors() {
    for case in vectors("draw") {
        let name = &case["name"];
        let seats = seats_of(&case);
        let bitmap = bitmap_of(&seats);
        if case.get("bitmap").is_some() {
            assert_eq!(bitmap, hex::<512>(&case["bitmap"]), "{name}");
        }
        let randomness = hex::<32>(&case["randomness"]);
        let input = DrawInput {
            randomness: &randomness,
            task: number(&case["task"]),
            round: round(&case["round"]),
            vacancies: small(&case["vacancies"]),
            opened: number(&case["opened"]),
            lock: amount(&case["lock"]),
            seat_lock: amount(&case["seat_lock"]),
            bitmap: &bitmap,
        };
        let want = DrawResult {
            drawn: slots(&case["drawn"]),
            empty_places: slots(&case["empty_places"]),
            passed_over: slots(&case["passed_over"]),
            removed: slots(&case["removed"]),
            ended: ended(&case["result"]),
            candidates: small(&case["candidates"]),
            hashes: small(&case["hashes"]),
        };
        let full = draw_to_the_end(&input, &seats);
        assert_eq!(full, want, "{name}");
        let early = draw_from(&input, &seats);
        assert!(early.candidates <= full.candidates && early.hashes <= full.hashes);
        assert_eq!(without_counts(early), without_counts(full), "{name}");
    }
}

#[test]
fn seeds_and_first_candidates_are_those_of_the_vectors() {
    for case in vectors("draw") {
        let randomness = hex::<32>(&case["randomness"]);
        let seed = seed(&randomness, number(&case["task"]), round(&case["round"]));
        assert_eq!(seed, hex::<32>(&case["seed"]));
        let first = [candidates(&seed, 0), candidates(&seed, 1)].concat();
        assert_eq!(first, slots(&case["first_candidates"]), "{}", case["name"]);
    }
}

fn any_seat() -> impl Strategy<Value = SeatView> {
    let free = prop_oneof![Just(0_u128), Just(2_999), 3_000_u128..9_000];
    let flag = || proptest::bool::weighted(0.1);
    (900_u64..1_010, free, 0_u128..9_000, flag(), flag()).prop_map(
        |(since, free, locked, jailed, in_task)| SeatView {
            since,
            free,
            bond: free + locked,
            jailed,
            in_task,
        },
    )
}

fn any_seats() -> impl Strategy<Value = Seats> {
    proptest::collection::btree_map(0..SLOTS, any_seat(), 0..150)
}

fn input<'a>(randomness: &'a [u8; 32], vacancies: u32, bitmap: &'a [u8; 512]) -> DrawInput<'a> {
    DrawInput {
        randomness,
        task: 1,
        round: 0,
        vacancies,
        opened: 1_000,
        lock: 3_000,
        seat_lock: 6_000,
        bitmap,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn only_eligible_seats_serve_and_none_twice(
        seats in any_seats(), randomness: [u8; 32], vacancies in 0_u32..32,
    ) {
        let bitmap = bitmap_of(&seats);
        let result = draw_from(&input(&randomness, vacancies, &bitmap), &seats);
        let mut met = [&result.drawn[..], &result.empty_places, &result.passed_over].concat();
        let places = result.drawn.len() + result.empty_places.len();
        prop_assert!(places <= usize::try_from(vacancies).unwrap());
        for slot in &result.drawn {
            let seat = seats[slot];
            prop_assert!(!seat.jailed && !seat.in_task && seat.since < 1_000 && seat.free >= 3_000);
        }
        let number = met.len();
        met.sort_unstable();
        met.dedup();
        prop_assert_eq!(met.len(), number);
    }

    #[test]
    fn the_early_end_changes_no_result(
        seats in any_seats(), randomness: [u8; 32], vacancies in 1_u32..32,
    ) {
        let bitmap = bitmap_of(&seats);
        let input = input(&randomness, vacancies, &bitmap);
        prop_assert_eq!(
            without_counts(draw_from(&input, &seats)),
            without_counts(draw_to_the_end(&input, &seats))
        );
    }

    #[test]
    fn each_seat_is_looked_up_once_and_only_if_occupied(
        seats in any_seats(), randomness: [u8; 32],
    ) {
        let bitmap = bitmap_of(&seats);
        let mut asked = Vec::new();
        let input = input(&randomness, 31, &bitmap);
        let Ok(_) = draw(&input, |slot| {
            asked.push(slot);
            Ok::<_, Infallible>(seats[&slot])
        });
        let number = asked.len();
        asked.sort_unstable();
        asked.dedup();
        prop_assert_eq!(asked.len(), number);
    }
}

#[test]
fn an_error_of_the_look_up_passes_through() {
    let bitmap = [0xff; 512];
    let result = draw(&input(&[7; 32], 1, &bitmap), |_| Err("storage"));
    assert_eq!(result.unwrap_err(), "storage");
}

#[test]
fn a_jailed_member_of_the_task_loses_its_seat_when_met() {
    let seat = SeatView {
        since: 0,
        free: 9_000,
        bond: 9_000,
        jailed: true,
        in_task: true,
    };
    let seats = Seats::from([(9, seat)]);
    let result = draw_from(&input(&[7; 32], 1, &bitmap_of(&seats)), &seats);
    assert_eq!(result.removed, [9]);
    assert!(result.drawn.is_empty() && result.passed_over.is_empty());
}
