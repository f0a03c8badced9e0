//! What is left: money, seats, models, appeals, the owner.

use std::sync::Arc;

use antiphon_api::{Cid, ExecuteMsg, Params, TaskStatus, Uint128};
use antiphon_chain::Sender;
use antiphon_e2e::{Failure, eventually};
use antiphon_localnet::{limits, price};

use crate::crowd::{Crowd, Item};
use crate::rounds::TEN;

/// How often a message is sent that nothing else needs.
const OFTEN: usize = 10;
/// Seconds until what was unbonded can be claimed here.
const UNBONDING_SECONDS: u64 = 60;
/// More than the tasks paid from the balance need.
const DEPOSIT: u128 = 500_000_000;

impl Crowd {
    /// For the tasks that are paid from the balance.
    pub(crate) async fn deposit(&mut self) -> Result<(), Failure> {
        let by = Arc::clone(&self.requester);
        let item = |msg, name, coins| message(&by, name, msg, coins);
        self.send(vec![item(ExecuteMsg::Deposit {}, "deposit", DEPOSIT)])
            .await?;
        Ok(())
    }

    /// All that tasks do not need.
    pub(crate) async fn everything_else(&mut self) -> Result<(), Failure> {
        self.appeals().await?;
        self.of_requester().await?;
        self.of_workers().await?;
        self.of_publisher().await?;
        self.of_owner().await
    }

    /// Ten tasks with a second round of eleven.
    async fn appeals(&mut self) -> Result<(), Failure> {
        let tasks = self.post(TEN, "post_task", 1, true).await?;
        self.draw(&tasks, false).await?;
        self.vote_at_once(&tasks).await?;
        let by = Arc::clone(&self.requester);
        let mut items = Vec::new();
        for task in self.read(&tasks).await? {
            let bond = task.appeal_bond.ok_or("no appeal is possible")?.u128();
            let (task, round) = (task.task, None);
            items.push(message(
                &by,
                "appeal",
                ExecuteMsg::Appeal { task, round },
                bond,
            ));
        }
        self.send(items).await?;
        self.draw_larger(&tasks).await?;
        self.vote_at_once(&tasks).await?;
        for task in &tasks {
            self.until_due(*task).await?;
            let tasks = vec![*task];
            self.relayed(vec![(None, ExecuteMsg::Advance { tasks })])
                .await?;
        }
        let rates = tasks.iter().map(|task| {
            let (task, good) = (*task, true);
            message(&by, "rate", ExecuteMsg::Rate { task, good }, 0)
        });
        self.send(rates.collect()).await?;
        Ok(())
    }

    /// A committee of eleven has no row of its own.
    async fn draw_larger(&mut self, tasks: &[u64]) -> Result<(), Failure> {
        for task in tasks {
            let info = self.read(&[*task]).await?.remove(0);
            let Some(round) = info.waits_for else {
                continue;
            };
            self.bring(round, 1, None).await?;
            let tasks = vec![*task];
            if self.read(&tasks).await?.remove(0).status == TaskStatus::Drawing {
                self.relayed(vec![(None, ExecuteMsg::Advance { tasks })])
                    .await?;
            }
        }
        Ok(())
    }

    async fn of_requester(&mut self) -> Result<(), Failure> {
        let by = Arc::clone(&self.requester);
        let item = |msg, name, coins| message(&by, name, msg, coins);
        let amount = Some(Uint128::new(1_000_000));
        for _ in 0..OFTEN {
            let deposit = item(ExecuteMsg::Deposit {}, "deposit", 1_000_000);
            let withdraw = item(ExecuteMsg::Withdraw { amount }, "withdraw", 0);
            self.send(vec![deposit, withdraw]).await?;
        }
        Ok(())
    }

    async fn of_workers(&mut self) -> Result<(), Failure> {
        let model = self.network.facts().model;
        let some: Vec<_> = self.members.iter().take(OFTEN).cloned().collect();
        let amount = Uint128::new(1_000_000);
        let endpoint = ExecuteMsg::UpdateWorker {
            endpoint: Some("https://elsewhere.example.org:8443".to_owned()),
            moniker: None,
            voter: None,
        };
        let steps = [
            ("bond, more", ExecuteMsg::Bond {}, 1_000_000),
            ("update_worker, an endpoint", endpoint, 0),
            ("unbond, one seat", ExecuteMsg::Unbond { amount }, 0),
            ("leave_model", ExecuteMsg::LeaveModel { model }, 0),
        ];
        for (name, msg, coins) in steps {
            let items = some
                .iter()
                .map(|it| message(&it.sender, name, msg.clone(), coins));
            self.send(items.collect()).await?;
        }
        tokio::time::sleep(std::time::Duration::from_secs(UNBONDING_SECONDS + 3)).await;
        let claims = some.iter().map(|it| {
            let claim = ExecuteMsg::ClaimUnbonded {};
            message(&it.sender, "claim_unbonded", claim, 0)
        });
        self.send(claims.collect()).await?;
        Ok(())
    }

    async fn of_publisher(&mut self) -> Result<(), Failure> {
        let by = Arc::clone(&self.owner);
        let register = ExecuteMsg::RegisterModel {
            manifest: Cid::of_raw(b"manifest"),
            price: price(),
            limits: limits(),
            endpoint: Some("https://models.example.org:8443/antiphon".to_owned()),
        };
        let deposit = Params::local().model_deposit.u128();
        for _ in 0..OFTEN {
            let register = message(&by, "register_model", register.clone(), deposit);
            let done = self.send(vec![register]).await?;
            let done = done.first().ok_or("nothing was sent")?;
            let model = done.attribute("wasm-model_registered", "model");
            let model = model.ok_or("no model")?.parse()?;
            let retire = ExecuteMsg::RetireModel { model };
            self.send(vec![message(&by, "retire_model", retire, 0)])
                .await?;
        }
        Ok(())
    }

    async fn of_owner(&mut self) -> Result<(), Failure> {
        let by = Arc::clone(&self.owner);
        let params = self.network.contract().params(None).await?.params;
        let to = Some(self.relay.address().to_owned());
        let item = |name, msg| message(&by, name, msg, 0);
        let paused = |paused| ExecuteMsg::SetPaused { paused };
        self.send(vec![
            item("update_params", ExecuteMsg::UpdateParams { params }),
            item("set_paused", paused(true)),
            item("set_paused", paused(false)),
            item("transfer_ownership", ExecuteMsg::TransferOwnership { to }),
        ])
        .await?;
        let relay = Arc::clone(&self.relay);
        let accept = ExecuteMsg::AcceptOwnership {};
        let renounce = ExecuteMsg::RenounceOwnership {};
        self.send(vec![
            message(&relay, "accept_ownership", accept, 0),
            message(&relay, "renounce_ownership", renounce, 0),
        ])
        .await?;
        eventually("no owner", async || {
            let config = self.network.contract().config().await.ok()?;
            config.owner.is_none().then_some(())
        })
        .await
    }
}

const fn message<'a>(by: &'a Sender, name: &'static str, msg: ExecuteMsg, coins: u128) -> Item<'a> {
    Item {
        by,
        name: Some(name),
        msg,
        coins,
    }
}
