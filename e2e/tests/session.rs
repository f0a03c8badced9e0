//! Sessions on a real chain: what the key may do, what it may not, and that the end leaves nothing.

use std::path::PathBuf;
use std::sync::Arc;

use antiphon_api::{BeaconConfig, ExecuteMsg, InstantiateMsg, Params, TaskStatus};
use antiphon_chain::{ChainError, Coin, Gas, Key, Msg, Sender, SenderOptions, gas};
use antiphon_client::question::{SamplingFlags, prompt_of};
use antiphon_client::session::{self, SessionFile, Terms};
use antiphon_client::{AskEvent, AskOptions, AskReport, ClientError, ask};
use antiphon_e2e::{Failure, SHORT_BLOCKS, check_books, start};
use antiphon_localnet::Network;

/// More than any refused message uses.
const LIMIT: Gas = Gas::Limit(600_000);

/// A session of the requester on a running network.
struct Scene {
    network: Network,
    owner: antiphon_client::Network,
    /// The same network by the session's file alone, without the requester's key.
    client: antiphon_client::Network,
    file: SessionFile,
    folder: PathBuf,
}

impl Scene {
    async fn new(calls: u64) -> Result<Self, Failure> {
        let network = start(SHORT_BLOCKS, &[]).await?;
        let mut owner = antiphon_e2e::client(&network).await?;
        let folder = network.home().join("session-test");
        let path = folder.join("session.json");
        let sender = owner.owner()?;
        let file = SessionFile::new(&owner, sender.address())?;
        file.save(&path)?;
        owner.file.session = Some(path);
        let terms = Terms {
            calls,
            seconds: 600,
            prepaid: None,
        };
        session::start(&owner, &sender, &file.grantee, &terms).await?;
        let mut client = owner.clone();
        client.file.key = None;
        Ok(Self {
            network,
            owner,
            client,
            file,
            folder,
        })
    }

    /// The session's key, acting for whoever is named.
    fn key(&self, on_behalf_of: Option<&str>) -> Result<Sender, Failure> {
        let mut options = SenderOptions::new(self.client.file.gas_price.parse()?);
        options.on_behalf_of = on_behalf_of.map(str::to_owned);
        options.fee_granter = Some(self.file.granter.clone());
        let key = Arc::new(self.file.key()?);
        Ok(Sender::new(self.client.chain.clone(), key, options)?)
    }

    async fn ask(&self, question: &str) -> Result<AskReport, ClientError> {
        let sampling = SamplingFlags {
            max_output_tokens: Some(16),
            ..SamplingFlags::default()
        };
        let mut options = AskOptions::new(prompt_of(question, &sampling)?);
        options.wait_final = true;
        let told = &mut |_: AskEvent<'_>| {};
        ask(&self.client, &self.client.sender()?, &options, told).await
    }

    async fn read(&self) -> Result<session::Session, Failure> {
        let (granter, grantee) = (&self.file.granter, &self.file.grantee);
        Ok(session::read(&self.client, granter, grantee).await?)
    }

    async fn coins(&self, address: &str) -> Result<u128, Failure> {
        let denom = &self.client.file.denom;
        Ok(self.client.chain.balance(address, denom).await?)
    }

    /// Sends a message for the requester that was never granted; it must be refused.
    async fn refused(&self, what: &str, msg: Msg) -> Result<String, Failure> {
        let granter = self.file.granter.as_str();
        let sent = self.key(Some(granter))?.send(&[msg], LIMIT).await;
        match sent {
            Err(ChainError::NotAllowed { cause, .. }) => Ok(cause),
            other => Err(format!("{what} was not refused: {other:?}").into()),
        }
    }
}

/// Another contract of the same code: a real one, whose messages are the same.
async fn other_contract(network: &Network) -> Result<String, Failure> {
    let config = network.contract().config().await?;
    let beacon: BeaconConfig = config.beacon;
    let msg = InstantiateMsg {
        denom: config.denom,
        owner: None,
        beacon,
        params: Params::local(),
        insecure: false,
    };
    let msg = Msg::instantiate(network.facts().code_id, "another one", &msg)?;
    let deployer = network.deployer_sender()?;
    let made = deployer.send(&[msg], Gas::Simulate).await?;
    let address = made.attribute("instantiate", "_contract_address");
    Ok(address.ok_or("no contract was made")?.to_owned())
}

#[tokio::test]
async fn a_session_asks_in_the_name_of_its_granter_without_coins_of_its_own() -> Result<(), Failure>
{
    let scene = Scene::new(2).await?;
    let before = scene.read().await?;
    assert_eq!(
        (before.calls_left, before.grants, before.allowances),
        (2, 1, 1)
    );
    let report = scene.ask("Why is the sky blue?").await?;
    let task = report.task.as_ref().ok_or("no task")?;
    assert_eq!(task.status, TaskStatus::Final);
    assert!(report.answer.is_some());
    let stored = scene.client.contract.task(task.id).await?;
    assert_eq!(stored.requester, scene.file.granter);
    assert_eq!(scene.coins(&scene.file.grantee).await?, 0);
    let after = scene.read().await?;
    assert_eq!(after.calls_left, 1);
    let gas = *report.gas.get("post_task").ok_or("no gas on record")?;
    assert!(
        gas < session::CALL_GAS * 10 / 13,
        "one question used {gas} gas"
    );
    let fee = before.fees_left.checked_sub(after.fees_left)?;
    let most = u128::from(session::CALL_GAS) * 25 / 1000;
    assert!(
        fee.u128() > 0 && fee.u128() <= most,
        "one question cost {fee}"
    );
    tell(&format!(
        "a question by session: {gas} gas, {fee} uanti of fees"
    ));

    scene.ask("Why is grass green?").await?;
    let error = scene
        .ask("Why is snow white?")
        .await
        .err()
        .ok_or("a third question was asked")?;
    assert!(matches!(error, ClientError::Session(_)), "{error}");
    check_books(&scene.network).await?;
    Ok(())
}

#[tokio::test]
async fn demand_06_a_session_key_can_call_no_other_message_contract_or_bank_send()
-> Result<(), Failure> {
    let scene = Scene::new(20).await?;
    let contract = scene.client.contract.address().to_owned();
    let me = scene.file.grantee.clone();
    let rich = scene.coins(&scene.file.granter).await?;

    let withdraw = ExecuteMsg::Withdraw { amount: None };
    let cause = scene
        .refused("another message", Msg::execute(&contract, &withdraw, &[])?)
        .await?;
    assert!(cause.contains("unauthorized"), "{cause}");

    let advance = ExecuteMsg::Advance { tasks: vec![1] };
    let other = other_contract(&scene.network).await?;
    for (what, msg) in [
        ("another contract", post_task()),
        ("another message of another contract", advance),
    ] {
        let cause = scene
            .refused(what, Msg::execute(&other, &msg, &[])?)
            .await?;
        assert!(cause.contains("unauthorized"), "{cause}");
    }

    let coins = vec![Coin::new(1, &scene.client.file.denom)];
    let send = Msg::Send {
        to: me.clone(),
        coins: coins.clone(),
    };
    let cause = scene.refused("a bank send", send.clone()).await?;
    assert!(cause.contains("authorization not found"), "{cause}");

    let attached = Msg::execute(&contract, &post_task(), &coins)?;
    let cause = scene
        .refused("coins attached to a question", attached)
        .await?;
    assert!(cause.contains("unauthorized"), "{cause}");

    // Its own message with the granter's fees: refused before a block, so at no cost.
    let left = scene.read().await?.fees_left;
    let plain = scene.key(None)?.send(&[send], LIMIT).await;
    assert!(
        matches!(plain, Err(ChainError::NotAllowed { .. })),
        "{plain:?}"
    );
    assert_eq!(scene.read().await?.fees_left, left);

    // What a stolen key costs at most is fees: five refused messages, each with its whole limit.
    let fee = u128::from(600_000 + gas::EXEC) * 25 / 1000;
    let lost = rich - scene.coins(&scene.file.granter).await?;
    assert_eq!(lost, 5 * fee);
    assert_eq!(scene.coins(&me).await?, 0);
    assert_eq!(scene.read().await?.calls_left, 20);
    Ok(())
}

fn post_task() -> ExecuteMsg {
    ExecuteMsg::PostTask {
        model: 1,
        prompt: antiphon_api::Cid::of_raw(b"a prompt"),
        prompt_bytes: 8,
        max_output_tokens: 1,
        holders: vec!["wasm1nobody".to_owned()],
        block: None,
        committee: None,
        callback: None,
    }
}

#[tokio::test]
async fn demand_07_the_end_of_a_session_leaves_no_grant_and_no_allowance() -> Result<(), Failure> {
    let scene = Scene::new(3).await?;
    let (granter, grantee) = (scene.file.granter.clone(), scene.file.grantee.clone());
    let chain = scene.network.chain();
    let ended = session::end(&scene.owner, &scene.owner.owner()?, &grantee).await?;
    assert!(ended.hash.is_some());
    assert_eq!(chain.grants(&granter, &grantee).await?, []);
    assert_eq!(chain.allowance(&granter, &grantee).await?, None);
    let left = scene.read().await?;
    assert_eq!((left.grants, left.allowances, left.calls_left), (0, 0, 0));

    let error = scene
        .ask("Is anybody there?")
        .await
        .err()
        .ok_or("a question was asked")?;
    assert!(matches!(error, ClientError::Session(_)), "{error}");
    let cause = scene
        .refused("a question after the end", question(&scene)?)
        .await?;
    assert!(cause.contains("fee-grant not found"), "{cause}");

    // The same key again, as `session start` with the same file does.
    let terms = Terms {
        calls: 1,
        seconds: 60,
        prepaid: Some(0),
    };
    session::start(&scene.owner, &scene.owner.owner()?, &grantee, &terms).await?;
    session::start(&scene.owner, &scene.owner.owner()?, &grantee, &terms).await?;
    assert_eq!(scene.read().await?.calls_left, 1);
    assert!(scene.folder.join("session.json").exists());

    // Money that was prepaid is the granter's alone.
    let owner = scene.owner.owner()?;
    let moved = antiphon_client::money::withdraw(&scene.owner, &owner, None).await?;
    assert_eq!(moved.contract.u128(), 0);
    let stranger = Key::random().address(&scene.client.file.prefix)?;
    assert_eq!(
        session::read(&scene.client, &granter, &stranger)
            .await?
            .grants,
        0
    );
    Ok(())
}

fn question(scene: &Scene) -> Result<Msg, Failure> {
    let contract = scene.client.contract.address();
    Ok(Msg::execute(contract, &post_task(), &[])?)
}

#[allow(
    clippy::print_stderr,
    reason = "a measured figure, for whoever runs the test"
)]
fn tell(line: &str) {
    eprintln!("{line}");
}
