//! What becomes of a task by each act: the contract's part, without accounts and money.

use antiphon_rules::Outcome;
use antiphon_rules::life::{Admission, After, Due};

use super::law::Law;
use super::world::{Act, Member, Next, Opener, Past, Said, Scope, State};

impl State {
    /// What becomes of the task by an act that may happen.
    pub fn after(&self, law: &dyn Law, scope: &Scope, act: Act) -> Next {
        let mut next = self.clone();
        match act {
            Act::Publish => next.published = Some(self.now),
            Act::Wait => next.wait(scope),
            Act::Advance { found } => return self.advance(law, scope, found),
            Act::Commit(index) => next.commit(scope, index),
            Act::Reveal(index, said) => next.reveal(law, scope, index, said),
            Act::Appeal => {
                let round = self.next_round(scope).unwrap();
                let next = Self::open(scope, round, Opener::Appeal, Some(self));
                return Next::Opens(next, Past::of(self));
            }
        }
        Next::On(next.rebase())
    }

    fn commit(&mut self, scope: &Scope, index: u8) {
        self.places[usize::from(index)] = Some(Member::Committed);
        self.votes = self.votes.commit().unwrap();
        if self.votes.all_committed(&self.phase) {
            self.phase = self.phase.reveal(self.now.height, &scope.terms());
        }
    }

    fn reveal(&mut self, law: &dyn Law, scope: &Scope, index: u8, said: Said) {
        if law.admits_reveal(self) == Ok(Admission::Moves) {
            self.phase = self.phase.reveal(self.now.height, &scope.terms());
        }
        self.places[usize::from(index)] = Some(Member::Revealed(said));
        let line = self.tally.iter().position(|(line, _)| *line == said);
        let line = line.unwrap_or(self.tally.len());
        if line == self.tally.len() {
            self.tally.push((said, 0));
        }
        self.tally[line].1 += 1;
        let outcome = Outcome::of(&said.ballot(self.phase.round));
        let may_decide = law.can_decide(&outcome, self.phase.round, scope.carried);
        let votes = self.tally[line].1;
        self.votes = law.reveal(self.votes, u8::try_from(line).unwrap(), votes, may_decide);
        if self.votes.all_revealed() && law.decides(self) {
            self.decide(law, scope);
        }
    }

    fn decide(&mut self, law: &dyn Law, scope: &Scope) {
        let line = self.votes.best_line;
        self.round = law.over(self.round, self.phase.status, Some(line));
        self.phase = law.decide(self.phase, &self.votes);
        self.phase = self.phase.answer(self.now.height, &scope.terms());
        self.stands = Some(self.tally[usize::from(line)].0);
    }

    fn advance(&self, law: &dyn Law, scope: &Scope, found: u8) -> Next {
        let (mut next, height) = (self.clone(), self.now.height);
        match law.due(self, scope) {
            Due::Wait => {}
            Due::Draw(_) => next.draw(law, scope, found),
            Due::Reveal => next.phase = self.phase.reveal(height, &scope.terms()),
            Due::Redraw => next.redraw(),
            Due::Answer => next.decide(law, scope),
            Due::Undecided => return next.undecided(law, scope),
            Due::Finish => return Next::Ends(self.phase, Past::of(self)),
        }
        Next::On(next.rebase())
    }

    fn draw(&mut self, law: &dyn Law, scope: &Scope, found: u8) {
        self.round = self.round.drawn();
        self.published = None;
        let members = self.count() + found;
        if law.enough(members, self.phase.size) {
            let vacant = self.places.iter_mut().filter(|place| place.is_none());
            for place in vacant.take(found.into()) {
                *place = Some(Member::Drawn);
            }
            self.phase = self.phase.commit(members, self.now.height, &scope.terms());
        } else if law.draw_left(&self.round, scope) {
            self.round = self.round.wait(self.now, 1);
        }
    }

    fn redraw(&mut self) {
        for place in &mut self.places {
            if *place == Some(Member::Drawn) {
                *place = None;
                self.replaced += 1;
            }
        }
        self.round = self.round.wait(self.now, 1);
        self.phase = self.phase.redraw(self.count(), self.now.height);
    }

    fn undecided(mut self, law: &dyn Law, scope: &Scope) -> Next {
        self.round = law.over(self.round, self.phase.status, None);
        self.phase = law.undecided(self.phase);
        match law.after_undecided(&self.phase, scope) {
            After::Again => {
                self.phase = self.phase.answer(self.now.height, &scope.terms());
                Next::On(self.rebase())
            }
            After::Round(round) => {
                let next = Self::open(scope, round, Opener::Undecided, Some(&self));
                Next::Opens(next, Past::of(&self))
            }
            After::End => Next::Ends(self.phase, Past::of(&self)),
        }
    }
}
