//! The course of a task, recomputed from its ballots: what each member did, what each round decided, what
//! stands, how everyone is judged (protocol, sections 2 and 5).

use antiphon_api::ConductInfo;
use antiphon_documents::Ballot;
use antiphon_rules::conduct::{decide, judge};
use antiphon_rules::rounds::quorum;
use antiphon_rules::{Act, Conduct, Ending, Names, Outcome};

use crate::document::{Member, Round, Status};

/// A ballot that a quorum of a round revealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The ballot.
    pub ballot: Ballot,
    /// The round that decided for it: the last one that decided at all.
    pub round: u8,
    /// Equal ballots.
    pub votes: u32,
    /// Members the round should have.
    pub size: u32,
}

/// What follows from the ballots alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// What stands; none if no round was decided.
    pub standing: Option<Standing>,
    /// A round after the standing one was undecided.
    pub contested: bool,
    /// The judgement on every member, by round and place in the list.
    pub conduct: Vec<Vec<ConductInfo>>,
}

impl Course {
    /// Recomputes the course of a task. Rounds count by their place in the list.
    #[must_use]
    pub fn of(rounds: &[Round], carried: bool) -> Self {
        let numbered = || (0..=u8::MAX).zip(rounds);
        let decided: Vec<_> = numbered()
            .map(|(number, round)| decided(round, number, carried))
            .collect();
        let standing = decided.iter().flatten().last().cloned();
        let after = |standing: &Standing| usize::from(standing.round).saturating_add(1);
        let contested = standing.as_ref().is_some_and(|it| rounds.len() > after(it));
        let ending = ending(standing.as_ref(), contested);
        let conduct = numbered().zip(&decided).map(|((number, round), decided)| {
            let stands = standing.as_ref().map(|it| (it.round, &it.ballot));
            let names = Names::new(number, stands, decided.as_ref().map(|it| &it.ballot));
            let reveals = came_to_revealing(round);
            let act = |member| act(member, reveals, |ballot| names.of(ballot));
            let members = round.members.iter();
            members
                .map(|member| word(judge(act(member), number, &ending)))
                .collect()
        });
        Self {
            conduct: conduct.collect(),
            contested,
            standing,
        }
    }

    /// How the task must have ended.
    #[must_use]
    pub const fn status(&self) -> Status {
        match self.standing {
            Some(_) => Status::Final,
            None => Status::Failed,
        }
    }
}

/// A round comes to revealing once all its members have committed, or its window is over with a quorum of
/// commits; a committee has at least a quorum of members, so either way by that many commits.
fn came_to_revealing(round: &Round) -> bool {
    let committed = round.members.iter().filter(|it| it.commitment.is_some());
    u32::try_from(committed.count()).is_ok_and(|count| count >= quorum(round.size))
}

fn act(member: &Member, reveals: bool, name: impl FnOnce(&Ballot) -> Outcome) -> Act {
    let said = member.ballot.as_ref().map(name);
    Act::of(member.commitment.is_some(), said, reveals)
}

fn decided(round: &Round, number: u8, carried: bool) -> Option<Standing> {
    let reveals = came_to_revealing(round);
    let acts: Vec<_> = round
        .members
        .iter()
        .map(|member| act(member, reveals, Outcome::of))
        .collect();
    let outcome = decide(&acts, round.size, number, carried)?;
    let mut equal = round
        .members
        .iter()
        .filter_map(|member| member.ballot.as_ref())
        .filter(|ballot| Outcome::of(ballot) == outcome);
    let ballot = equal.next()?.clone();
    Some(Standing {
        ballot,
        round: number,
        votes: u32::try_from(equal.count()).ok()?.checked_add(1)?,
        size: round.size,
    })
}

fn ending(standing: Option<&Standing>, contested: bool) -> Ending {
    standing.map_or(Ending::Failed, |standing| Ending::Final {
        outcome: Outcome::of(&standing.ballot),
        standing: standing.round,
        contested,
    })
}

/// The rules' judgement as the chain words it.
const fn word(conduct: Conduct) -> ConductInfo {
    match conduct {
        Conduct::Right => ConductInfo::Right,
        Conduct::Wrong => ConductInfo::Wrong,
        Conduct::Neutral => ConductInfo::Neutral,
        Conduct::Withheld => ConductInfo::Withheld,
        Conduct::Silent => ConductInfo::Silent,
        Conduct::Unavailable => ConductInfo::Unavailable,
        Conduct::Revealer => ConductInfo::Revealer,
    }
}
