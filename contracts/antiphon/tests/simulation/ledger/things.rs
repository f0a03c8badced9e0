//! What the ledger keeps of workers, models and tasks.

use std::collections::BTreeMap;

use antiphon_api::{Ballot, Cid, ConductInfo, Limits, Price};

use super::Coins;

/// A block's height and time in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub height: u64,
    pub nanos: u64,
}

impl Moment {
    pub const fn seconds(self) -> u64 {
        self.nanos / 1_000_000_000
    }
}

/// A beacon round on chain.
#[derive(Clone, Debug)]
pub struct Known {
    pub randomness: [u8; 32],
    pub when: Moment,
}

#[derive(Clone, Debug, Default)]
pub struct Worker {
    pub bond: Coins,
    pub unbonding: Coins,
    pub claimable: u64,
    pub since: u64,
    pub misses: u32,
    pub jailed_until: Option<u64>,
    pub voter: Option<[u8; 33]>,
    pub endpoint: Option<String>,
    pub moniker: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Model {
    pub publisher: String,
    pub manifest: Cid,
    pub price: Price,
    pub limits: Limits,
    pub retired: bool,
    pub deposit: Coins,
    /// Slot → worker.
    pub seats: BTreeMap<u16, String>,
    /// Good ratings and their fees, bad ones and theirs.
    pub good: (u64, Coins),
    pub bad: (u64, Coins),
}

impl Model {
    pub fn seat_of(&self, worker: &str) -> Option<u16> {
        let mut seats = self.seats.iter();
        seats.find(|(_, held)| *held == worker).map(|it| *it.0)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Drawing,
    Committing,
    Revealing,
    Answered,
    Final,
    Failed,
}

/// What a member did so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Did {
    Nothing,
    Committed([u8; 32]),
    Revealed([u8; 32], Ballot),
}

#[derive(Clone, Debug)]
pub struct Member {
    pub worker: String,
    pub did: Did,
    pub conduct: Option<ConductInfo>,
    pub paid: Coins,
    pub forfeited: Coins,
}

#[derive(Clone, Debug)]
pub struct Round {
    pub size: u32,
    /// When its present vacancies arose.
    pub opened: Moment,
    pub waits_for: Option<u64>,
    pub draws: u32,
    /// By position; none where nobody sits.
    pub places: Vec<Option<Member>>,
    pub replaced: Vec<String>,
    /// Who demanded it, with what bond.
    pub appeal: Option<(String, Coins)>,
    pub came_to_reveal: bool,
    pub decided: Option<Ballot>,
}

impl Round {
    pub const fn quorum(&self) -> u32 {
        (2 * self.size).div_ceil(3)
    }

    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.places.iter().flatten()
    }

    pub fn count(&self, did: impl Fn(&Did) -> bool) -> u32 {
        self.members().filter(|member| did(&member.did)).count() as u32
    }

    pub fn committed(&self) -> u32 {
        self.count(|did| *did != Did::Nothing)
    }

    pub fn revealed(&self) -> u32 {
        self.count(|did| matches!(did, Did::Revealed(..)))
    }

    pub fn votes(&self, ballot: &Ballot) -> u32 {
        self.count(|did| matches!(did, Did::Revealed(_, said) if said == ballot))
    }
}

/// A callback that is not delivered yet.
#[derive(Clone, Debug)]
pub struct Pending {
    pub gas_limit: u64,
    pub with_text: bool,
    pub fee: Coins,
    pub deadline: Option<u64>,
}

/// What the end of a task moved.
#[derive(Clone, Debug, Default)]
pub struct Moved {
    pub paid: Coins,
    pub refunded: Coins,
    pub forfeited: Coins,
    pub burned: Coins,
    pub miss_charges: Coins,
    pub withheld: bool,
    pub appeal_bonds: Coins,
    pub to_appellants: Coins,
}

#[derive(Clone, Debug)]
pub struct Task {
    pub id: u64,
    pub model: u64,
    pub requester: String,
    pub prompt: Cid,
    pub prompt_bytes: u32,
    pub max_output_tokens: u32,
    pub carried: bool,
    pub digest: [u8; 32],
    pub version: u32,
    pub rounds_possible: usize,
    pub full_fee: Coins,
    pub lock: Coins,
    pub escrow: Coins,
    pub stage: Stage,
    pub entered: u64,
    /// Last height at which the stage takes its messages.
    pub until: u64,
    pub rounds: Vec<Round>,
    /// The round that decided what stands.
    pub standing: Option<usize>,
    pub contested: bool,
    pub callback: Option<Pending>,
    pub rated: Option<bool>,
    pub moved: Moved,
}

impl Task {
    pub const fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Final | Stage::Failed)
    }

    pub fn number(&self) -> usize {
        self.rounds.len() - 1
    }

    pub fn round(&self) -> &Round {
        &self.rounds[self.number()]
    }

    pub fn round_mut(&mut self) -> &mut Round {
        let number = self.number();
        &mut self.rounds[number]
    }

    pub fn round_left(&self) -> bool {
        self.rounds.len() < self.rounds_possible
    }

    pub fn outcome(&self) -> Option<&Ballot> {
        self.rounds[self.standing?].decided.as_ref()
    }

    /// Members of all rounds, without replaced ones.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.rounds.iter().flat_map(Round::members)
    }

    /// Nobody serves twice, and who was replaced has served.
    pub fn knows(&self, worker: &str) -> bool {
        self.members().any(|member| member.worker == worker)
            || self
                .rounds
                .iter()
                .any(|round| round.replaced.iter().any(|it| it == worker))
    }
}

/// The index's answer to a prompt.
#[derive(Clone, Debug)]
pub struct Indexed {
    pub task: u64,
    pub ballot: Ballot,
    pub committee: u32,
    pub conflict: bool,
}
