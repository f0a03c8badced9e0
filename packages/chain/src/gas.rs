//! What each message costs, in gas.
//!
//! Votes are never simulated: whoever votes last does more work than its simulation saw. Their limits
//! are the worst case of the contract *not* pinned in memory (pinned is 58,000 less), plus a quarter.
//! Beacon rounds and advances are simulated and get at least what an ordinary task takes: another's
//! message may leave them less or more to do than the simulation saw, and the largest committees take
//! several times as much as a fee should be paid for. Everything else is simulated.

use antiphon_api::ExecuteMsg;

/// Any execution of the contract, not pinned.
const FLOOR: u64 = 120_000;
const PER_COMMIT: u64 = 35_000;
const PER_REVEAL: u64 = 45_000;
/// The last reveal counts the tally and records the outcome; any reveal may be the last.
const LAST_REVEAL: u64 = 150_000;
/// Decompression, hash to curve and two pairings, with the floor.
const BEACON: u64 = 150_000;
/// One committee of up to 15: seats read, members written, locks taken.
const PER_DRAW: u64 = 200_000;
/// One transition, settlement of a committee of up to 15 included.
const PER_ADVANCE: u64 = 200_000;

/// Noting that a receiver failed, which the simulation of a delivery may not have seen: 8,446 in the
/// table, and some events.
const FAILED_DELIVERY: u64 = 12_000;

/// What sending a message for another account costs over sending it oneself.
pub const EXEC: u64 = 40_000;

/// How the gas limit of a transaction is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gas {
    /// This limit.
    Limit(u64),
    /// Simulated, times 1.3.
    Simulate,
    /// Simulated, times 1.3, but at least this.
    AtLeast(u64),
}

/// The limit for a contract message: from the table for votes, for the others simulated.
#[must_use]
pub fn of(msg: &ExecuteMsg) -> Gas {
    match msg {
        ExecuteMsg::Commit { commits } => Gas::Limit(commit(commits.len())),
        ExecuteMsg::Reveal { reveals } => Gas::Limit(reveal(reveals.len())),
        ExecuteMsg::Advance { tasks } => Gas::AtLeast(advance(tasks.len())),
        ExecuteMsg::PublishBeacon { draws, .. } => Gas::AtLeast(publish_beacon(*draws)),
        _ => Gas::Simulate,
    }
}

/// A message with this many commits.
#[must_use]
pub fn commit(items: usize) -> u64 {
    with_margin(FLOOR, PER_COMMIT, count(items))
}

/// A message with this many reveals.
#[must_use]
pub fn reveal(items: usize) -> u64 {
    with_margin(FLOOR.saturating_add(LAST_REVEAL), PER_REVEAL, count(items))
}

/// A message with this many ordinary tasks to advance.
#[must_use]
pub fn advance(tasks: usize) -> u64 {
    with_margin(FLOOR, PER_ADVANCE, count(tasks))
}

/// A beacon round that draws up to this many ordinary committees.
#[must_use]
pub fn publish_beacon(draws: u32) -> u64 {
    with_margin(BEACON, PER_DRAW, u64::from(draws))
}

/// A delivery: what its simulation used, and all that the receiver may use. A receiver can tell that it is
/// only simulated, and use its gas, or fail, only when it is not.
#[must_use]
pub const fn delivery(simulated: u64, receiver: u64) -> u64 {
    let whole = simulated.saturating_add(receiver);
    whole.saturating_add(FAILED_DELIVERY)
}

/// A simulated figure with its margin of 30 %.
#[must_use]
pub fn from_simulation(gas_used: u64) -> u64 {
    gas_used.saturating_add(gas_used.saturating_mul(3).div_ceil(10))
}

fn count(items: usize) -> u64 {
    u64::try_from(items).unwrap_or(u64::MAX)
}

fn with_margin(base: u64, each: u64, items: u64) -> u64 {
    let worst = base.saturating_add(each.saturating_mul(items));
    worst.saturating_add(worst.div_ceil(4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_hold_a_quarter_over_the_worst_case() {
        assert_eq!(commit(1), 193_750);
        assert_eq!(commit(5), 368_750);
        assert_eq!(reveal(5), 618_750);
        assert_eq!(publish_beacon(1), 437_500);
        assert_eq!(advance(1), 400_000);
        assert_eq!(from_simulation(100_000), 130_000);
    }

    /// The table of every message, measured in the virtual machine over the largest network.
    const TABLE: &str = include_str!("../../../vm/gas.json");

    #[test]
    fn limits_are_above_the_dearest_ordinary_message_measured() {
        let table: serde_json::Value = serde_json::from_str(TABLE).unwrap();
        let measured = |name: &str| table[name]["unpinned"].as_u64().unwrap();
        for (limit, name) in [
            (commit(1), "commit, one of 5, the last"),
            (commit(5), "commit, five in one message"),
            (commit(31), "commit, 31 in one message"),
            (reveal(1), "reveal, one of 5, the last"),
            (reveal(5), "reveal, five in one message"),
            (reveal(31), "reveal, 31 in one message, all different"),
            (publish_beacon(0), "publish_beacon, no draw"),
            (publish_beacon(1), "publish_beacon, one draw of 15"),
            (publish_beacon(10), "publish_beacon, ten draws of 15"),
            (advance(1), "advance, end of a task of 15"),
            (advance(1), "advance, five silent members replaced"),
            (advance(10), "advance, ends of ten tasks of 5"),
        ] {
            assert!(limit > measured(name), "{name}: {limit}");
        }
    }

    #[test]
    fn a_delivery_may_fail_and_use_all_that_its_receiver_asked_for_although_it_did_not_when_simulated()
     {
        let table: serde_json::Value = serde_json::from_str(TABLE).unwrap();
        let failed = &table["reply, a delivery that failed"]["pinned"];
        let more = delivery(100_000, 500_000) - 100_000;
        assert!(more > 500_000 + failed.as_u64().unwrap(), "{more}");
    }

    #[test]
    fn money_messages_are_simulated() {
        assert_eq!(of(&ExecuteMsg::Bond {}), Gas::Simulate);
        assert_eq!(
            of(&ExecuteMsg::Advance { tasks: vec![1] }),
            Gas::AtLeast(400_000)
        );
    }
}
