//! Publishers and the owner.

use antiphon_api::*;

use super::{Ledger, Op, Player, paid};
use crate::simulation::ledger::{Coins, coins_of, uint};

impl Player {
    pub(super) fn office(&mut self, ledger: &Ledger) -> Op {
        let owner = match ledger.owner.clone() {
            Some(owner) if !self.chance.percent(10) => owner,
            _ => self.anybody(),
        };
        let kind =
            self.chance
                .weighted(&[(20, 0), (8, 1), (40, 2), (14, 3), (10, 4), (10, 5), (2, 6)]);
        match kind {
            0 => self.register(ledger),
            1 => self.retire(ledger),
            2 => {
                let params = self.other_params(ledger);
                paid(owner, ExecuteMsg::UpdateParams { params }, 0)
            }
            3 => {
                // A pause that lasts would keep everything else from happening.
                let paused = !ledger.paused && self.chance.percent(25);
                paid(owner, ExecuteMsg::SetPaused { paused }, 0)
            }
            4 => {
                let to = match self.chance.below(5) {
                    0 => None,
                    1 => Some("nobody".to_owned()),
                    _ => Some(self.anybody()),
                };
                paid(owner, ExecuteMsg::TransferOwnership { to }, 0)
            }
            5 => {
                let offered = ledger.offered.clone().filter(|_| self.chance.percent(80));
                let sender = match offered {
                    Some(offered) => offered,
                    None => self.anybody(),
                };
                paid(sender, ExecuteMsg::AcceptOwnership {}, 0)
            }
            _ => paid(owner, ExecuteMsg::RenounceOwnership {}, 0),
        }
    }

    fn register(&mut self, ledger: &Ledger) -> Op {
        let base = coins_of(ledger.rule().min_base.u128());
        let base =
            base + Coins::from(self.chance.below(40)) - 41 * Coins::from(self.chance.percent(15));
        let tokens = self
            .chance
            .weighted(&[(6, 80), (2, 400), (1, 5_000), (1, 0)]);
        let endpoint = self
            .chance
            .weighted(&[(6, None), (2, Some("http://h")), (1, Some("h"))]);
        let manifest = match self.chance.percent(4) {
            true => Cid::of_dag_pb(b"m"),
            false => Cid::of_raw(&[self.chance.below(3) as u8]),
        };
        let msg = ExecuteMsg::RegisterModel {
            manifest,
            price: Price {
                base: uint(base.max(0)),
                per_prompt_byte: Uint128::new(self.chance.below(3).into()),
                per_output_token: Uint128::new(self.chance.below(3).into()),
            },
            limits: Limits {
                max_prompt_bytes: 41,
                max_output_tokens: tokens,
            },
            endpoint: endpoint.map(str::to_owned),
        };
        let deposit = coins_of(ledger.rule().model_deposit.u128());
        let amount = self.more_or_less(deposit);
        // Few models: the others stand for anybody who tries.
        let sender = match ledger.models.len() < 8 {
            true => self.people[1].clone(),
            false => return paid(self.anybody(), msg, 0),
        };
        paid(sender, msg, amount)
    }

    fn retire(&mut self, ledger: &Ledger) -> Op {
        // The first two models stay, so that there is always something to do.
        let model = match self.chance.percent(70) {
            true => self.chance.within(3, 9),
            false => self.chance.below(12),
        };
        let publisher = ledger.model(model).map(|model| model.publisher.clone());
        let sender = match publisher.filter(|_| model > 2) {
            Some(publisher) => publisher,
            None => self.stranger.clone(),
        };
        paid(sender, ExecuteMsg::RetireModel { model }, 0)
    }

    /// Parameters with one or two things changed, in bounds or not.
    fn other_params(&mut self, ledger: &Ledger) -> Params {
        let mut params = ledger.rule().clone();
        for _ in 0..self.chance.within(1, 2) {
            self.change(&mut params);
        }
        params
    }

    fn change(&mut self, params: &mut Params) {
        let chance = &mut self.chance;
        let double = |amount: Uint128, chance: &mut crate::simulation::chance::Chance| {
            let (up, down) = (amount.u128() * 2, amount.u128().div_ceil(2));
            Uint128::new(chance.weighted(&[(3, up), (6, down), (1, 5 * up)]))
        };
        match chance.below(18) {
            0 => params.committee = chance.weighted(&[(3, 5), (2, 7), (1, 3), (1, 4)]),
            1 => params.max_rounds = chance.weighted(&[(2, 2), (6, 3), (1, 4)]),
            2 => params.max_draws = chance.weighted(&[(1, 1), (2, 2), (6, 3), (1, 0)]),
            3 => params.draw_window_blocks = chance.within(4, 40),
            4 => params.draw_window_seconds = chance.within(4, 60),
            5 => params.commit_window_blocks = chance.within(4, 40),
            6 => params.commit_tokens_per_block = chance.within(0, 40) as u32,
            7 => params.reveal_window_blocks = chance.within(4, 40),
            8 => params.appeal_window_blocks = chance.within(4, 60),
            9 => params.lock_multiple = chance.within(9, 40) as u32,
            10 => params.max_misses = chance.within(1, 5) as u32,
            11 => params.jail_seconds = chance.within(9, 400),
            12 => params.unbonding_seconds = chance.within(50, 3_000),
            13 => params.meter_permille = chance.weighted(&[(1, 0), (2, 5), (3, 50), (4, 1_000)]),
            14 => params.meter_blocks = chance.within(9, 900),
            15 => params.deliver_window_blocks = chance.within(9, 500),
            16 => params.min_lock = double(params.min_lock, chance),
            _ => params.model_deposit = double(params.model_deposit, chance),
        }
    }
}
