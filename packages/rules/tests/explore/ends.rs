//! The end of a task: the table of section 5 and the formulas of section 6, told anew.

use antiphon_documents::Ballot;
use antiphon_rules::settle::{Case, MemberResult, OpenedBy, RoundRecord, Settlement};
use antiphon_rules::{Act, Conduct, Names, Price};

use super::check::{Violation, standing};
use super::law::Law;
use super::search::Found;
use super::world::{Member, Opener, Past, Said, Scope};

/// The worked example's figures: F = 100, f = 60, g = 20, L = 3,000.
pub const PRICE: Price = Price {
    base: 10,
    per_prompt_byte: 1,
    per_output_token: 1,
};
const FULL: u128 = 100;
const FEE: u128 = 60;
const BASE_FEE: u128 = 20;
pub const LOCK: u128 = 3_000;

/// Settles the rounds of a task by a law.
pub fn settlement(law: &dyn Law, scope: &Scope, pasts: &[Past], meter_takes: bool) -> Settlement {
    let stands = standing(pasts);
    let ballot = stands.map(|(round, said)| (number(round), said.ballot(number(round))));
    let standing = ballot.as_ref().map(|(round, ballot)| (*round, ballot));
    let decided: Vec<_> = (0..)
        .zip(pasts)
        .map(|(round, past)| past.decided.map(|said| said.ballot(round)))
        .collect();
    let names: Vec<_> = (0..)
        .zip(&decided)
        .map(|(round, decided)| Names::new(round, standing, decided.as_ref()))
        .collect();
    let acts: Vec<Vec<Act>> = (0..)
        .zip(pasts)
        .zip(&names)
        .map(|((round, past), names)| {
            let members = past.members.iter();
            members.map(|it| act(*it, past, round, names)).collect()
        })
        .collect();
    let records: Vec<_> = pasts
        .iter()
        .zip(&acts)
        .zip(decided.iter().zip(&names))
        .map(|((past, acts), (decided, names))| RoundRecord {
            opened_by: match past.opened_by {
                Opener::Post => OpenedBy::Post,
                Opener::Undecided => OpenedBy::Undecided,
                Opener::Appeal => OpenedBy::Appeal { bond: bond(past) },
            },
            size: past.size.into(),
            acts,
            decided: decided.as_ref().map(|ballot| names.of(ballot)),
        })
        .collect();
    let tokens = stands.is_some_and(|(_, said)| matches!(said.ballot(0), Ballot::Answer { .. }));
    law.settle(&Case {
        price: PRICE,
        prompt_bytes: 10,
        output_tokens: if tokens { 40 } else { 0 },
        escrow: escrow(pasts),
        lock: LOCK,
        carried: scope.carried,
        meter_takes,
        rounds: &records,
    })
}

fn number(round: usize) -> u8 {
    u8::try_from(round).unwrap()
}

fn act(member: Member, past: &Past, round: u8, names: &Names<'_>) -> Act {
    let said = match member {
        Member::Revealed(said) => Some(names.of(&said.ballot(round))),
        _ => None,
    };
    Act::of(member != Member::Drawn, said, past.revealing)
}

fn escrow(pasts: &[Past]) -> u128 {
    FULL * u128::from(pasts[0].size)
}

fn bond(past: &Past) -> u128 {
    FULL * u128::from(past.size) + LOCK
}

/// Checks a settlement against the table and the formulas.
pub fn settled(law: &dyn Law, scope: &Scope, pasts: &[Past], takes: bool, found: &mut Found) {
    let settlement = settlement(law, scope, pasts, takes);
    let told = Told::of(pasts);
    let mut results = settlement.members.iter();
    let (mut conduct, mut forfeits, mut misses) = (true, true, true);
    for (round, past) in pasts.iter().enumerate() {
        for member in &past.members {
            let result = results.next().unwrap();
            let want = told.conduct(*member, round, past);
            conduct &= result.conduct == want;
            misses &= result.miss == told.miss(want, scope);
            let loses = takes && matches!(want, Conduct::Wrong | Conduct::Withheld);
            forfeits &= result.forfeited == if loses { LOCK } else { 0 };
        }
    }
    let all = conduct && results.next().is_none();
    let example = || format!("meter takes: {takes}, {pasts:?}: {settlement:?}");
    found.expect(all, Violation::Conduct, example);
    found.expect(misses, Violation::Conduct, example);
    found.expect(forfeits, Violation::Forfeits, example);
    let balanced = balanced(&settlement, pasts);
    found.expect(balanced, Violation::Money, example);
    let paid = told.paid(&settlement);
    found.expect(paid, Violation::Money, example);
    // Without a quorum of the whole round nobody but a withholder loses a lock.
    let innocent = |it: &MemberResult| it.forfeited == 0 || it.conduct == Conduct::Withheld;
    let spared = !told.blames_nobody() || settlement.members.iter().all(innocent);
    found.expect(spared, Violation::Forfeits, example);
}

/// Escrow, bonds and forfeits go somewhere, whole.
fn balanced(settlement: &Settlement, pasts: &[Past]) -> bool {
    let appeals = pasts.iter().filter(|it| it.opened_by == Opener::Appeal);
    let came = escrow(pasts) + appeals.map(bond).sum::<u128>();
    let taken: u128 = settlement.members.iter().map(|it| it.forfeited).sum();
    let paid: u128 = settlement.members.iter().map(|it| it.paid).sum();
    let failed = settlement.appeals.is_empty();
    let bonds = settlement.appeals.iter().map(|it| it.returned + it.reward);
    let went = paid + settlement.refund + bonds.sum::<u128>() + settlement.burned;
    taken == settlement.forfeits
        && paid == settlement.paid
        && settlement.refund <= escrow(pasts)
        && (!failed || pasts.iter().all(|it| it.opened_by != Opener::Appeal))
        && came + taken == went
}

/// What the protocol's text says of a course.
struct Told<'a> {
    pasts: &'a [Past],
    stands: Option<(usize, Said)>,
    contested: bool,
}

impl<'a> Told<'a> {
    fn of(pasts: &'a [Past]) -> Self {
        let stands = standing(pasts);
        Self {
            pasts,
            stands,
            contested: stands.is_some_and(|(round, _)| round + 1 < pasts.len()),
        }
    }

    /// No quorum stands against anybody: failed, contested, or nothing to be wrong about.
    fn blames_nobody(&self) -> bool {
        match self.stands {
            None | Some((_, Said::Unavailable)) => true,
            Some(_) => self.contested,
        }
    }

    /// Whether a ballot of a round is the one that stands, or was in its own round.
    fn wins(&self, said: Said, round: usize) -> bool {
        let Some((standing, stands)) = self.stands else {
            return false;
        };
        if round >= standing {
            return round == standing && said == stands;
        }
        if said.ballot(number(round)) == stands.ballot(number(standing)) {
            return true;
        }
        match self.pasts[round].decided {
            Some(decided) if decided.is_same_answer(stands) => said == decided,
            _ => said.is_same_answer(stands),
        }
    }

    fn conduct(&self, member: Member, round: usize, past: &Past) -> Conduct {
        let said = match member {
            Member::Drawn => return Conduct::Silent,
            Member::Committed if past.revealing => return Conduct::Withheld,
            Member::Committed => return Conduct::Neutral,
            Member::Revealed(said) => said,
        };
        match (self.stands, said) {
            _ if self.wins(said, round) => Conduct::Right,
            (_, Said::Unavailable) => Conduct::Unavailable,
            (None, _) => Conduct::Revealer,
            _ if self.blames_nobody() => Conduct::Neutral,
            _ => Conduct::Wrong,
        }
    }

    /// Silence; `unavailable` against what stands uncontested, or of a carried prompt.
    fn miss(&self, conduct: Conduct, scope: &Scope) -> bool {
        let stands = self.stands.is_some() && !self.contested;
        match conduct {
            Conduct::Silent => true,
            Conduct::Unavailable => scope.carried || stands,
            _ => false,
        }
    }

    /// Bonds of appeals against what stands in the end.
    fn lost_bonds(&self) -> u128 {
        let Some((standing, stands)) = self.stands else {
            return 0;
        };
        let appealed = |round: usize| {
            let mut before = self.pasts[..round].iter().rev();
            before.find_map(|past| past.decided)
        };
        let lost = |(round, past): &(usize, &Past)| {
            past.opened_by == Opener::Appeal
                && *round <= standing
                && appealed(*round).is_some_and(|said| said.is_same_answer(stands))
        };
        let appeals = self.pasts.iter().enumerate().filter(lost);
        appeals.map(|(_, past)| bond(past)).sum()
    }

    /// Right members get min(f, ⌊pot/R⌋), revealers of a failed task min(g, ⌊escrow/revealers⌋),
    /// workers of an undecided appeal g of its bond, and nobody else anything.
    fn paid(&self, settlement: &Settlement) -> bool {
        let count = |conduct| {
            let members = settlement.members.iter();
            members.filter(|it| it.conduct == conduct).count() as u128
        };
        let pot = escrow(self.pasts) + self.lost_bonds() + settlement.forfeits / 2;
        let fee = match self.stands {
            Some((_, Said::Right | Said::Untraced | Said::Other)) => FEE,
            _ => BASE_FEE,
        };
        let right = (pot / count(Conduct::Right).max(1)).min(fee);
        let revealer = escrow(self.pasts) / count(Conduct::Revealer).max(1);
        let standing = self.stands.map_or(usize::MAX, |(round, _)| round);
        settlement.members.iter().all(|member| {
            let worked = usize::from(member.round) > standing && self.worked(member);
            member.paid
                == match member.conduct {
                    Conduct::Right => right,
                    Conduct::Revealer => revealer.min(BASE_FEE),
                    Conduct::Neutral if worked => BASE_FEE,
                    _ => 0,
                }
        })
    }

    fn worked(&self, member: &MemberResult) -> bool {
        let past = &self.pasts[usize::from(member.round)];
        matches!(
            past.members[usize::try_from(member.position).unwrap()],
            Member::Revealed(_)
        )
    }
}
