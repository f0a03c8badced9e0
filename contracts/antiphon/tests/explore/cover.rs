//! Which courses are replayed: every kind of transition and of ending, and some more.

use std::collections::{BTreeMap, BTreeSet};

use super::law::Rules;
use super::script::{Script, enact, ending, kind};
use super::search::{Found, Round};
use super::world::{Act, Scope};

/// Courses to replay.
pub struct Chosen {
    pub scripts: Vec<Script>,
    /// Kinds of transitions that they make.
    pub kinds: usize,
    /// Kinds of endings that they have.
    pub endings: usize,
    /// All kinds of both.
    pub wanted: usize,
}

/// Ways that are tried to bring about one kind, before it is left out: what is due at once after an
/// `advance` leaves no time in between for anything else.
const MAX_TRIES: usize = 20;

struct Cover<'a> {
    scope: &'a Scope,
    scripts: Vec<Script>,
    kinds: BTreeSet<String>,
    endings: BTreeSet<String>,
}

/// Chooses courses that cover what was found, and `more`, evenly spread.
pub fn choose(found: &Found, scope: &Scope, more: usize) -> Chosen {
    let mut cover = Cover {
        scope,
        scripts: Vec::new(),
        kinds: BTreeSet::new(),
        endings: BTreeSet::new(),
    };
    let mut wanted = BTreeSet::new();
    for round in &found.rounds {
        cover.transitions(round, &mut wanted);
    }
    for round in &found.rounds {
        cover.ends(round, &mut wanted);
    }
    let courses: usize = found.rounds.iter().map(count).sum();
    for index in 0..more {
        cover.add(&course(found, courses / more * index));
    }
    Chosen {
        kinds: cover.kinds.len(),
        endings: cover.endings.len(),
        wanted: wanted.len(),
        scripts: cover.scripts,
    }
}

fn count(round: &Round) -> usize {
    round.ends.len() * round.histories.len()
}

/// One of all courses.
fn course(found: &Found, mut index: usize) -> Vec<Act> {
    for round in &found.rounds {
        if index >= count(round) {
            index -= count(round);
            continue;
        }
        let history = &round.histories[index % round.histories.len()];
        let (_, _, state, act) = &round.ends[index / round.histories.len()];
        return wishes(round, &history.trace, *state, *act);
    }
    Vec::new()
}

fn wishes(round: &Round, before: &[Act], state: usize, act: Act) -> Vec<Act> {
    let mut wishes = before.to_vec();
    wishes.extend(round.path(state));
    wishes.push(act);
    wishes
}

impl Cover<'_> {
    fn add(&mut self, wishes: &[Act]) {
        let script = enact(wishes, self.scope);
        let kinds = script.steps.iter().flat_map(|step| step.kinds.clone());
        self.kinds.extend(kinds);
        self.endings.insert(ending(&script.pasts));
        self.scripts.push(script);
    }

    /// Every kind of transition that a chain can make.
    fn transitions(&mut self, round: &Round, wanted: &mut BTreeSet<String>) {
        let mut tries: BTreeMap<String, usize> = BTreeMap::new();
        for edge in &round.edges {
            let state = &round.states[edge.from];
            let next = state.after(&Rules, self.scope, edge.act);
            let kind = kind(state, edge.act, &next, self.scope);
            wanted.insert(kind.clone());
            let tried = tries.entry(kind.clone()).or_default();
            if self.kinds.contains(&kind) || *tried >= MAX_TRIES {
                continue;
            }
            *tried += 1;
            let wishes = wishes(round, &round.histories[0].trace, edge.from, edge.act);
            let script = enact(&wishes, self.scope);
            if script.steps.iter().any(|step| step.kinds.contains(&kind)) {
                self.add(&wishes);
            }
        }
    }

    /// Every kind of ending, by one history and one end of each kind.
    fn ends(&mut self, round: &Round, wanted: &mut BTreeSet<String>) {
        let mut histories = BTreeMap::new();
        for history in &round.histories {
            histories.entry(ending(&history.pasts)).or_insert(history);
        }
        let mut ends = BTreeMap::new();
        for end in &round.ends {
            let last = std::slice::from_ref(&end.1);
            ends.entry(ending(last)).or_insert(end);
        }
        for history in histories.values() {
            for (_, past, state, act) in ends.values() {
                let mut pasts = history.pasts.clone();
                pasts.push(past.clone());
                let kind = ending(&pasts);
                if wanted.insert(kind.clone()) && !self.endings.contains(&kind) {
                    self.add(&wishes(round, &history.trace, *state, *act));
                }
            }
        }
    }
}
