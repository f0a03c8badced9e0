//! The rules as a table of functions, so that a test can plant a wrong one.

use antiphon_rules::life::{Admission, After, Due, NotNow, Phase, Round, Status, Votes};
use antiphon_rules::settle::{Case, Settlement, settle};
use antiphon_rules::{Outcome, rounds};

use super::world::{Scope, State};

/// Every function is the rules' own unless a test plants another.
pub trait Law {
    fn due(&self, state: &State, scope: &Scope) -> Due {
        state.due(scope)
    }

    fn admits_reveal(&self, state: &State) -> Result<Admission, NotNow> {
        state.phase.admits_reveal(&state.votes, state.now.height)
    }

    fn can_decide(&self, outcome: &Outcome, round: u8, carried: bool) -> bool {
        outcome.can_decide(round, carried)
    }

    fn reveal(&self, votes: Votes, line: u8, count: u8, may_decide: bool) -> Votes {
        votes.reveal(line, count, may_decide).unwrap()
    }

    fn decides(&self, state: &State) -> bool {
        state.votes.decide(&state.phase)
    }

    fn decide(&self, phase: Phase, votes: &Votes) -> Phase {
        phase.decide(votes)
    }

    fn enough(&self, members: u8, size: u8) -> bool {
        rounds::enough_members(members.into(), size.into())
    }

    fn draw_left(&self, round: &Round, scope: &Scope) -> bool {
        round.draw_left(&scope.terms())
    }

    fn over(&self, round: Round, status: Status, decided: Option<u8>) -> Round {
        round.over(status, decided)
    }

    fn undecided(&self, phase: Phase) -> Phase {
        phase.undecided()
    }

    fn after_undecided(&self, phase: &Phase, scope: &Scope) -> After {
        phase.after_undecided(scope.rounds())
    }

    fn settle(&self, case: &Case<'_>) -> Settlement {
        settle(case).unwrap()
    }
}

/// The rules as they are.
pub struct Rules;

impl Law for Rules {}
