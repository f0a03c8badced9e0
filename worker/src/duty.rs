//! One duty as a pure state machine: what the chain shows and what became of our own work go in,
//! effects come out. It never talks to anything, so every ending can be tested.
//!
//! ```text
//! seen → fetched → computed(ballot) → commit_sent → committed → reveal_sent → done
//!    └────────┴──────────────┴─────────────┴────────────┴─────────────┴──→ lost(reason)
//! ```
//! Chain state decides: a state is reached when the chain shows it, not when something was sent. An
//! effect may be asked for again in every block, and whoever carries it out makes that harmless.

mod reason;

pub use reason::Reason;

use antiphon_api::{Ballot, Hex};
use serde::{Deserialize, Serialize};

/// Names a duty: a membership in one round of one task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DutyKey {
    /// The task.
    pub task: u64,
    /// The round, from 0.
    pub round: u8,
}

impl DutyKey {
    /// The duty of this task and round.
    #[must_use]
    pub const fn new(task: u64, round: u8) -> Self {
        Self { task, round }
    }
}

/// A ballot and the commitment made of it; both are on disk once this exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vote {
    /// What is said.
    pub ballot: Ballot,
    /// What the commit binds to.
    pub commitment: Hex<32>,
}

/// Where a duty stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Known; the prompt is looked for.
    Seen,
    /// The prompt is here; the answer is being computed.
    Fetched,
    /// The ballot is in the journal.
    Computed,
    /// The commit is on its way.
    CommitSent,
    /// The commit is on chain.
    Committed,
    /// The reveal is on its way.
    RevealSent,
    /// The reveal is on chain.
    Done,
    /// Ended otherwise.
    Lost(Reason),
}

impl State {
    /// The names of all states.
    pub const NAMES: [&'static str; 8] = [
        "seen",
        "fetched",
        "computed",
        "commit_sent",
        "committed",
        "reveal_sent",
        "done",
        "lost",
    ];

    /// Whether nothing will change any more.
    #[must_use]
    pub const fn ended(self) -> bool {
        matches!(self, Self::Done | Self::Lost(_))
    }

    /// A stable name for logs and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Fetched => "fetched",
            Self::Computed => "computed",
            Self::CommitSent => "commit_sent",
            Self::Committed => "committed",
            Self::RevealSent => "reveal_sent",
            Self::Done => "done",
            Self::Lost(_) => "lost",
        }
    }
}

/// What the chain shows of this membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// A commit is asked for.
    Commit {
        /// Last height at which it is accepted.
        deadline: u64,
    },
    /// The commit is there; others are waited for.
    Wait {
        /// What is on chain.
        commitment: Hex<32>,
    },
    /// The commitment is to be opened.
    Reveal {
        /// Last height at which it is accepted.
        deadline: u64,
        /// What is on chain.
        commitment: Hex<32>,
    },
    /// The reveal is there.
    Revealed,
    /// Not, or no longer, a member of a running round; tells whether a commitment of ours was on chain
    /// in a round that had come to revealing.
    Gone {
        /// The reveal window had opened for us.
        withheld: bool,
    },
}

/// What is shown, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Height the node answered at: orders its answers.
    pub height: u64,
    /// A height the chain has certainly reached, whatever this node says: ends windows.
    pub reached: u64,
    /// What it answered.
    pub phase: Phase,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The chain was read.
    Chain(View),
    /// The prompt's block is here.
    Fetched,
    /// The answer, or one of the other two ballots.
    Ballot(Ballot),
    /// The ballot is on disk.
    Journaled(Vote),
    /// No ballot will come.
    Failed(Reason),
    /// The process is stopping: nothing new is committed.
    Drain,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Look for the prompt and compute; answer with `Fetched`, then `Ballot` or `Failed`.
    Work,
    /// Put the answer's block aside and the ballot on disk; answer with `Journaled` or `Failed`.
    Journal(Ballot),
    /// See to it that the commit gets on chain.
    Commit {
        /// Last height at which it is accepted.
        deadline: u64,
    },
    /// See to it that the reveal gets on chain.
    Reveal {
        /// Last height at which it is accepted.
        deadline: u64,
    },
    /// The reveal is on chain: serve the answer's block.
    Release,
}

/// One duty.
#[derive(Clone, Debug)]
pub struct Machine {
    state: State,
    vote: Option<Vote>,
    view: View,
    working: bool,
}

impl Machine {
    /// A duty first seen now, with its vote if the journal has one.
    #[must_use]
    pub fn new(view: View, vote: Option<Vote>) -> (Self, Vec<Effect>) {
        let state = if vote.is_some() {
            State::Computed
        } else {
            State::Seen
        };
        let mut machine = Self {
            state,
            vote,
            view,
            working: false,
        };
        let effects = machine.evaluate();
        (machine, effects)
    }

    /// Where it stands.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// The vote, once it is in the journal.
    #[must_use]
    pub const fn vote(&self) -> Option<&Vote> {
        self.vote.as_ref()
    }

    /// What the chain showed last.
    #[must_use]
    pub const fn view(&self) -> View {
        self.view
    }

    /// Whether a commitment of ours is, or may be, on chain: the process stays for its reveal.
    #[must_use]
    pub const fn owes_reveal(&self) -> bool {
        matches!(
            self.state,
            State::CommitSent | State::Committed | State::RevealSent
        )
    }

    /// The chain is not as far as was thought: what the node shows from this height on counts again.
    pub fn rewind(&mut self, height: u64) {
        self.view.height = self.view.height.min(height);
    }

    /// Takes one input in.
    pub fn step(&mut self, input: Input) -> Vec<Effect> {
        if self.state.ended() {
            return Vec::new();
        }
        match input {
            // A node that lags behind what was seen already tells nothing.
            Input::Chain(view) if view.height < self.view.height => return Vec::new(),
            Input::Chain(view) => self.view = view,
            Input::Fetched if self.state == State::Seen => self.state = State::Fetched,
            Input::Ballot(ballot) if self.vote.is_none() => return vec![Effect::Journal(ballot)],
            Input::Journaled(vote) if self.vote.is_none() => {
                self.vote = Some(vote);
                self.state = State::Computed;
            }
            Input::Failed(reason) if self.vote.is_none() => self.state = State::Lost(reason),
            Input::Drain if self.vote.is_none() || self.state == State::Computed => self.drain(),
            Input::Fetched
            | Input::Ballot(_)
            | Input::Journaled(_)
            | Input::Failed(_)
            | Input::Drain => {
                return Vec::new();
            }
        }
        self.evaluate()
    }

    /// Nothing of ours is on chain if the chain asks for a commit; otherwise the reveal is owed.
    fn drain(&mut self) {
        if matches!(self.view.phase, Phase::Commit { .. }) {
            self.state = State::Lost(Reason::Draining);
        }
    }

    /// Brings the state in line with what the chain showed last.
    fn evaluate(&mut self) -> Vec<Effect> {
        if self.state.ended() {
            return Vec::new();
        }
        let reached = self.view.reached;
        match self.view.phase {
            Phase::Revealed => self.finish(),
            Phase::Gone { withheld: true } => self.lose(Reason::RevealLate),
            Phase::Gone { withheld: false } => self.lose(Reason::RoundOver),
            Phase::Commit { deadline } if reached > deadline => self.lose(Reason::CommitLate),
            Phase::Reveal { deadline, .. } if reached > deadline => self.lose(Reason::RevealLate),
            Phase::Commit { deadline } => {
                self.toward(State::CommitSent, vec![Effect::Commit { deadline }])
            }
            Phase::Wait { commitment } => self.opening(commitment, State::Committed, Vec::new()),
            Phase::Reveal {
                deadline,
                commitment,
            } => self.opening(
                commitment,
                State::RevealSent,
                vec![Effect::Reveal { deadline }],
            ),
        }
    }

    fn finish(&mut self) -> Vec<Effect> {
        self.state = State::Done;
        if self.vote.is_some() {
            vec![Effect::Release]
        } else {
            Vec::new()
        }
    }

    fn lose(&mut self, reason: Reason) -> Vec<Effect> {
        self.state = State::Lost(reason);
        Vec::new()
    }

    /// With a vote: on to `state`. Without: the work is started, once.
    fn toward(&mut self, state: State, effects: Vec<Effect>) -> Vec<Effect> {
        if self.vote.is_some() {
            self.state = state;
            return effects;
        }
        if std::mem::replace(&mut self.working, true) {
            return Vec::new();
        }
        vec![Effect::Work]
    }

    /// A commitment of ours is on chain. Without a journal the same ballot is computed again: answer
    /// and salt are pure functions, so it opens, or the duty is lost.
    fn opening(&mut self, commitment: Hex<32>, state: State, effects: Vec<Effect>) -> Vec<Effect> {
        match &self.vote {
            Some(vote) if vote.commitment != commitment => self.lose(Reason::CommitmentDiffers),
            _ => self.toward(state, effects),
        }
    }
}
