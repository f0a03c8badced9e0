//! What must hold in every state and at every end, told anew from the protocol's text: no function
//! of the rules is asked here.

use antiphon_rules::life::{Phase, Status};

use super::ends;
use super::law::Law;
use super::search::{Edge, Found, Round, To};
use super::world::{Act, Member, Past, Said, Scope, State};

/// What can be violated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Violation {
    /// A state out of which time and `advance` alone lead nowhere.
    NoExit,
    /// A round decided otherwise than its set of ballots says: without ⌈2n/3⌉ equal ones, by the
    /// order of votes, or for what may not be decided.
    Decision,
    /// A mark of contest that the rounds do not justify, or none where they do.
    Contested,
    /// Something stands that no round decided last.
    Standing,
    /// Counters that are not what members did.
    Counters,
    /// More draws than there may be.
    Draws,
    /// A round that came to revealing without a quorum of commits, or did not with one.
    Revealing,
    /// Conduct that is not the table's.
    Conduct,
    /// Locks taken where none may be.
    Forfeits,
    /// Money out is not money in, or a payment is not the formula's.
    Money,
}

impl Found {
    /// Keeps the first example of what is violated.
    pub fn expect(&mut self, holds: bool, what: Violation, example: impl FnOnce() -> String) {
        if !holds {
            self.violations.entry(what).or_insert_with(example);
        }
    }
}

/// ⌈2n/3⌉.
pub fn quorum(size: u8) -> usize {
    (usize::from(size) * 2).div_ceil(3)
}

/// What a set of ballots decides in a round.
fn decision(members: &[Member], size: u8, round: u8, scope: &Scope) -> Option<Said> {
    super::world::ALL_SAID.into_iter().find(|said| {
        let equal = members.iter().filter(|it| **it == Member::Revealed(*said));
        let may = *said != Said::Unavailable || (round == 0 && !scope.carried);
        may && equal.count() >= quorum(size)
    })
}

/// Checks every state of a round, and the way out of each.
pub fn round(round: &Round, law: &dyn Law, scope: &Scope, found: &mut Found) {
    for state in &round.states {
        votes(state, found);
        decided(state, scope, found);
        let draws = u32::from(state.round.draws) <= scope.max_draws;
        found.expect(draws, Violation::Draws, || format!("{state:?}"));
    }
    exits(round, law, scope, found);
}

fn votes(state: &State, found: &mut Found) {
    let revealed = |member: &Member| matches!(member, Member::Revealed(_));
    let open = state.members().filter(revealed).count();
    let bound = state.members().filter(|it| *it != Member::Drawn).count();
    let counts = usize::from(state.votes.committed) == bound
        && usize::from(state.votes.revealed) == open
        && (state.phase.status == Status::Drawing || state.phase.members == state.count());
    found.expect(counts, Violation::Counters, || format!("{state:?}"));
}

/// Once reveals have begun, what a round is decided for is a matter of the set of ballots.
fn decided(state: &State, scope: &Scope, found: &mut Found) {
    let members: Vec<_> = state.members().collect();
    let number = state.phase.round;
    let want = decision(&members, state.phase.size, number, scope);
    match state.phase.status {
        Status::Drawing | Status::Committing => {}
        Status::Revealing => {
            let all = state.votes.all_revealed() && want.is_some();
            found.expect(!all, Violation::Decision, || format!("{state:?}"));
        }
        Status::Answered => {
            let line = state.round.decided.map(usize::from);
            let got = line.map(|line| state.tally[line].0);
            found.expect(got == want, Violation::Decision, || format!("{state:?}"));
            let contested = state.phase.contested == want.is_none();
            found.expect(contested, Violation::Contested, || format!("{state:?}"));
            let stands = want.is_none() || state.stands == want;
            found.expect(stands, Violation::Standing, || format!("{state:?}"));
        }
    }
}

/// Every state has an exit: acts of time and `advance`, whatever draws find, end the round.
fn exits(round: &Round, law: &dyn Law, scope: &Scope, found: &mut Found) {
    let mut out: Vec<Vec<Edge>> = vec![Vec::new(); round.states.len()];
    for edge in &round.edges {
        out[edge.from].push(*edge);
    }
    // Waiting counts only where nothing is due.
    for (edges, state) in out.iter_mut().zip(&round.states) {
        let due = law.due(state, scope) != antiphon_rules::life::Due::Wait;
        edges.retain(|edge| match edge.act {
            Act::Advance { .. } => true,
            Act::Wait => !due,
            _ => false,
        });
    }
    let mut lengths = vec![Length::Unknown; out.len()];
    for state in 0..out.len() {
        match exit(state, &out, &mut lengths) {
            Some(length) => found.longest_exit = found.longest_exit.max(length),
            None => found.expect(false, Violation::NoExit, || {
                format!("{:?}", round.states[state])
            }),
        }
    }
}

/// Acts to the end of the round.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Length {
    Unknown,
    /// Being walked: who comes here again goes in circles.
    Open,
    Known(usize),
}

fn exit(state: usize, out: &[Vec<Edge>], lengths: &mut [Length]) -> Option<usize> {
    match lengths[state] {
        Length::Known(length) => return Some(length),
        Length::Open => return None,
        Length::Unknown => lengths[state] = Length::Open,
    }
    let mut longest = None;
    for edge in &out[state] {
        let length = match edge.to {
            To::Out => 1,
            To::State(next) => exit(next, out, lengths)? + 1,
        };
        longest = longest.max(Some(length));
    }
    lengths[state] = Length::Known(longest?);
    longest
}

/// The last round that decided, and what for.
pub fn standing(pasts: &[Past]) -> Option<(usize, Said)> {
    let decided = |(round, past): (usize, &Past)| Some((round, past.decided?));
    pasts.iter().enumerate().rev().find_map(decided)
}

/// A new round begins with what stood, contested by an undecided round after it.
pub fn start(state: &State, pasts: &[Past], found: &mut Found) {
    let stands = standing(pasts);
    let number = stands.map(|(round, _)| round);
    let told = state.phase.standing.map(|it| usize::from(it.round));
    let right = told == number && state.stands == stands.map(|(_, said)| said);
    found.expect(right, Violation::Standing, || format!("{pasts:?}"));
    let contested = number.is_some_and(|number| number + 1 < pasts.len());
    let right = state.phase.contested == contested;
    found.expect(right, Violation::Contested, || format!("{pasts:?}"));
}

/// The end of a task: its marks, and its settlement with the meter full or not.
pub fn ending(law: &dyn Law, scope: &Scope, phase: &Phase, pasts: &[Past], found: &mut Found) {
    let stands = standing(pasts);
    let told = phase.standing.map(|it| usize::from(it.round));
    let right = told == stands.map(|(round, _)| round);
    found.expect(right, Violation::Standing, || format!("{pasts:?}"));
    let contested = stands.is_some_and(|(round, _)| round + 1 < pasts.len());
    let right = phase.contested == contested;
    found.expect(right, Violation::Contested, || format!("{pasts:?}"));
    for (number, past) in (0..).zip(pasts) {
        let bound = past.members.iter().filter(|it| **it != Member::Drawn);
        let revealing = bound.count() >= quorum(past.size);
        found.expect(past.revealing == revealing, Violation::Revealing, || {
            format!("{pasts:?}")
        });
        let want = decision(&past.members, past.size, number, scope);
        found.expect(past.decided == want, Violation::Decision, || {
            format!("{pasts:?}")
        });
    }
    for meter_takes in [true, false] {
        ends::settled(law, scope, pasts, meter_takes, found);
    }
}
