//! Requesters: posting a task, appealing, rating.

use antiphon_api::{Ballot, ExecuteMsg};

use super::fees::{fee, larger, lock, rounds_possible};
use super::money::Takes;
use super::office::sizes;
use super::{
    Coins, Expected, Ledger, Model, Moved, Op, Pending, Reasons, Round, Stage, Task, Wanted,
    coins_of,
};

impl Ledger {
    pub(super) fn post_task(&mut self, op: &Op) -> Expected {
        let (coins, mut no) = self.attached(op, Takes::Either);
        no.when(self.paused, "E_PAUSED");
        let ExecuteMsg::PostTask {
            model: id,
            committee,
            callback,
            ..
        } = &op.msg
        else {
            return Expected::done();
        };
        self.check_holders(op, &mut no);
        let size = committee.unwrap_or(self.rule().committee);
        no.when(!sizes(self.insecure).contains(&size), "E_COMMITTEE");
        let gas = callback.as_ref().map_or(1, |it| it.gas_limit);
        let most = self.rule().max_callback_gas;
        no.when(gas == 0 || callback.is_some() && gas > most, "E_CALLBACK");
        let Some(model) = self.model(*id) else {
            no.when(true, "E_UNKNOWN_MODEL");
            return no.refuse();
        };
        check_prompt(op, model, &mut no);
        let occupied = model.seats.len() as u32;
        let rounds = rounds_possible(size, occupied, self.rule().max_rounds);
        no.when(rounds == 0, "E_POOL_TOO_SMALL");
        let base = coins_of(model.price.base.u128());
        let task = self.new_task(op, model, size, rounds, callback, base);
        let needed = task.escrow + task.callback.as_ref().map_or(0, |it| it.fee);
        no.when(self.balance(&op.sender) + coins < needed, "E_FUNDS");
        if no.any() {
            return no.refuse();
        }
        self.receive(&op.sender, coins);
        self.charge(&op.sender, needed);
        self.touched_tasks.insert(task.id);
        self.tasks.push(task);
        Expected::done()
    }

    fn check_holders(&self, op: &Op, no: &mut Reasons) {
        let ExecuteMsg::PostTask { holders, block, .. } = &op.msg else {
            return;
        };
        let mut different = holders.clone();
        different.sort();
        different.dedup();
        let least = usize::from(block.is_none());
        let bad = holders.len() < least || holders.len() > 3 || different.len() < holders.len();
        no.when(bad, "E_HOLDERS");
        let unknown = holders.iter().any(|it| !self.names.contains_key(it));
        no.when(unknown, "E_ADDRESS");
        let has = |it: &String| self.workers.get(it).is_some_and(|it| it.endpoint.is_some());
        no.when(!holders.iter().all(has), "E_HOLDER");
    }

    fn new_task(
        &self,
        op: &Op,
        model: &Model,
        size: u32,
        rounds_possible: usize,
        callback: &Wanted,
        base: Coins,
    ) -> Task {
        let ExecuteMsg::PostTask {
            model: id,
            prompt,
            prompt_bytes,
            max_output_tokens,
            block,
            ..
        } = &op.msg
        else {
            unreachable!("only called for this message");
        };
        let full_fee = fee(&model.price, *prompt_bytes, *max_output_tokens);
        let task = Task {
            id: self.tasks.len() as u64 + 1,
            model: *id,
            requester: op.sender.clone(),
            prompt: *prompt,
            prompt_bytes: *prompt_bytes,
            max_output_tokens: *max_output_tokens,
            carried: block.is_some(),
            digest: [0; 32],
            version: self.rules.len() as u32,
            rounds_possible,
            full_fee,
            lock: lock(self.rule(), full_fee),
            escrow: full_fee * Coins::from(size),
            stage: Stage::Drawing,
            entered: self.now.height,
            until: 0,
            rounds: vec![self.new_round(size, None)],
            standing: None,
            contested: false,
            callback: callback.as_ref().map(|wanted| Pending {
                gas_limit: wanted.gas_limit,
                with_text: wanted.with_text,
                fee: base,
                deadline: None,
            }),
            rated: None,
            moved: Moved::default(),
        };
        let digest = self.task_digest(&task, model);
        Task { digest, ..task }
    }

    /// A round with all places empty, waiting for its randomness from now on.
    pub(super) fn new_round(&self, size: u32, appeal: Option<(String, Coins)>) -> Round {
        Round {
            size,
            opened: self.now,
            waits_for: Some(self.next_beacon_round()),
            draws: 0,
            places: (0..size).map(|_| None).collect(),
            replaced: Vec::new(),
            appeal,
            came_to_reveal: false,
            decided: None,
        }
    }

    pub(super) fn appeal(&mut self, op: &Op, id: u64) -> Expected {
        let (coins, mut no) = self.attached(op, Takes::Either);
        let Some(task) = self.task(id) else {
            no.when(true, "E_UNKNOWN_TASK");
            return no.refuse();
        };
        no.when(task.stage != Stage::Answered, "E_NOT_ANSWERED");
        let answered = task.stage == Stage::Answered;
        no.when(answered && self.now.height > task.until, "E_APPEAL_OVER");
        no.when(answered && !task.round_left(), "E_NO_ROUND_LEFT");
        let bond = self.appeal_bond(task).unwrap_or(0);
        no.when(self.balance(&op.sender) + coins < bond, "E_FUNDS");
        if no.any() {
            return no.refuse();
        }
        self.receive(&op.sender, coins);
        self.charge(&op.sender, bond);
        self.open_round(id, Some((op.sender.clone(), bond)));
        Expected::done()
    }

    /// The next, larger round of a task; what stood stands on.
    pub(super) fn open_round(&mut self, id: u64, appeal: Option<(String, Coins)>) {
        let size = self.task(id).map_or(0, |task| task.round().size);
        let round = self.new_round(larger(size).unwrap(), appeal);
        let height = self.now.height;
        let task = self.task_mut(id);
        task.rounds.push(round);
        task.stage = Stage::Drawing;
        task.entered = height;
    }

    pub(super) fn rate(&mut self, op: &Op, id: u64, good: bool) -> Expected {
        let (_, mut no) = self.attached(op, Takes::Nothing);
        let Some(task) = self.task(id) else {
            no.when(true, "E_UNKNOWN_TASK");
            return no.refuse();
        };
        no.when(task.requester != op.sender, "E_NOT_REQUESTER");
        let answer = matches!(task.outcome(), Some(Ballot::Answer { .. }));
        no.when(task.stage != Stage::Final || !answer, "E_NO_ANSWER");
        no.when(task.rated.is_some(), "E_RATED");
        if no.any() {
            return no.refuse();
        }
        let (model, paid) = (task.model, task.moved.paid);
        self.task_mut(id).rated = Some(good);
        let model = &mut self.models[model as usize - 1];
        let sums = if good {
            &mut model.good
        } else {
            &mut model.bad
        };
        sums.0 += 1;
        sums.1 += paid;
        Expected::done()
    }
}

fn check_prompt(op: &Op, model: &Model, no: &mut Reasons) {
    let ExecuteMsg::PostTask {
        prompt,
        prompt_bytes,
        max_output_tokens,
        block,
        ..
    } = &op.msg
    else {
        return;
    };
    no.when(model.retired, "E_MODEL_RETIRED");
    no.when(!prompt.to_string().starts_with("bafkrei"), "E_CODEC");
    let bytes = 1..=model.limits.max_prompt_bytes;
    no.when(!bytes.contains(prompt_bytes), "E_PROMPT_BYTES");
    let tokens = 1..=model.limits.max_output_tokens;
    no.when(!tokens.contains(max_output_tokens), "E_OUTPUT_TOKENS");
    let bad = block.as_ref().is_some_and(|block| {
        block.len() > 4_096
            || block.len() != *prompt_bytes as usize
            || super::bytes::hash(&[block]) != *prompt.digest()
    });
    no.when(bad, "E_BLOCK");
}
