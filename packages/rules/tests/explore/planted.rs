//! Wrong rules: the exploration must tell each of them.

use antiphon_rules::life::Admission;
use antiphon_rules::life::{Due, NotNow, Phase, Round, Status, Votes};
use antiphon_rules::settle::{Case, Settlement, settle};
use antiphon_rules::{Conduct, Outcome, rounds};

use super::law::Law;
use super::world::{Scope, State};

/// Quorums are of the members present, not of the whole round.
pub struct QuorumOfPresent;

impl QuorumOfPresent {
    fn reached(state: &State) -> bool {
        u32::from(state.votes.best) >= rounds::quorum(state.phase.members.into())
    }
}

impl Law for QuorumOfPresent {
    fn decides(&self, state: &State) -> bool {
        Self::reached(state)
    }

    fn due(&self, state: &State, scope: &Scope) -> Due {
        match state.due(scope) {
            Due::Undecided if state.phase.status == Status::Revealing && Self::reached(state) => {
                Due::Answer
            }
            due => due,
        }
    }
}

/// A quorum of those who revealed is enough.
pub struct QuorumOfRevealed;

impl Law for QuorumOfRevealed {
    fn due(&self, state: &State, scope: &Scope) -> Due {
        let votes = &state.votes;
        let enough = u32::from(votes.best) >= rounds::quorum(votes.revealed.into());
        let reached = votes.best > 0 && enough;
        match state.due(scope) {
            Due::Undecided if state.phase.status == Status::Revealing && reached => Due::Answer,
            due => due,
        }
    }
}

/// A later decided round leaves the outcome contested.
pub struct ContestStays;

impl Law for ContestStays {
    fn decide(&self, phase: Phase, votes: &Votes) -> Phase {
        Phase {
            contested: phase.contested,
            ..phase.decide(votes)
        }
    }
}

/// An undecided appeal leaves no mark.
pub struct NoContest;

impl Law for NoContest {
    fn undecided(&self, phase: Phase) -> Phase {
        phase
    }
}

/// Revealers of a failed task lose their locks, as if somebody had been right.
pub struct ForfeitsWithoutQuorum;

impl Law for ForfeitsWithoutQuorum {
    fn settle(&self, case: &Case<'_>) -> Settlement {
        let mut settlement = settle(case).unwrap();
        for member in &mut settlement.members {
            if case.meter_takes && member.conduct == Conduct::Revealer {
                member.forfeited = case.lock;
                settlement.forfeits += case.lock;
                settlement.burned += case.lock;
            }
        }
        settlement
    }
}

/// The first ballot revealed has the advantage.
pub struct FirstLineWins;

impl Law for FirstLineWins {
    fn reveal(&self, votes: Votes, line: u8, count: u8, may_decide: bool) -> Votes {
        votes.reveal(line, count, may_decide && line == 0).unwrap()
    }
}

/// A task waits for its randomness for ever.
pub struct PatientDraw;

impl Law for PatientDraw {
    fn due(&self, state: &State, scope: &Scope) -> Due {
        match state.due(scope) {
            Due::Undecided if state.phase.status == Status::Drawing => Due::Wait,
            due => due,
        }
    }
}

/// Draws never run out.
pub struct EndlessDraws;

impl Law for EndlessDraws {
    fn draw_left(&self, _: &Round, _: &Scope) -> bool {
        true
    }
}

/// A committee of any size goes to work.
pub struct AnyCommittee;

impl Law for AnyCommittee {
    fn enough(&self, members: u8, _: u8) -> bool {
        members > 0
    }
}

/// `unavailable` decides whenever it has a quorum.
pub struct UnavailableDecides;

impl Law for UnavailableDecides {
    fn can_decide(&self, _: &Outcome, _: u8, _: bool) -> bool {
        true
    }
}

/// Who committed is withheld, whether revealing came or not.
pub struct CommitsAreWithheld;

impl Law for CommitsAreWithheld {
    fn over(&self, round: Round, status: Status, decided: Option<u8>) -> Round {
        Round {
            revealing: true,
            ..round.over(status, decided)
        }
    }
}

/// A reveal moves the round without a quorum of commits.
pub struct EarlyReveals;

impl Law for EarlyReveals {
    fn admits_reveal(&self, state: &State) -> Result<Admission, NotNow> {
        let (phase, height) = (&state.phase, state.now.height);
        match phase.admits_reveal(&state.votes, height) {
            Err(NotNow::TooEarly) if phase.status == Status::Committing => Ok(Admission::Moves),
            admitted => admitted,
        }
    }
}

/// An undecided appeal takes away what stood.
pub struct UndecidedForgets;

impl Law for UndecidedForgets {
    fn undecided(&self, phase: Phase) -> Phase {
        Phase {
            standing: None,
            ..phase
        }
    }
}

/// Every right member is paid in full, out of what the requester should get back.
pub struct PaysInFull;

impl Law for PaysInFull {
    fn settle(&self, case: &Case<'_>) -> Settlement {
        let mut settlement = settle(case).unwrap();
        for member in &mut settlement.members {
            if member.conduct == Conduct::Right && member.paid < settlement.fee {
                let more = settlement.fee - member.paid;
                member.paid += more;
                settlement.paid += more;
                settlement.burned = settlement.burned.saturating_sub(more);
            }
        }
        settlement
    }
}

/// A full meter takes locks all the same.
pub struct NoMeter;

impl Law for NoMeter {
    fn settle(&self, case: &Case<'_>) -> Settlement {
        settle(&Case {
            meter_takes: true,
            ..*case
        })
        .unwrap()
    }
}
