//! Whether the contract is what the ledger says: what an operation touched after each, everything now
//! and then.

use std::collections::BTreeSet;

use antiphon_api::*;

use super::ledger::{Did, Due, Ledger, Member, Moment, Round, Stage, Task, uint};
use super::world::World;

/// After every operation: invariants 1, 2 and 11 for all pots and for whatever it touched.
pub fn touched(world: &World, ledger: &Ledger) {
    totals(world, ledger);
    for account in &ledger.touched {
        account_of(world, ledger, account);
    }
    for id in &ledger.touched_tasks {
        if let Some(it) = ledger.task(*id) {
            task(world, ledger, it);
        }
    }
}

/// Everything; `looked_at` holds ended tasks that were compared already and cannot change.
pub fn everything(world: &World, ledger: &Ledger, looked_at: &mut BTreeSet<u64>) {
    totals(world, ledger);
    for account in ledger.accounts.keys().chain(ledger.workers.keys()) {
        account_of(world, ledger, account);
    }
    for it in &ledger.tasks {
        if !it.is_over() || it.callback.is_some() || looked_at.insert(it.id) {
            task(world, ledger, it);
            rounds(world, it);
        }
    }
    models(world, ledger);
    office(world, ledger);
    index(world, ledger);
    awaited(world, ledger);
    nobody_gained(ledger);
}

fn totals(world: &World, ledger: &Ledger) {
    let got: TotalsResponse = world.query(&QueryMsg::Totals {});
    let want = ledger.totals();
    assert_eq!(got, want, "totals");
    let pots = [
        got.balances,
        got.bonds,
        got.unbonding,
        got.escrows,
        got.deliver_fees,
        got.appeal_bonds,
        got.model_deposits,
        got.to_burn,
    ];
    let sum: Uint128 = pots.iter().sum();
    assert_eq!(sum, uint(ledger.held()), "the pots are not what came in");
    assert_eq!(world.held(), ledger.held(), "coins on chain");
}

fn account_of(world: &World, ledger: &Ledger, name: &str) {
    let address = name.to_owned();
    let got: BalanceResponse = world.query(&QueryMsg::Balance { address });
    assert_eq!(got.amount, uint(ledger.balance(name)), "balance of {name}");
    if let Some(want) = ledger.workers.get(name) {
        let worker = name.to_owned();
        let got: WorkerResponse = world.query(&QueryMsg::Worker { worker });
        let locked = ledger.locked(name);
        assert!(
            locked <= want.bond + want.unbonding,
            "locks without coins: {got:?}"
        );
        let seats = ledger.models.iter().zip(1..);
        let want = WorkerResponse {
            worker: name.to_owned(),
            bond: uint(want.bond),
            locked: uint(locked),
            unbonding: uint(want.unbonding),
            claimable: Some(want.claimable).filter(|_| want.unbonding > 0),
            voter: want.voter.map(Hex),
            endpoint: want.endpoint.clone(),
            moniker: want.moniker.clone(),
            since: want.since,
            misses: want.misses,
            jailed_until: want.jailed_until,
            seats: seats
                .filter(|(model, _)| model.seat_of(name).is_some())
                .map(|(_, id)| id)
                .collect(),
        };
        assert_eq!(got, want, "a worker");
    }
}

const fn status(stage: Stage) -> TaskStatus {
    match stage {
        Stage::Drawing => TaskStatus::Drawing,
        Stage::Committing => TaskStatus::Committing,
        Stage::Revealing => TaskStatus::Revealing,
        Stage::Answered => TaskStatus::Answered,
        Stage::Final => TaskStatus::Final,
        Stage::Failed => TaskStatus::Failed,
    }
}

fn task(world: &World, ledger: &Ledger, want: &Task) {
    let got: TaskResponse = world.query(&QueryMsg::Task { task: want.id });
    let round = want.round();
    let next = Moment {
        height: ledger.now.height + 1,
        ..ledger.now
    };
    let due = ledger.due(want.id, next);
    let windowed = matches!(
        want.stage,
        Stage::Committing | Stage::Revealing | Stage::Answered
    );
    let open = want.stage == Stage::Answered && next.height <= want.until;
    let shown = |ok: bool| Some(want.until).filter(|_| ok);
    assert_eq!(
        (
            got.status,
            usize::from(got.round),
            got.size,
            got.quorum,
            got.entered
        ),
        (
            status(want.stage),
            want.number(),
            round.size,
            round.quorum(),
            want.entered
        ),
        "{got:?}"
    );
    assert_eq!(
        (got.members as usize, got.committed, got.revealed),
        (round.members().count(), round.committed(), round.revealed()),
        "{got:?}"
    );
    assert_eq!(got.deadline, shown(windowed), "{got:?}");
    let waits_for = round.waits_for.filter(|_| want.stage == Stage::Drawing);
    assert_eq!(got.waits_for, waits_for, "{got:?}");
    assert_eq!(
        (got.due, got.undecided),
        (due != Due::Nothing, due == Due::Undecided)
    );
    let standing = want.standing.map(|it| &want.rounds[it]);
    let votes = standing.map(|it| it.votes(it.decided.as_ref().unwrap()));
    assert_eq!(got.outcome.as_ref(), want.outcome());
    assert_eq!(got.outcome_round.map(usize::from), want.standing);
    assert_eq!((got.outcome_votes, got.contested), (votes, want.contested));
    let bond = ledger.appeal_bond(want).filter(|_| open).map(uint);
    assert_eq!(got.appeal_bond, bond, "{got:?}");
    posted(&got, want);
    ended(&got, want);
}

/// What never changes from the post on (invariant 12), whatever the parameters became.
fn posted(got: &TaskResponse, want: &Task) {
    assert_eq!(got.task_digest.0, want.digest);
    assert_eq!(
        (got.requester.as_str(), got.model),
        (want.requester.as_str(), want.model)
    );
    assert_eq!((got.escrow, got.lock), (uint(want.escrow), uint(want.lock)));
    assert_eq!(
        (got.full_fee, got.carried),
        (uint(want.full_fee), want.carried)
    );
    assert_eq!(got.params_version, want.version);
    assert_eq!(usize::from(got.rounds_possible), want.rounds_possible);
}

fn ended(got: &TaskResponse, want: &Task) {
    let moved = want.is_over().then(|| SettlementInfo {
        paid: uint(want.moved.paid),
        refunded: uint(want.moved.refunded),
        forfeited: uint(want.moved.forfeited),
        burned: uint(want.moved.burned),
        miss_charges: uint(want.moved.miss_charges),
        slash_withheld: want.moved.withheld,
        appeal_bonds: uint(want.moved.appeal_bonds),
        to_appellants: uint(want.moved.to_appellants),
    });
    assert_eq!(got.settlement, moved, "the settlement of task {}", want.id);
    let callback = want.callback.as_ref().map(|it| CallbackInfo {
        gas_limit: it.gas_limit,
        with_text: it.with_text,
        fee: uint(it.fee),
        deadline: it.deadline,
    });
    assert_eq!((&got.callback, got.rated), (&callback, want.rated));
}

fn rounds(world: &World, want: &Task) {
    for (number, round) in want.rounds.iter().enumerate() {
        let got: RoundResponse = world.query(&QueryMsg::Round {
            task: want.id,
            round: number as u8,
        });
        assert_eq!((got.size, got.quorum), (round.size, round.quorum()));
        assert_eq!(got.opened, round.opened.height);
        let replaced: Vec<_> = got.replaced.iter().map(|it| it.worker.clone()).collect();
        assert_eq!(replaced, round.replaced, "replaced in task {}", want.id);
        let appeal = round.appeal.as_ref().filter(|_| !want.is_over());
        let got_appeal = got.appeal.as_ref().map(|it| (it.by.clone(), it.bond));
        assert_eq!(
            got_appeal,
            appeal.map(|(by, bond)| (by.clone(), uint(*bond)))
        );
        members(&got, round, want);
    }
}

fn members(got: &RoundResponse, round: &Round, task: &Task) {
    let places = round.places.iter().zip(0_u32..);
    let want: Vec<_> = places
        .filter_map(|(place, position)| Some((position, place.as_ref()?)))
        .collect();
    assert_eq!(got.members.len(), want.len(), "members of task {}", task.id);
    for (got, (position, member)) in got.members.iter().zip(want) {
        assert_eq!((got.position, &got.worker), (position, &member.worker));
        match task.is_over() {
            true => judged(got, member, task),
            false => voted(got, member),
        }
    }
    if !task.is_over() {
        for line in &got.tally {
            assert_eq!(line.votes, round.votes(&line.ballot), "a line of the tally");
        }
        let counted: u32 = got.tally.iter().map(|line| line.votes).sum();
        assert_eq!(counted, round.revealed());
    }
}

fn judged(got: &MemberInfo, member: &Member, task: &Task) {
    assert_eq!(
        got.conduct, member.conduct,
        "conduct in task {}: {got:?}",
        task.id
    );
    assert_eq!(
        got.paid,
        uint(member.paid),
        "paid in task {}: {got:?}",
        task.id
    );
    assert_eq!(got.forfeited, uint(member.forfeited), "{got:?}");
}

fn voted(got: &MemberInfo, member: &Member) {
    let (commitment, ballot) = match &member.did {
        Did::Nothing => (None, None),
        Did::Committed(bound) => (Some(Hex(*bound)), None),
        Did::Revealed(bound, said) => (Some(Hex(*bound)), Some(said)),
    };
    assert_eq!((got.commitment, got.ballot.as_ref()), (commitment, ballot));
}

fn models(world: &World, ledger: &Ledger) {
    for (want, model) in ledger.models.iter().zip(1..) {
        let got: ModelResponse = world.query(&QueryMsg::Model { model });
        let open = ledger.open().filter(|task| task.model == model).count();
        assert_eq!(
            (got.retired, got.deposit),
            (want.retired, uint(want.deposit))
        );
        assert_eq!(
            (got.seats as usize, got.open_tasks as usize),
            (want.seats.len(), open)
        );
        assert_eq!(
            (got.ratings.good, got.ratings.good_fees),
            (want.good.0, uint(want.good.1))
        );
        assert_eq!(
            (got.ratings.bad, got.ratings.bad_fees),
            (want.bad.0, uint(want.bad.1))
        );
        busy(world, ledger, model);
        seats(world, model, want);
    }
}

/// The counter of busy seats; odds are only told of committees that can be drawn.
fn busy(world: &World, ledger: &Ledger, model: u64) {
    let seats = ledger.model(model).map_or(0, |it| it.seats.len());
    if seats < ledger.rule().committee as usize {
        return;
    }
    let tasks = ledger.open().filter(|task| task.model == model);
    let members: usize = tasks.map(|task| task.members().count()).sum();
    let found: SecurityResponse = world.query(&QueryMsg::Security {
        model,
        committee: None,
    });
    assert_eq!(found.busy as usize, members, "busy seats of model {model}");
}

fn seats(world: &World, model: u64, want: &super::ledger::Model) {
    let mut got = Vec::new();
    loop {
        let page: SeatsResponse = world.query(&QueryMsg::Seats {
            model,
            start_after: got.last().map(|(slot, _)| *slot),
            limit: Some(30),
        });
        if page.seats.is_empty() {
            break;
        }
        got.extend(page.seats.into_iter().map(|it| (it.slot, it.worker)));
    }
    let want: Vec<_> = want.seats.clone().into_iter().collect();
    assert_eq!(got, want, "seats of model {model}");
}

fn office(world: &World, ledger: &Ledger) {
    let got: ConfigResponse = world.query(&QueryMsg::Config {});
    assert_eq!(
        (got.owner, got.pending_owner),
        (ledger.owner.clone(), ledger.offered.clone())
    );
    assert_eq!(
        (got.paused, got.params_version as usize),
        (ledger.paused, ledger.rules.len())
    );
    let got: ParamsResponse = world.query(&QueryMsg::Params { version: None });
    assert_eq!(got.params, *ledger.rule());
}

fn index(world: &World, ledger: &Ledger) {
    for ((model, digest), want) in &ledger.index {
        let task = ledger.task(want.task).unwrap();
        assert_eq!(task.prompt.digest(), digest);
        let got: AnswerResponse = world.query(&QueryMsg::Answer {
            model: *model,
            prompt: task.prompt,
        });
        let got = got.answer.unwrap();
        assert_eq!((got.task, &got.ballot), (want.task, &want.ballot));
        assert_eq!(
            (got.committee, got.conflict),
            (want.committee, want.conflict)
        );
    }
}

fn awaited(world: &World, ledger: &Ledger) {
    let got: BeaconResponse = world.query(&QueryMsg::Beacon {});
    let waiting = ledger.open().filter(|task| task.stage == Stage::Drawing);
    let rounds: BTreeSet<u64> = waiting.filter_map(|task| task.round().waits_for).collect();
    assert_eq!(got.awaited.len(), rounds.len().min(30));
    for it in &got.awaited {
        assert_eq!(it.tasks as usize, ledger.waiting(it.round).count());
        assert_eq!(it.known, ledger.known.contains_key(&it.round));
    }
}

/// Nobody has more than it put in and earned (invariant 4).
fn nobody_gained(ledger: &Ledger) {
    for (name, account) in &ledger.accounts {
        let worker = ledger.workers.get(name);
        let stake = worker.map_or(0, |it| it.bond + it.unbonding);
        let has = account.balance + stake + account.taken_out;
        assert!(
            has <= account.put_in + account.earned,
            "{name}: {account:?}"
        );
    }
}
