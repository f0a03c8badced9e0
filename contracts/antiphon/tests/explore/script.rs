//! A course of a task as it can be enacted on a chain: what is due at once after an `advance` comes
//! with it.

use antiphon_rules::life::{Due, Phase};

use super::law::{Law, Rules};
use super::world::{Act, Next, Past, Scope, State};

/// One act, and what the task is afterwards.
#[derive(Clone, Debug)]
pub struct Step {
    pub act: Act,
    pub after: After,
    /// Kinds of the transitions that it made.
    pub kinds: Vec<String>,
}

/// A task after an act.
#[derive(Clone, Debug)]
pub enum After {
    Open(State),
    Ended(Phase),
}

/// A whole course, from post to end.
#[derive(Clone, Debug)]
pub struct Script {
    pub steps: Vec<Step>,
    /// What every round came to.
    pub pasts: Vec<Past>,
}

/// Most acts of a course.
const MAX_ACTS: usize = 200;

/// Enacts what is wished as far as it can be, and then lets time and `advance` end the task.
pub fn enact(wishes: &[Act], scope: &Scope) -> Script {
    let mut play = Play {
        scope,
        script: Script {
            steps: Vec::new(),
            pasts: Vec::new(),
        },
    };
    let mut state = Some(scope.posted());
    let mut wishes = wishes.iter().copied().peekable();
    while let Some(now) = state {
        let wish = wishes.next();
        let wish = wish.filter(|act| now.acts(&Rules, scope).contains(act));
        if wish.is_none() {
            wishes = [].iter().copied().peekable();
        }
        let act = wish.unwrap_or_else(|| play.by_time(&now));
        let before = play.script.steps.len();
        state = play.step(now, act);
        // What the contract did at once is not to be done again.
        for _ in 1..play.script.steps[before].kinds.len() {
            wishes.next_if(|act| matches!(act, Act::Advance { .. }));
        }
        assert!(play.script.steps.len() < MAX_ACTS, "a course without end");
    }
    play.script
}

struct Play<'a> {
    scope: &'a Scope,
    script: Script,
}

impl Play<'_> {
    fn by_time(&self, state: &State) -> Act {
        match Rules.due(state, self.scope) {
            Due::Wait => Act::Wait,
            Due::Draw(_) => Act::Advance {
                found: state.vacancies(),
            },
            _ => Act::Advance { found: 0 },
        }
    }

    fn step(&mut self, state: State, act: Act) -> Option<State> {
        let mut kinds = Vec::new();
        let mut next = self.one(state, act, &mut kinds);
        if matches!(act, Act::Advance { .. }) {
            while let Ok(state) = &next {
                if Rules.due(state, self.scope) == Due::Wait {
                    break;
                }
                next = self.one(state.clone(), Act::Advance { found: 0 }, &mut kinds);
            }
        }
        let after = match &next {
            Ok(state) => After::Open(state.clone()),
            Err(phase) => After::Ended(*phase),
        };
        self.script.steps.push(Step { act, after, kinds });
        next.ok()
    }

    /// One transition of the rules.
    fn one(&mut self, state: State, act: Act, kinds: &mut Vec<String>) -> Result<State, Phase> {
        let next = state.after(&Rules, self.scope, act);
        kinds.push(kind(&state, act, &next, self.scope));
        let next = match next {
            Next::On(next) => next,
            Next::Opens(next, past) => {
                self.script.pasts.push(past);
                next
            }
            Next::Ends(phase, past) => {
                self.script.pasts.push(past);
                return Err(phase);
            }
        };
        Ok(next)
    }
}

/// The kind of a transition.
pub fn kind(state: &State, act: Act, next: &Next, scope: &Scope) -> String {
    let due = format!("{:?}", Rules.due(state, scope));
    let due = due.split(['(', ' ']).next().unwrap_or_default();
    let act = match act {
        Act::Publish if state.is_over(scope) => "late beacon".to_owned(),
        Act::Advance { found } if due == "Draw" => match state.vacancies() - found {
            0 => "draw of all".to_owned(),
            _ => "draw of some".to_owned(),
        },
        Act::Advance { .. } => format!("advance: {due}"),
        Act::Commit(_) => "commit".to_owned(),
        Act::Reveal(_, said) => format!("reveal {said:?}"),
        other => format!("{other:?}"),
    };
    let (phase, over) = (&state.phase, state.is_over(scope));
    let to = match next {
        Next::On(next) => format!(
            "{:?}{}, draws {}",
            next.phase.status,
            mark(next.phase.contested),
            next.round.draws
        ),
        Next::Opens(next, _) => format!("round opened by {:?}", next.opened_by),
        Next::Ends(phase, _) => format!("end{}", mark(phase.contested)),
    };
    format!(
        "round {} by {:?}, {:?}{}, over {over}: {act} -> {to}",
        phase.round,
        state.opened_by,
        phase.status,
        mark(phase.contested)
    )
}

const fn mark(contested: bool) -> &'static str {
    if contested { " contested" } else { "" }
}

/// The kind of an ending: what each round was opened by and decided for, and who did what.
pub fn ending(pasts: &[Past]) -> String {
    let rounds: Vec<_> = pasts
        .iter()
        .map(|past| {
            let mut did: Vec<_> = past.members.iter().map(|it| format!("{it:?}")).collect();
            did.sort_unstable();
            did.dedup();
            let did = if pasts.len() == 1 { did } else { Vec::new() };
            format!(
                "{:?} {:?} {} {did:?}",
                past.opened_by, past.decided, past.revealing
            )
        })
        .collect();
    rounds.join("; ")
}
