//! Every state that can be reached, round by round: what happened before a round matters to it only
//! by how it starts, and to the end of the task by what each round came to.

use std::collections::btree_map::{BTreeMap, Entry};
use std::collections::{BTreeSet, VecDeque};

use antiphon_rules::life::Phase;

use super::check::{self, Violation};
use super::law::Law;
use super::world::{Act, Next, Past, Scope, State};

/// What rounds before came to, and one way that led there.
#[derive(Clone, Debug, Default)]
pub struct History {
    pub pasts: Vec<Past>,
    pub trace: Vec<Act>,
}

/// Where an act leads.
#[derive(Clone, Copy, Debug)]
pub enum To {
    State(usize),
    /// Into the next round, or to the end of the task.
    Out,
}

/// One act in one state.
#[derive(Clone, Copy, Debug)]
pub struct Edge {
    pub from: usize,
    pub act: Act,
    pub to: To,
}

/// All states of one round that starts in one way.
#[derive(Default)]
pub struct Round {
    /// Ways to its start that differ in what the rounds before came to.
    pub histories: Vec<History>,
    pub states: Vec<State>,
    /// How each state was reached first.
    parents: Vec<Option<(usize, Act)>>,
    pub edges: Vec<Edge>,
    /// Ends of the task that differ, each with the state and the act that led there.
    pub ends: Vec<(Phase, Past, usize, Act)>,
    opens: Vec<(State, Past, usize, Act)>,
}

/// Everything that was found.
#[derive(Default)]
pub struct Found {
    pub rounds: Vec<Round>,
    pub states: usize,
    pub transitions: usize,
    /// Longest way out of any state by time and `advance` alone.
    pub longest_exit: usize,
    /// What was violated, with the first example.
    pub violations: BTreeMap<Violation, String>,
}

impl Round {
    /// One way from the start of the round to a state.
    pub fn path(&self, mut state: usize) -> Vec<Act> {
        let mut acts = Vec::new();
        while let Some((parent, act)) = self.parents[state] {
            acts.push(act);
            state = parent;
        }
        acts.reverse();
        acts
    }

    fn walk(start: State, histories: Vec<History>, law: &dyn Law, scope: &Scope) -> Self {
        let mut round = Self {
            histories,
            ..Self::default()
        };
        let mut known = BTreeMap::new();
        let (mut opens, mut ends) = (BTreeSet::new(), BTreeSet::new());
        known.insert(key(&start, scope), 0);
        round.states.push(start);
        round.parents.push(None);
        let mut todo = VecDeque::from([0]);
        while let Some(from) = todo.pop_front() {
            let state = round.states[from].clone();
            for act in state.acts(law, scope) {
                let to = match state.after(law, scope, act) {
                    Next::On(next) => match known.entry(key(&next, scope)) {
                        Entry::Occupied(found) => To::State(*found.get()),
                        Entry::Vacant(free) => {
                            let index = round.states.len();
                            free.insert(index);
                            round.states.push(next);
                            round.parents.push(Some((from, act)));
                            todo.push_back(index);
                            To::State(index)
                        }
                    },
                    Next::Opens(next, past) => {
                        if opens.insert((key(&next, scope), sorted(&past))) {
                            round.opens.push((next, past, from, act));
                        }
                        To::Out
                    }
                    Next::Ends(phase, past) => {
                        if ends.insert((phase.contested, phase.standing.is_some(), sorted(&past))) {
                            round.ends.push((phase, past, from, act));
                        }
                        To::Out
                    }
                };
                round.edges.push(Edge { from, act, to });
            }
        }
        round
    }

    /// The history that an act in a state adds to one before the round.
    fn extend(&self, history: &History, past: &Past, state: usize, act: Act) -> History {
        let mut longer = history.clone();
        longer.pasts.push(past.clone());
        longer.trace.extend(self.path(state));
        longer.trace.push(act);
        longer
    }
}

/// Walks every state, and checks each by itself; ends are not judged.
pub fn walk(law: &dyn Law, scope: &Scope) -> Found {
    let mut found = Found::default();
    let start = scope.posted();
    let mut starts = BTreeMap::from([(key(&start, scope), (start, vec![History::default()]))]);
    while let Some((_, (start, histories))) = starts.pop_first() {
        let round = Round::walk(start, histories, law, scope);
        found.states += round.states.len();
        found.transitions += round.edges.len();
        check::round(&round, law, scope, &mut found);
        follow(&round, scope, &mut starts, &mut found);
        found.rounds.push(round);
    }
    found
}

/// Sorted by their start, earlier rounds come first: a round is walked with all of its histories.
type Starts = BTreeMap<State, (State, Vec<History>)>;

fn follow(round: &Round, scope: &Scope, starts: &mut Starts, found: &mut Found) {
    let mut seen = BTreeSet::new();
    for (next, past, state, act) in &round.opens {
        let entry = starts.entry(key(next, scope));
        let (_, histories) = entry.or_insert_with(|| (next.clone(), Vec::new()));
        for history in &round.histories {
            let longer = round.extend(history, past, *state, *act);
            check::start(next, &longer.pasts, found);
            let sorted: Vec<_> = longer.pasts.iter().map(sorted).collect();
            if seen.insert((key(next, scope), sorted)) {
                histories.push(longer);
            }
        }
    }
}

/// What of a past matters to the end of a task.
fn sorted(past: &Past) -> Past {
    let mut past = past.clone();
    past.members.sort_unstable();
    past.replaced = 0;
    past
}

/// States with one key have the same future.
fn key(state: &State, scope: &Scope) -> State {
    let mut key = state.clone();
    key.phase.entered = 0;
    if let Some(standing) = &mut key.phase.standing {
        (standing.line, standing.votes) = (0, 0);
    }
    if scope.alike {
        let best = key.tally.get(usize::from(key.votes.best_line)).copied();
        key.places.sort_unstable();
        key.tally.sort_unstable();
        let line = key.tally.iter().position(|line| Some(*line) == best);
        let decides = u32::from(key.votes.best) >= key.phase.quorum();
        let line = line.filter(|_| decides).unwrap_or(0);
        key.votes.best_line = u8::try_from(line).unwrap();
        key.round.decided = key.round.decided.map(|_| key.votes.best_line);
    }
    key
}
