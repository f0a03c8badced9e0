//! Contracts that ask, on a real chain with real workers: one that is told and acts on it, and others that
//! cannot be told, whatever anybody does.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "sums of small amounts, in tests"
)]

use antiphon_api::{Ballot, Cid, ExecuteMsg, TaskResponse, Uint128};
use antiphon_bad_receiver::{Config as Bad, ExecuteMsg as Ask, Mode};
use antiphon_chain::{Coin, Gas, Msg, Sender};
use antiphon_e2e::callers::{Code, end_of, has_asked, say, task_until};
use antiphon_e2e::{Failure, SHORT_BLOCKS, check_books_with, eventually, start};
use antiphon_example_caller::{Config, ExecuteMsg as Convince, QueryMsg};
use antiphon_localnet::{BASE_FEE, Network};

const PRIZE: u128 = 5_000_000;
/// More than any question here costs; the rest stays in the caller's balance.
const PURSE: u128 = 2_000_000;
/// What a message of the Antiphon contract uses besides its receiver, at most.
const OVERHEAD: u64 = 400_000;

#[tokio::test]
async fn a_contract_asks_and_a_worker_tells_it_the_proven_text_for_a_fee() -> Result<(), Failure> {
    let network = start(SHORT_BLOCKS, &[]).await?;
    let requester = network.requester_sender()?;
    let caller = example_caller(&network, &requester).await?;
    let before = coins(&network, requester.address()).await?;
    let question = "Is the sky blue? Begin with yes or no.".to_owned();
    let task = has_asked(&requester, &caller, &Convince::Convince { question }, PURSE).await?;
    let asked = network.contract().task(task).await?;
    assert!(asked.carried && asked.holders.is_empty());
    assert_eq!(asked.requester, caller);

    let ended = end_of(&network, task).await?;
    let Some(Ballot::Answer { cid, .. }) = ended.outcome else {
        return Err(format!("got {:?}, want an answer", ended.outcome).into());
    };
    task_until(&network, task, "its delivery", |it| it.callback.is_none()).await?;
    let asker = cosmwasm_std::Addr::unchecked(requester.address());
    let verdict: Option<String> = network
        .chain()
        .query(&caller, &QueryMsg::Verdict { asker })
        .await?;
    let text = verdict.ok_or("the caller was told nothing")?;
    assert!(Cid::of_raw(text.as_bytes()) == cid, "{text:?}");

    let won = u128::from(text.starts_with("Yes")) * PRIZE;
    assert_eq!(coins(&network, &caller).await?, PRIZE - won);
    let after = coins(&network, requester.address()).await?;
    assert!(after + PURSE <= before + won, "fees only");
    assert_eq!(earned_by_telling(&network).await?, BASE_FEE);
    check_books_with(&network, &[caller]).await?;
    Ok(())
}

/// The example with a prize in its purse.
async fn example_caller(network: &Network, by: &Sender) -> Result<String, Failure> {
    let denom = &network.facts().denom;
    let code = Code::store(network, "antiphon_example_caller").await?;
    let config = Config {
        antiphon: cosmwasm_std::Addr::unchecked(network.contract().address()),
        model: network.facts().model,
        prize: cosmwasm_std::coin(PRIZE, denom.clone()),
    };
    let caller = code.make("caller", &config).await?;
    let prize = Msg::Send {
        to: caller.clone(),
        coins: vec![Coin::new(PRIZE, denom)],
    };
    by.send(&[prize], Gas::Simulate).await?;
    Ok(caller)
}

async fn coins(network: &Network, address: &str) -> Result<u128, Failure> {
    let denom = &network.facts().denom;
    Ok(network.chain().balance(address, denom).await?)
}

/// Fees of callbacks, which are credited to whoever sent the message: the workers' senders.
async fn earned_by_telling(network: &Network) -> Result<u128, Failure> {
    let mut sum = 0;
    for worker in network.workers() {
        sum += network.contract().balance(&worker.sender).await?;
    }
    Ok(sum)
}

/// Receivers that cannot be told, each with a task of its own.
struct Scene {
    network: Network,
    requester: Sender,
    receivers: Vec<String>,
}

impl Scene {
    async fn new() -> Result<Self, Failure> {
        let network = start(SHORT_BLOCKS, &[]).await?;
        let mut params = network.contract().params(None).await?.params;
        params.deliver_window_blocks = 200;
        let owner = network.deployer_sender()?;
        say(&network, &owner, &ExecuteMsg::UpdateParams { params }, 0).await?;
        let requester = network.requester_sender()?;
        Ok(Self {
            network,
            requester,
            receivers: Vec::new(),
        })
    }

    async fn ask(&mut self, code: &Code, mode: Mode, gas_limit: u64) -> Result<u64, Failure> {
        let config = Bad {
            antiphon: cosmwasm_std::Addr::unchecked(self.network.contract().address()),
            mode,
        };
        let receiver = code.make("bad", &config).await?;
        let ask = Ask::Ask {
            model: self.network.facts().model,
            question: "Well?".to_owned(),
            gas_limit,
        };
        self.receivers.push(receiver.clone());
        has_asked(&self.requester, &receiver, &ask, PURSE).await
    }

    /// Delivers by hand; gives the gas it used, its fee, and how the task stands then.
    async fn deliver(&self, task: u64) -> Result<(u64, u128, TaskResponse), Failure> {
        let msg = ExecuteMsg::Deliver { task, text: None };
        let done = say(&self.network, &self.requester, &msg, 0).await?;
        assert!(done.attribute("wasm-callback_failed", "task").is_some());
        let fee = done.attribute("wasm-callback_delivered", "fee");
        let fee = fee.ok_or("no fee was told")?.parse()?;
        Ok((
            done.gas_used,
            fee,
            self.network.contract().task(task).await?,
        ))
    }
}

#[tokio::test]
async fn receivers_that_panic_or_eat_gas_hold_up_nobody_and_pay_once() -> Result<(), Failure> {
    let mut scene = Scene::new().await?;
    let code = Code::store(&scene.network, "antiphon_bad_receiver").await?;
    let panics = scene.ask(&code, Mode::Panic, 100_000).await?;
    let again = scene.ask(&code, Mode::DeliverAgain, 100_000).await?;
    let eats = scene.ask(&code, Mode::EatGas, 500_000).await?;
    let untold = scene.ask(&code, Mode::EatGas, 500_000).await?;
    for task in [panics, again, eats, untold] {
        let ended = end_of(&scene.network, task).await?;
        assert!(ended.settlement.is_some(), "settled before anybody is told");
    }
    for task in [panics, again] {
        let paid = |it: &TaskResponse| it.callback.as_ref().is_some_and(|it| it.fee.is_zero());
        task_until(&scene.network, task, "a worker's delivery", paid).await?;
    }
    assert_eq!(earned_by_telling(&scene.network).await?, 2 * BASE_FEE);

    let (_, fee, left) = scene.deliver(panics).await?;
    assert_eq!(fee, 0, "nobody is paid twice");
    assert!(left.callback.is_some(), "and it stays deliverable");
    // What a worker leaves alone, since its gas costs more than the fee.
    let (gas, fee, left) = scene.deliver(eats).await?;
    assert_eq!(fee, BASE_FEE);
    assert!((500_000..500_000 + OVERHEAD).contains(&gas), "{gas} gas");
    let callback = left.callback.ok_or("it stays deliverable")?;
    assert!(callback.fee.is_zero());
    over(&scene, &[panics, again, eats], untold).await
}

/// After the window: nothing can be delivered, and a fee that nobody earned returns.
async fn over(scene: &Scene, told: &[u64], untold: u64) -> Result<(), Failure> {
    let (network, receivers) = (&scene.network, &scene.receivers);
    let contract = network.contract();
    let last = contract.task(untold).await?.callback;
    let last = last.and_then(|it| it.deadline).ok_or("no window")?;
    eventually("the windows' end", async || {
        let height = network.chain().height().await.ok()?;
        (height > last).then_some(())
    })
    .await?;
    let late = ExecuteMsg::Deliver {
        task: untold,
        text: None,
    };
    let late = say(network, &scene.requester, &late, 0).await;
    let late = late.err().ok_or("told after its window")?.to_string();
    assert!(late.contains("E_NO_CALLBACK"), "{late}");
    let owed = receivers.last().ok_or("no receiver")?;
    let before = contract.balance(owed).await?;
    let mut tasks = told.to_vec();
    tasks.push(untold);
    let advance = ExecuteMsg::Advance {
        tasks: tasks.clone(),
    };
    say(network, &scene.requester, &advance, 0).await?;
    for task in tasks {
        assert!(contract.task(task).await?.callback.is_none());
    }
    assert_eq!(contract.balance(owed).await?, before + BASE_FEE);
    let totals = check_books_with(network, receivers).await?;
    assert_eq!(totals.deliver_fees, Uint128::zero());
    Ok(())
}
