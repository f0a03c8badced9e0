//! Publishers and the owner: models, parameters, the pause, the ownership.

use std::collections::BTreeMap;

use antiphon_api::{ExecuteMsg, Params};

use super::money::Takes;
use super::staff::{is_url, price_parts};
use super::{Coins, Expected, Ledger, Model, Op, Reasons, coins_of};

const MOST: Coins = 1_000_000_000_000_000;

impl Ledger {
    pub(super) fn register_model(&mut self, op: &Op) -> Expected {
        let ExecuteMsg::RegisterModel {
            manifest,
            price,
            limits,
            endpoint,
        } = &op.msg
        else {
            return Expected::done();
        };
        let (coins, mut no) = self.attached(op, Takes::Either);
        no.when(self.paused, "E_PAUSED");
        no.when(!manifest.to_string().starts_with("bafkrei"), "E_CODEC");
        let least = coins_of(self.rule().min_base.u128());
        let [base, byte, token] = price_parts(price);
        let bad = base < least || base > MOST || byte > MOST || token > MOST;
        no.when(bad, "E_PRICE");
        let bad = !(1..=16_384).contains(&limits.max_prompt_bytes)
            || !(1..=4_096).contains(&limits.max_output_tokens);
        no.when(bad, "E_LIMITS");
        let bad = endpoint.as_deref().is_some_and(|it| !is_url(it));
        no.when(bad, "E_ENDPOINT");
        let deposit = coins_of(self.rule().model_deposit.u128());
        no.when(self.balance(&op.sender) + coins < deposit, "E_FUNDS");
        if no.any() {
            return no.refuse();
        }
        self.receive(&op.sender, coins);
        self.charge(&op.sender, deposit);
        self.models.push(Model {
            publisher: op.sender.clone(),
            manifest: *manifest,
            price: price.clone(),
            limits: limits.clone(),
            retired: false,
            deposit,
            seats: BTreeMap::new(),
            good: (0, 0),
            bad: (0, 0),
        });
        Expected::done()
    }

    pub(super) fn retire_model(&mut self, op: &Op, id: u64) -> Expected {
        let (_, mut no) = self.attached(op, Takes::Nothing);
        match self.model(id) {
            None => no.when(true, "E_UNKNOWN_MODEL"),
            Some(model) => {
                no.when(model.publisher != op.sender, "E_NOT_PUBLISHER");
                no.when(model.retired, "E_MODEL_RETIRED");
            }
        }
        if no.any() {
            return no.refuse();
        }
        self.models[id as usize - 1].retired = true;
        self.return_deposit(id);
        Expected::done()
    }

    /// A retired model's deposit returns when none of its tasks is open.
    pub(super) fn return_deposit(&mut self, id: u64) {
        let idle = self.open().all(|task| task.model != id);
        let model = &mut self.models[id as usize - 1];
        if model.retired && idle {
            let deposit = std::mem::take(&mut model.deposit);
            let publisher = model.publisher.clone();
            self.give_back(&publisher, deposit);
        }
    }

    fn as_owner(&self, op: &Op) -> Reasons {
        let (_, mut no) = self.attached(op, Takes::Nothing);
        no.when(self.owner.as_ref() != Some(&op.sender), "E_NOT_OWNER");
        no
    }

    pub(super) fn update_params(&mut self, op: &Op, new: &Params) -> Expected {
        let mut no = self.as_owner(op);
        no.when(
            !sizes(self.insecure).contains(&new.committee),
            "E_COMMITTEE",
        );
        no.when(!in_bounds(new), "E_PARAMS");
        let old = self.rule();
        let amounts = [
            (old.min_lock, new.min_lock),
            (old.min_base, new.min_base),
            (old.model_deposit, new.model_deposit),
        ]
        .map(|(old, new)| (coins_of(old.u128()), coins_of(new.u128())));
        let changes = amounts.iter().any(|(old, new)| old != new);
        let too_far = |(old, new): &(Coins, Coins)| *new > 2 * old || 2 * new < *old;
        no.when(amounts.iter().any(too_far), "E_PARAMS");
        let last = self.amounts_changed.filter(|_| changes);
        let soon = last.is_some_and(|last| self.now.height < last + 17_280);
        no.when(soon, "E_TOO_SOON");
        if no.any() {
            return no.refuse();
        }
        if changes {
            self.amounts_changed = Some(self.now.height);
        }
        self.rules.push(new.clone());
        Expected::done()
    }

    pub(super) fn set_paused(&mut self, op: &Op, paused: bool) -> Expected {
        let no = self.as_owner(op);
        if no.any() {
            return no.refuse();
        }
        self.paused = paused;
        Expected::done()
    }

    pub(super) fn transfer_ownership(&mut self, op: &Op, to: Option<&str>) -> Expected {
        let mut no = self.as_owner(op);
        no.when(
            to.is_some_and(|to| !self.names.contains_key(to)),
            "E_ADDRESS",
        );
        if no.any() {
            return no.refuse();
        }
        self.offered = to.map(str::to_owned);
        Expected::done()
    }

    pub(super) fn accept_ownership(&mut self, op: &Op) -> Expected {
        let (_, mut no) = self.attached(op, Takes::Nothing);
        no.when(self.offered.as_ref() != Some(&op.sender), "E_NOT_OFFERED");
        if no.any() {
            return no.refuse();
        }
        self.owner = self.offered.take();
        Expected::done()
    }

    pub(super) fn renounce_ownership(&mut self, op: &Op) -> Expected {
        let no = self.as_owner(op);
        if no.any() {
            return no.refuse();
        }
        self.owner = None;
        self.offered = None;
        self.paused = false;
        Expected::done()
    }
}

/// The bounds of protocol section 11.
fn in_bounds(new: &Params) -> bool {
    let windows = [
        new.draw_window_blocks,
        new.commit_window_blocks,
        new.reveal_window_blocks,
        new.appeal_window_blocks,
    ];
    (1..=3).contains(&new.max_rounds)
        && (1..=3).contains(&new.max_draws)
        && windows.iter().all(|window| (5..=100_000).contains(window))
        && (5..=3_600).contains(&new.draw_window_seconds)
        && (1..=4_096).contains(&new.commit_tokens_per_block)
        && (10..=100).contains(&new.lock_multiple)
        && (2..=100).contains(&new.max_misses)
        && (10..=86_400).contains(&new.jail_seconds)
        && (60..=5_184_000).contains(&new.unbonding_seconds)
        && (1..=1_000).contains(&new.meter_permille)
        && (10..=100_000).contains(&new.meter_blocks)
        && new.max_callback_gas <= 2_000_000
        && (10..=1_000_000).contains(&new.deliver_window_blocks)
        && [new.min_lock, new.min_base, new.model_deposit]
            .iter()
            .all(|amount| amount.u128() >= 1)
}

/// Committees a requester can ask for.
pub(super) const fn sizes(insecure: bool) -> &'static [u32] {
    match insecure {
        true => &[3, 5, 7, 9, 11, 15],
        false => &[5, 7, 9, 11, 15],
    }
}
