//! Records as older versions wrote them, in fixed widths: they read the same, and are written short.

use antiphon_api::Uint128;

use super::*;

fn fixed(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::default();
    write(&mut writer);
    writer.into_bytes()
}

/// The old bytes read as the value, and the value's own bytes are fewer and read back.
fn converts<R: Record + PartialEq + Debug>(older: &[u8], value: &R) {
    assert_eq!(&decode::<R>(older).unwrap(), value);
    let now = written(value);
    assert!(now.len() < older.len(), "{} bytes", now.len());
    assert_eq!(&decode::<R>(&now).unwrap(), value);
}

#[test]
fn stakes_of_older_versions_have_earned_nothing() {
    let older = fixed(|to| {
        to.u128(10_000).u128(3_000).u128(7);
        to.u64(1_764_000_000).u64(1_000).u32(2).u64(5);
    });
    let stake = Stake {
        bond: 10_000,
        locked: 3_000,
        unbonding: 7,
        claimable: 1_764_000_000,
        since: 1_000,
        misses: 2,
        jailed_until: 5,
        earned: 0,
    };
    converts(&older, &stake);
}

#[test]
fn totals_of_older_versions_are_the_same_sums() {
    let older = fixed(|to| {
        for sum in 1..=11 {
            to.u128(sum * 1_000);
        }
    });
    let books: Books = decode(&older).unwrap();
    converts(&older, &books);
    assert_eq!(books.response().balances, Uint128::new(1_000));
    assert_eq!(books.response().burned, Uint128::new(11_000));
}

#[test]
fn counters_of_models_of_older_versions_are_the_same() {
    let older = fixed(|to| {
        to.u32(4_096)
            .u32(31)
            .u64(10_000)
            .bool(true)
            .u128(10_000_000);
    });
    let state = ModelState {
        seats: 4_096,
        busy: 31,
        open_tasks: 10_000,
        retired: true,
        deposit: 10_000_000,
    };
    converts(&older, &state);
}

#[test]
fn amounts_of_older_versions_are_the_same() {
    for amount in [1_u128, 255, 256, u128::from(u64::MAX)] {
        converts(&amount.to_be_bytes(), &amount);
    }
    assert_eq!(written(&u128::MAX), u128::MAX.to_be_bytes());
    assert!(decode::<u128>(&[0; 17]).is_err());
}

#[test]
fn summaries_of_older_versions_are_the_same() {
    let member = summary_member(true);
    let older = fixed(|to| {
        to.u8(TaskStatus::Failed as u8).u64(1_000).bool(false);
        to.u8(1).u8(0).bool(false);
        to.u128(1).u128(2).u128(3).u128(4).u128(5).u8(0x03);
        to.u128(6).u128(7).u8(1);
        to.u8(5).u64(999).u8(1);
        to.account(&member.worker).u8(4);
        to.u8(ConductInfo::Withheld as u8 | 0x80).u128(60);
    });
    let summary = Summary {
        status: TaskStatus::Failed,
        entered: 1_000,
        contested: false,
        committed: 1,
        revealed: 0,
        outcome: None,
        settlement: SettlementInfo {
            paid: Uint128::new(1),
            refunded: Uint128::new(2),
            forfeited: Uint128::new(3),
            burned: Uint128::new(4),
            miss_charges: Uint128::new(5),
            slash_withheld: true,
            appeal_bonds: Uint128::new(6),
            to_appellants: Uint128::new(7),
        },
        rounds: vec![SummaryRound {
            size: 5,
            opened: 999,
            members: vec![member],
        }],
    };
    converts(&older, &summary);
}

/// The length alone tells the forms apart, so the short one must never have the old one's.
#[test]
fn no_short_record_is_as_long_as_its_older_form() {
    let lengths = (0..=16_u32).map(|bytes| match bytes {
        0 => 0,
        bytes => u128::MAX >> (128 - 8 * bytes),
    });
    for bond in lengths.clone() {
        for locked in lengths.clone() {
            let stake = Stake {
                bond,
                locked,
                unbonding: u128::MAX,
                claimable: u64::MAX,
                since: u64::MAX,
                misses: 1,
                jailed_until: u64::MAX,
                earned: locked,
            };
            assert_eq!(decode::<Stake>(&written(&stake)).unwrap(), stake);
        }
    }
}
