//! From any state: a stranger's `advance` calls end every task, and then everybody can leave.

use antiphon_api::*;

use super::acts::paid;
use super::game::Game;
use super::ledger::uint;

const SECOND: u64 = 1_000_000_000;

/// A stranger alone brings every task to its end, without beacon and without votes (invariant 3).
pub fn comes_to_rest(game: &mut Game) {
    let mut chance = game.player.chance.clone();
    for _ in 0..300 {
        let open: Vec<u64> = game.ledger.open().map(|task| task.id).collect();
        if open.is_empty() {
            burn_the_rest(game);
            return at_rest(game);
        }
        let blocks = chance.within(1, 300);
        game.pass(blocks, blocks * SECOND);
        for tasks in open.chunks(10) {
            let tasks = tasks.to_vec();
            by_stranger(game, ExecuteMsg::Advance { tasks });
        }
    }
    let open: Vec<_> = game.ledger.open().collect();
    panic!("tasks without an exit: {open:?}");
}

fn by_stranger(game: &mut Game, msg: ExecuteMsg) {
    let stranger = game.player.stranger.clone();
    game.one(&paid(stranger, msg, 0));
}

/// A task that `publish_beacon` ended leaves its coins in the pot for the next `advance`, which may
/// name no task at all.
fn burn_the_rest(game: &mut Game) {
    by_stranger(game, ExecuteMsg::Advance { tasks: Vec::new() });
}

fn at_rest(game: &mut Game) {
    game.look_at_everything();
    let totals: TotalsResponse = game.world.query(&QueryMsg::Totals {});
    for pot in [totals.escrows, totals.appeal_bonds, totals.to_burn] {
        assert_eq!(pot, Uint128::zero(), "{totals:?}");
    }
    for worker in &game.world.workers {
        let worker = worker.address.to_string();
        let info: WorkerResponse = game.world.query(&QueryMsg::Worker { worker });
        assert_eq!(
            info.locked,
            Uint128::zero(),
            "a lock without a task: {info:?}"
        );
    }
}

/// Callbacks end, models retire, everybody takes out what is its own: nothing is left, and until
/// somebody's bond leaves the contract holds bonds, unbonding entries and deposits (invariant 14).
pub fn everybody_leaves(game: &mut Game) {
    end_callbacks(game);
    withdraw_all(game);
    let totals: TotalsResponse = game.world.query(&QueryMsg::Totals {});
    let kept = totals.bonds + totals.unbonding + totals.model_deposits;
    assert_eq!(uint(game.world.held()), kept, "{totals:?}");
    no_leftovers(game);

    for (model, id) in game.ledger.models.clone().into_iter().zip(1..) {
        if !model.retired {
            game.one(&paid(
                model.publisher,
                ExecuteMsg::RetireModel { model: id },
                0,
            ));
        }
        for worker in model.seats.into_values() {
            game.one(&paid(worker, ExecuteMsg::LeaveModel { model: id }, 0));
        }
    }
    for (worker, it) in game.ledger.workers.clone() {
        if it.bond > 0 {
            let amount = uint(it.bond);
            game.one(&paid(worker, ExecuteMsg::Unbond { amount }, 0));
        }
    }
    let wait = game.ledger.rule().unbonding_seconds;
    game.pass(1, wait * SECOND);
    for (worker, it) in game.ledger.workers.clone() {
        if it.unbonding > 0 {
            game.one(&paid(worker, ExecuteMsg::ClaimUnbonded {}, 0));
        }
    }
    withdraw_all(game);
    game.look_at_everything();
    assert_eq!(
        game.world.held(),
        0,
        "coins are left when everybody has gone"
    );
}

fn end_callbacks(game: &mut Game) {
    let called = game
        .ledger
        .tasks
        .iter()
        .filter(|task| task.callback.is_some());
    let tasks: Vec<u64> = called.map(|task| task.id).collect();
    game.pass(1_000_001, SECOND);
    for tasks in tasks.chunks(10) {
        let tasks = tasks.to_vec();
        by_stranger(game, ExecuteMsg::Advance { tasks });
    }
}

fn withdraw_all(game: &mut Game) {
    let accounts: Vec<String> = game.ledger.accounts.keys().cloned().collect();
    for account in accounts {
        if game.ledger.balance(&account) > 0 {
            let msg = ExecuteMsg::Withdraw { amount: None };
            game.one(&paid(account, msg, 0));
        }
    }
}

/// Records of open tasks: task present while open, phase, counters, round, roster, membership, tally
/// line, ballot, wait, randomness, carried prompt, callback, balance (src/state/keys.rs).
const OF_OPEN_TASKS: [u8; 13] = [
    0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x19, 0x1a, 0x21, 0x22, 0x06,
];

/// When all is over no record of an open task is left in storage.
fn no_leftovers(game: &Game) {
    let kinds = game.world.kinds_of_records();
    for kind in OF_OPEN_TASKS {
        assert_eq!(
            kinds.get(&kind),
            None,
            "records 0x{kind:02x} are left: {kinds:?}"
        );
    }
}
