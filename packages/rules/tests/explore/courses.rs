//! Whole courses: every end of a task with every history that leads to it.

use super::check;
use super::law::Law;
use super::search::{Found, walk};
use super::world::Scope;

/// Explores everything within a scope, and checks it; returns also how many courses differ in what
/// they came to.
pub fn explore(law: &dyn Law, scope: &Scope) -> (Found, usize) {
    let mut found = walk(law, scope);
    let mut courses = 0;
    let rounds = std::mem::take(&mut found.rounds);
    for round in &rounds {
        for (phase, past, _, _) in &round.ends {
            for history in &round.histories {
                courses += 1;
                let pasts: Vec<_> = history.pasts.iter().chain([past]).cloned().collect();
                check::ending(law, scope, phase, &pasts, &mut found);
            }
        }
    }
    (found, courses)
}
