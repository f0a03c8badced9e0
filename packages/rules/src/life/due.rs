//! The due transition: one predicate for `advance`, `publish_beacon` and the query's `due`.

use super::{Phase, Randomness, Round, Status, Terms, Votes};
use crate::rounds::enough_members;
use crate::windows::Moment;

/// The transition that anybody may bring about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Nothing yet.
    Wait,
    /// Draw the vacancies with this randomness.
    Draw(Randomness),
    /// Commits are over with a quorum of them: reveal.
    Reveal,
    /// Commits are over without a quorum of them: draw the vacancies again.
    Redraw,
    /// Reveals are over with a quorum.
    Answer,
    /// The round is over without one.
    Undecided,
    /// The standing outcome can no longer change.
    Finish,
}

/// What is on record about a task. Each is asked for only where it matters, as reading costs gas.
pub trait Facts {
    /// Why a record could not be read.
    type Error;

    /// The votes of the current round.
    ///
    /// # Errors
    /// The record could not be read; so below.
    fn votes(&self) -> Result<Votes, Self::Error>;

    /// The current round.
    ///
    /// # Errors
    /// See [`Facts::votes`].
    fn round(&self) -> Result<Round, Self::Error>;

    /// What the task is bound to.
    ///
    /// # Errors
    /// See [`Facts::votes`].
    fn terms(&self) -> Result<Terms, Self::Error>;

    /// The randomness of a beacon round, if it is on chain.
    ///
    /// # Errors
    /// See [`Facts::votes`].
    fn randomness(&self, beacon_round: u64) -> Result<Option<Randomness>, Self::Error>;

    /// Whether no lower id waits for the same beacon round.
    fn is_first(&self, beacon_round: u64) -> bool;
}

/// The transition that is due at `now`.
///
/// # Errors
/// A record could not be read.
pub fn due<F: Facts>(
    phase: &Phase,
    rounds_possible: u8,
    facts: &F,
    now: Moment,
) -> Result<Due, F::Error> {
    let over = phase.is_over(now.height);
    Ok(match phase.status {
        Status::Drawing => drawing(phase, facts, now)?,
        Status::Committing if over => committed(phase, facts)?,
        Status::Revealing => revealed(phase, &facts.votes()?, over),
        Status::Answered if over || phase.next_round(rounds_possible).is_none() => Due::Finish,
        Status::Committing | Status::Answered => Due::Wait,
    })
}

/// Randomness on chain before the draw window was over draws, however late; otherwise there is no
/// way on but undecided.
fn drawing<F: Facts>(phase: &Phase, facts: &F, now: Moment) -> Result<Due, F::Error> {
    let round = facts.round()?;
    if round.waits_for == 0 {
        return Ok(Due::Undecided);
    }
    let window = facts.terms()?.draw_window.of_round(phase.round);
    Ok(match facts.randomness(round.waits_for)? {
        Some(randomness) if window.is_over(randomness.published, round.opened) => Due::Undecided,
        Some(randomness) if facts.is_first(round.waits_for) => Due::Draw(randomness),
        None if window.is_over(now, round.opened) => Due::Undecided,
        _ => Due::Wait,
    })
}

fn committed<F: Facts>(phase: &Phase, facts: &F) -> Result<Due, F::Error> {
    if enough_members(facts.votes()?.committed.into(), phase.size.into()) {
        return Ok(Due::Reveal);
    }
    Ok(match facts.round()?.draw_left(&facts.terms()?) {
        true => Due::Redraw,
        false => Due::Undecided,
    })
}

fn revealed(phase: &Phase, votes: &Votes, over: bool) -> Due {
    if !over && !votes.all_revealed() {
        return Due::Wait;
    }
    match votes.decide(phase) {
        true => Due::Answer,
        false => Due::Undecided,
    }
}
