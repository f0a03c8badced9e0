use serde_json::Value;

use super::{amount, hex, number, round, small, vectors};
use crate::beacon::{Schedule, beacon_message, randomness};
use crate::fees::{LockRule, Price, Taken, appeal_bond, seat_lock};
use crate::meter::Meter;
use crate::rounds::{enough_members, next_size, quorum, rounds_possible, size_of, sizes};
use crate::windows::{DrawWindow, Moment, commit_window, is_over, last_height};

fn nanos(value: &Value) -> u64 {
    let (seconds, rest) = value.as_str().unwrap().split_once('.').unwrap();
    assert_eq!(rest.len(), 9);
    seconds.parse::<u64>().unwrap() * 1_000_000_000 + rest.parse::<u64>().unwrap()
}

#[test]
fn the_awaited_beacon_round_is_the_first_published_after_the_delay() {
    for case in vectors("beacon_round") {
        let schedule = Schedule {
            genesis: number(&case["genesis"]),
            period: number(&case["period"]),
        };
        let awaited = schedule
            .first_round_after(nanos(&case["block_time"]), number(&case["delay"]))
            .unwrap();
        assert_eq!(awaited, number(&case["round"]), "{}", case["name"]);
        let published = schedule.published(awaited).unwrap();
        assert_eq!(published, number(&case["published"]), "{}", case["name"]);
        assert_eq!(schedule.latest_at(published), Some(awaited));
        assert!(schedule.latest_at(published - 1) < Some(awaited));
    }
}

#[test]
fn the_beacon_message_and_randomness_are_those_of_drand() {
    for case in vectors("beacon") {
        let message = beacon_message(number(&case["round"]));
        assert_eq!(message, hex::<32>(&case["message"]));
        let signature = hex::<48>(&case["signature"]);
        assert_eq!(randomness(&signature), hex::<32>(&case["randomness"]));
    }
}

#[test]
fn sizes_quorums_and_numbers_of_rounds_are_those_of_the_vectors() {
    for case in vectors("committee_rounds") {
        let (n, occupied) = (small(&case["n"]), small(&case["occupied"]));
        if case.get("refused").is_some() {
            let refused = rounds_possible(n, occupied, 3).unwrap_err();
            assert_eq!((refused.committee, refused.occupied), (n, occupied));
            continue;
        }
        let max_rounds = small(&case["max_rounds"]);
        let all: Vec<u32> = sizes(n, max_rounds).collect();
        let want: Vec<u32> = case["sizes"]
            .as_array()
            .unwrap()
            .iter()
            .map(small)
            .collect();
        assert_eq!(all, want);
        let quorums: Vec<u32> = case["quorums"]
            .as_array()
            .unwrap()
            .iter()
            .map(small)
            .collect();
        assert_eq!(all.into_iter().map(quorum).collect::<Vec<_>>(), quorums);
        let rounds = rounds_possible(n, occupied, max_rounds).unwrap();
        assert_eq!(rounds, round(&case["rounds"]), "{n} of {occupied}");
    }
}

#[test]
fn rounds_grow_until_the_largest_committee() {
    assert_eq!(next_size(15), Some(31));
    assert_eq!(next_size(31), None);
    assert_eq!(size_of(5, 2), Some(23));
    assert_eq!(size_of(5, 3), Some(31));
    assert_eq!(size_of(5, 4), None);
    assert_eq!(rounds_possible(5, 4_096, 1), Ok(1));
}

#[test]
fn a_draw_needs_a_quorum_of_members() {
    assert!(enough_members(4, 5));
    assert!(!enough_members(3, 5));
}

#[test]
fn the_meter_leaks_and_takes_all_or_nothing() {
    for case in vectors("meter") {
        let meter = Meter::at(
            amount(&case["level"]),
            number(&case["blocks"]),
            amount(&case["bonds_and_unbonding"]),
            small(&case["per_mille"]),
            number(&case["meter_blocks"]),
        );
        assert_eq!(meter.cap, amount(&case["cap"]));
        assert_eq!(meter.level, amount(&case["level_before"]));
        assert_eq!(meter.takes(), case["taken"].as_bool().unwrap());
        let after = meter.level_after(amount(&case["forfeits"]));
        assert_eq!(after, amount(&case["level_after"]));
    }
}

#[test]
fn the_meter_stands_the_largest_numbers() {
    let meter = Meter::at(u128::MAX, u64::MAX, u128::MAX, 1_000, 10);
    assert_eq!((meter.level, meter.cap), (0, u128::MAX));
    assert_eq!(meter.level_after(u128::MAX), u128::MAX);
}

#[test]
fn a_window_accepts_up_to_its_last_height_and_is_over_after() {
    assert_eq!(last_height(100, 60), 160);
    assert!(!is_over(160, 100, 60));
    assert!(is_over(161, 100, 60));
    assert!(!is_over(u64::MAX, u64::MAX, 1));
}

#[test]
fn the_commit_window_counts_a_block_begun() {
    assert_eq!(commit_window(60, 16, 16), 61);
    assert_eq!(commit_window(60, 16, 17), 62);
    assert_eq!(commit_window(100, 2, 4_096), 2_148);
    assert_eq!(commit_window(100, 0, 1), 101);
}

#[test]
fn the_draw_window_is_over_when_blocks_and_seconds_have_passed() {
    let window = DrawWindow {
        blocks: 60,
        seconds: 10,
    };
    let opened = Moment {
        height: 100,
        nanos: 5_000_000_000,
    };
    let at = |height, nanos| Moment { height, nanos };
    assert!(window.is_over(at(161, 15_000_000_001), opened));
    assert!(!window.is_over(at(160, 99_000_000_000), opened));
    assert!(!window.is_over(at(999, 15_000_000_000), opened));
    let later = window.of_round(1);
    assert!(!later.is_over(at(700, 105_000_000_001), opened));
    assert!(later.is_over(at(701, 105_000_000_001), opened));
}

#[test]
fn fees_and_locks_are_those_of_the_worked_example() {
    let price = Price {
        base: 10,
        per_prompt_byte: 1,
        per_output_token: 1,
    };
    assert_eq!(price.base_fee(10), Ok(20));
    assert_eq!(price.fee(10, 40), Ok(60));
    let rule = LockRule {
        min_lock: 1,
        lock_multiple: 30,
    };
    assert_eq!(rule.lock(100), Ok(3_000));
    assert_eq!(appeal_bond(100, 11, 3_000), Ok(4_100));
    assert_eq!(seat_lock(&price, 10, 80, &rule), Ok(3_000));
    let dear = Price {
        base: u128::MAX,
        ..price
    };
    assert!(dear.fee(1, 1).is_err());
}

#[test]
fn a_debt_is_taken_from_the_bond_first() {
    let taken = Taken::split(10, 4, 100);
    assert_eq!((taken.from_bond, taken.from_unbonding), (4, 6));
    assert_eq!(Taken::split(10, 4, 3).total(), 7);
}

#[test]
fn a_bound_member_that_did_not_open_withheld_only_if_the_round_came_to_revealing() {
    use crate::{Act, Outcome};
    assert_eq!(Act::of(true, None, true), Act::Withheld);
    assert_eq!(Act::of(true, None, false), Act::Committed);
    for revealing in [true, false] {
        assert_eq!(Act::of(false, None, revealing), Act::Silent);
        let said = Act::of(true, Some(Outcome::Invalid), revealing);
        assert_eq!(said, Act::Revealed(Outcome::Invalid));
    }
}
