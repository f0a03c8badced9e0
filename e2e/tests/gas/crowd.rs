//! 200 workers of which nobody computes: a bond, a voter's key and a seat each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use antiphon_api::{BeaconConfig, ExecuteMsg};
use antiphon_chain::{Coin, Gas, Key, Msg, Sender, SenderOptions, Sent, TxOutcome};
use antiphon_e2e::{Failure, options};
use antiphon_localnet::Network;
use antiphon_worker::edges::Drand;
use antiphon_worker::vote::Voter;

use crate::book::{Book, Sample};

/// As many as the chain has.
const WORKERS: usize = 200;
/// Milliseconds between blocks: windows of 100 blocks are half a minute, also on a machine that is busy.
const BLOCKS: u64 = 300;
/// What each gets, and puts up.
const PURSE: u128 = 2_000_000_000;
const BOND: u128 = 1_000_000_000;
/// Sends in one transaction.
const FUNDED_AT_ONCE: usize = 50;
/// Enough for any message here, and little enough for hundreds in a block.
const LIMIT: u64 = 400_000;
/// The same for messages about many votes or tasks.
const LARGE: u64 = 2_500_000;

/// A beacon round: its name in the table says how many committees it drew.
pub(crate) const PUBLISH: &str = "publish_beacon";

/// A worker.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) sender: Sender,
    pub(crate) voter: Voter,
}

/// A message, who sends it, and its name in the table; none if it is not in it.
#[derive(Debug)]
pub(crate) struct Item<'a> {
    pub(crate) by: &'a Sender,
    pub(crate) name: Option<&'static str>,
    pub(crate) msg: ExecuteMsg,
    pub(crate) coins: u128,
}

/// The network and everybody in it.
#[derive(Debug)]
pub(crate) struct Crowd {
    pub(crate) network: Network,
    pub(crate) members: Vec<Arc<Member>>,
    pub(crate) by_address: BTreeMap<String, Arc<Member>>,
    pub(crate) requester: Arc<Sender>,
    /// Brings votes and randomness; has nothing else to do.
    pub(crate) relay: Arc<Sender>,
    pub(crate) owner: Arc<Sender>,
    pub(crate) drand: Drand,
    pub(crate) beacon: BeaconConfig,
    /// Rounds that are on the chain.
    pub(crate) brought: BTreeSet<u64>,
    pub(crate) book: Book,
}

impl Crowd {
    /// From nothing to 200 seats.
    pub(crate) async fn gather() -> Result<Self, Failure> {
        let mut options = options(BLOCKS, &[])?;
        options.workers = 0;
        let network = Network::start(options).await?;
        let facts = network.facts();
        let beacon = [facts.beacon.clone()];
        let mut crowd = Self {
            drand: Drand::new(&beacon, &facts.beacon_hash)?,
            beacon: network.contract().config().await?.beacon,
            members: Vec::new(),
            by_address: BTreeMap::new(),
            requester: Arc::new(network.requester_sender()?),
            relay: Arc::new(sender(&network, Key::random())?),
            owner: Arc::new(network.deployer_sender()?),
            brought: BTreeSet::new(),
            book: Book::default(),
            network,
        };
        for _ in 0..WORKERS {
            crowd.enlist()?;
        }
        crowd.fund().await?;
        crowd.take_seats().await?;
        Ok(crowd)
    }

    fn enlist(&mut self) -> Result<(), Failure> {
        let sender = sender(&self.network, Key::random())?;
        let voter = Voter::new(Key::random(), sender.address().to_owned())?;
        let member = Arc::new(Member { sender, voter });
        let address = member.sender.address().to_owned();
        self.by_address.insert(address, Arc::clone(&member));
        self.members.push(member);
        Ok(())
    }

    /// Everybody's address, for the books.
    pub(crate) fn addresses(&self) -> Vec<String> {
        vec![self.relay.address().to_owned()]
    }

    async fn fund(&self) -> Result<(), Failure> {
        let denom = &self.network.facts().denom;
        let mut who: Vec<&str> = self.members.iter().map(|it| it.sender.address()).collect();
        who.push(self.relay.address());
        for some in who.chunks(FUNDED_AT_ONCE) {
            let send = |to: &&str| Msg::Send {
                to: (*to).to_owned(),
                coins: vec![Coin::new(PURSE, denom)],
            };
            let sends: Vec<Msg> = some.iter().map(send).collect();
            self.requester.send(&sends, Gas::Simulate).await?;
        }
        Ok(())
    }

    async fn take_seats(&mut self) -> Result<(), Failure> {
        let model = self.network.facts().model;
        // The key's first transaction puts it on record, which is no message's price.
        self.of_each(None, ExecuteMsg::Deposit {}, 1).await?;
        self.of_each(Some("bond, the first"), ExecuteMsg::Bond {}, BOND)
            .await?;
        let members = self.members.clone();
        let profiles = members.iter().map(|it| Item {
            by: &it.sender,
            name: Some("update_worker, the first"),
            msg: profile(&it.voter),
            coins: 0,
        });
        self.send(profiles.collect()).await?;
        let join = ExecuteMsg::JoinModel { model };
        self.of_each(Some("join_model, the first seat"), join, 0)
            .await?;
        Ok(())
    }

    /// The same message of every worker.
    pub(crate) async fn of_each(
        &mut self,
        name: Option<&'static str>,
        msg: ExecuteMsg,
        coins: u128,
    ) -> Result<Vec<TxOutcome>, Failure> {
        let members = self.members.clone();
        let items = members.iter().map(|it| Item {
            by: &it.sender,
            name,
            msg: msg.clone(),
            coins,
        });
        self.send(items.collect()).await
    }

    /// Sends all of them, in this order, before any block is waited for; then waits for each and notes
    /// what it used.
    pub(crate) async fn send(&mut self, items: Vec<Item<'_>>) -> Result<Vec<TxOutcome>, Failure> {
        let mut under_way: Vec<(&Sender, Option<&'static str>, Sent)> = Vec::new();
        let denom = self.network.facts().denom.clone();
        for item in items {
            let coins = (item.coins > 0).then(|| Coin::new(item.coins, &denom));
            let coins: Vec<Coin> = coins.into_iter().collect();
            let msg = self.network.contract().message(&item.msg, &coins)?;
            let gas = Gas::Limit(if is_large(&item.msg) { LARGE } else { LIMIT });
            let sent = item.by.broadcast(&[msg], gas).await?;
            under_way.push((item.by, item.name, sent));
        }
        let mut outcomes = Vec::new();
        for (by, name, sent) in under_way {
            let outcome = by.wait(&sent).await?.into_result(by.address())?;
            let (gas, bytes) = (outcome.gas_used, sent.bytes.len());
            if let Some(name) = name.and_then(|name| by_draws(name, &outcome)) {
                self.book.note(name, Sample { gas, bytes });
            }
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }
}

/// The name in full, if the table has one for that.
fn by_draws(name: &'static str, outcome: &TxOutcome) -> Option<&'static str> {
    if name != PUBLISH {
        return Some(name);
    }
    let events = outcome.events.iter();
    match events
        .filter(|it| it.kind == "wasm-committee_drawn")
        .count()
    {
        0 => Some("publish_beacon, no draw"),
        1 => Some("publish_beacon, one draw of 5"),
        10 => Some("publish_beacon, ten draws of 5"),
        _ => None,
    }
}

const fn is_large(msg: &ExecuteMsg) -> bool {
    match msg {
        ExecuteMsg::Advance { tasks } => tasks.len() > 1,
        ExecuteMsg::Commit { commits } => commits.len() > 1,
        ExecuteMsg::Reveal { reveals } => reveals.len() > 1,
        ExecuteMsg::PublishBeacon { .. } => true,
        _ => false,
    }
}

fn sender(network: &Network, key: Key) -> Result<Sender, Failure> {
    let mut options = SenderOptions::new(network.facts().gas_price.parse()?);
    options.poll = Duration::from_millis(50);
    options.timeout_blocks = 1_000;
    let chain = network.chain().clone();
    Ok(Sender::new(chain, Arc::new(key), options)?)
}

/// As long as the virtual machine's.
fn profile(voter: &Voter) -> ExecuteMsg {
    ExecuteMsg::UpdateWorker {
        endpoint: Some("https://worker.example.org:8443/antiphon".to_owned()),
        moniker: Some("a worker of twenty".to_owned()),
        voter: Some(voter.public_key()),
    }
}
