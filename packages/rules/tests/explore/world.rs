//! One task as the rules see it: its state, what may happen to it, what becomes of it.

use antiphon_content::{Cid, Hex};
use antiphon_documents::{Ballot, Finish};
use antiphon_rules::life::{Due, Facts, Phase, Randomness, Round, Status};
use antiphon_rules::life::{Terms, Votes};
use antiphon_rules::windows::{DrawWindow, Moment};

use super::law::Law;

/// What a reveal says. The same answer has another trace in each round, but for a made-up one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Said {
    Right,
    Untraced,
    Other,
    Invalid,
    Unavailable,
}

pub const ALL_SAID: [Said; 5] = [
    Said::Right,
    Said::Untraced,
    Said::Other,
    Said::Invalid,
    Said::Unavailable,
];

impl Said {
    /// The ballot, as a member of a round would reveal it.
    pub fn ballot(self, round: u8) -> Ballot {
        let (text, trace) = match self {
            Self::Right => ("right", round),
            Self::Untraced => ("right", u8::MAX),
            Self::Other => ("other", round),
            Self::Invalid => return Ballot::Invalid {},
            Self::Unavailable => return Ballot::Unavailable {},
        };
        Ballot::Answer {
            cid: Cid::of_raw(text.as_bytes()),
            finish: Finish::Stop,
            output_tokens: 40,
            prompt_tokens: 12,
            trace: Hex([trace; 32]),
        }
    }

    /// Whether two of them, of whatever rounds, say the same but for their traces.
    pub fn is_same_answer(self, other: Self) -> bool {
        let traces = [Self::Right, Self::Untraced];
        self == other || (traces.contains(&self) && traces.contains(&other))
    }
}

/// How far a member came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Member {
    Drawn,
    Committed,
    Revealed(Said),
}

/// What opened a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Opener {
    Post,
    Undecided,
    Appeal,
}

/// How large an explored world is.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// Places of each round.
    pub sizes: &'static [u8],
    pub max_draws: u32,
    /// The prompt is on chain.
    pub carried: bool,
    /// What reveals may say.
    pub said: &'static [Said],
    /// Members who did the same are the same, and so are orders of the same votes.
    pub alike: bool,
}

impl Scope {
    pub fn rounds(&self) -> u8 {
        u8::try_from(self.sizes.len()).unwrap()
    }
}

pub const TERMS: Terms = Terms {
    max_draws: 0,
    draw_window: DrawWindow {
        blocks: 3,
        seconds: 3,
    },
    commit_window: 4,
    reveal_window: 5,
    appeal_window: 6,
};

/// Where every state's clock is set back to: only what is left of a window matters.
const NOW: Moment = Moment {
    height: 10_000,
    nanos: 10_000_000_000_000,
};

/// A task at one moment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct State {
    pub phase: Phase,
    pub round: Round,
    pub votes: Votes,
    /// Lines of the tally, in the order in which they began.
    pub tally: Vec<(Said, u8)>,
    pub places: Vec<Option<Member>>,
    /// Members that lost their place in this round.
    pub replaced: u8,
    /// When the randomness that the round waits for came on chain.
    pub published: Option<Moment>,
    pub now: Moment,
    pub opened_by: Opener,
    /// What the standing ballot says.
    pub stands: Option<Said>,
}

/// What can happen to a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// The randomness comes on chain.
    Publish,
    /// Nothing happens until the window is over.
    Wait,
    /// Somebody brings about what is due; a draw finds so many members.
    Advance {
        found: u8,
    },
    Commit(u8),
    Reveal(u8, Said),
    Appeal,
}

/// What became of a task.
#[derive(Clone, Debug)]
pub enum Next {
    /// It goes on in the same round.
    On(State),
    /// Another round begins; what the one before came to.
    Opens(State, Past),
    /// It ends with this phase; what the last round came to.
    Ends(Phase, Past),
}

/// A round that is over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Past {
    pub opened_by: Opener,
    pub size: u8,
    pub replaced: u8,
    /// It came to revealing.
    pub revealing: bool,
    pub members: Vec<Member>,
    pub decided: Option<Said>,
}

impl Past {
    pub fn of(state: &State) -> Self {
        let line = state.round.decided;
        Self {
            opened_by: state.opened_by,
            size: state.phase.size,
            replaced: state.replaced,
            revealing: state.round.revealing,
            members: state.members().collect(),
            decided: line.map(|line| state.tally[usize::from(line)].0),
        }
    }
}

struct Known<'a>(&'a State, &'a Scope);

impl Facts for Known<'_> {
    type Error = std::convert::Infallible;

    fn votes(&self) -> Result<Votes, Self::Error> {
        Ok(self.0.votes)
    }

    fn round(&self) -> Result<Round, Self::Error> {
        Ok(self.0.round)
    }

    fn terms(&self) -> Result<Terms, Self::Error> {
        Ok(self.1.terms())
    }

    fn randomness(&self, _: u64) -> Result<Option<Randomness>, Self::Error> {
        let value = [7; 32];
        Ok(self
            .0
            .published
            .map(|published| Randomness { value, published }))
    }

    fn is_first(&self, _: u64) -> bool {
        true
    }
}

impl Scope {
    pub fn terms(&self) -> Terms {
        Terms {
            max_draws: self.max_draws,
            ..TERMS
        }
    }

    /// A task just posted.
    pub fn posted(&self) -> State {
        State::open(self, 0, Opener::Post, None)
    }
}

impl State {
    pub fn open(scope: &Scope, round: u8, opened_by: Opener, before: Option<&Self>) -> Self {
        let size = scope.sizes[usize::from(round)];
        Self {
            phase: Phase::open(round, size, NOW.height, before.map(|it| &it.phase)),
            round: Round::open(NOW, 1),
            votes: Votes::default(),
            tally: Vec::new(),
            places: vec![None; size.into()],
            replaced: 0,
            published: None,
            now: NOW,
            opened_by,
            stands: before.and_then(|it| it.stands),
        }
    }

    /// What is due by the rules.
    pub fn due(&self, scope: &Scope) -> Due {
        let Ok(due) =
            antiphon_rules::life::due(&self.phase, scope.rounds(), &Known(self, scope), self.now);
        due
    }

    pub fn members(&self) -> impl Iterator<Item = Member> {
        self.places.iter().filter_map(|place| *place)
    }

    /// Members of the round, places that are empty apart.
    pub fn count(&self) -> u8 {
        u8::try_from(self.members().count()).unwrap()
    }

    pub fn vacancies(&self) -> u8 {
        self.phase.size - self.count()
    }

    /// Whether the window of the status is over.
    pub fn is_over(&self, scope: &Scope) -> bool {
        match self.phase.status {
            Status::Drawing => {
                let window = scope.terms().draw_window.of_round(self.phase.round);
                window.is_over(self.now, self.round.opened)
            }
            _ => self.phase.is_over(self.now.height),
        }
    }

    /// The first moment after the window.
    pub fn wait(&mut self, scope: &Scope) {
        let blocks = match self.phase.status {
            Status::Drawing => {
                let window = scope.terms().draw_window.of_round(self.phase.round);
                window.blocks.max(window.seconds) + 1
            }
            _ => self.phase.deadline + 1 - self.now.height,
        };
        self.now.height += blocks;
        self.now.nanos += blocks * 1_000_000_000;
    }

    /// Sets the clock back, and everything that is measured against it.
    pub fn rebase(mut self) -> Self {
        let (blocks, nanos) = (self.now.height - NOW.height, self.now.nanos - NOW.nanos);
        let back = |at: &mut Moment| {
            at.height -= blocks;
            at.nanos -= nanos;
        };
        back(&mut self.now);
        match self.phase.status {
            Status::Drawing => {
                back(&mut self.round.opened);
                self.published.iter_mut().for_each(back);
                self.phase.entered = NOW.height;
            }
            _ => {
                self.round.opened = NOW;
                self.published = None;
                self.phase.entered -= blocks;
                self.phase.deadline -= blocks;
            }
        }
        self
    }

    /// Everything that may happen now.
    pub fn acts(&self, law: &dyn Law, scope: &Scope) -> Vec<Act> {
        let height = self.now.height;
        let mut acts = Vec::new();
        match law.due(self, scope) {
            Due::Wait => {}
            Due::Draw(_) => acts.extend((0..=self.vacancies()).map(|found| Act::Advance { found })),
            _ => acts.push(Act::Advance { found: 0 }),
        }
        let awaits = self.phase.status == Status::Drawing && self.round.waits_for != 0;
        if awaits && self.published.is_none() {
            acts.push(Act::Publish);
        }
        if !self.is_over(scope) {
            acts.push(Act::Wait);
        }
        let commits = self.phase.admits_commit(height).is_ok();
        let reveals = law.admits_reveal(self).is_ok();
        for (index, place) in (0..).zip(&self.places) {
            match place {
                Some(Member::Drawn) if commits => acts.push(Act::Commit(index)),
                Some(Member::Committed) if reveals => {
                    acts.extend(scope.said.iter().map(|said| Act::Reveal(index, *said)));
                }
                _ => {}
            }
        }
        if self.phase.admits_appeal(height).is_ok() && self.next_round(scope).is_some() {
            acts.push(Act::Appeal);
        }
        acts
    }

    pub fn next_round(&self, scope: &Scope) -> Option<u8> {
        self.phase.next_round(scope.rounds())
    }
}
