//! The end of a task: conduct and money of all its rounds (protocol, sections 3.1 and 6).

use antiphon_api::{Ballot, ConductInfo};

use super::fees::fee;
use super::{Coins, Did, Ledger, Member, Moved, Round, Stage, Task, coins_of};

/// How a task ends, as far as judging a member needs to know.
struct Ending<'a> {
    /// The ballot that stands, and the round that decided it.
    outcome: Option<(&'a Ballot, usize)>,
    contested: bool,
    carried: bool,
}

/// The same but for the trace, which is bound to one round.
fn same(one: &Ballot, other: &Ballot) -> bool {
    let without = |ballot: &Ballot| match ballot {
        Ballot::Answer {
            cid,
            finish,
            output_tokens,
            prompt_tokens,
            ..
        } => Some((*cid, *finish, *output_tokens, *prompt_tokens)),
        _ => None,
    };
    match (one, other) {
        (Ballot::Answer { .. }, Ballot::Answer { .. }) => without(one) == without(other),
        _ => one == other,
    }
}

/// Whether a ballot of a round is the one that stands. Another round's trace differs; where that round
/// decided for the same answer itself, only the very ballot that decided it is meant.
fn is_standing(said: &Ballot, number: usize, round: &Round, outcome: &Ballot, by: usize) -> bool {
    if number >= by {
        return said == outcome;
    }
    let decided = round.decided.as_ref().filter(|it| same(it, outcome));
    same(said, outcome) && decided.is_none_or(|decided| decided == said)
}

/// The table of section 3.1.
fn judge(member: &Member, number: usize, round: &Round, ending: &Ending<'_>) -> ConductInfo {
    let said = match &member.did {
        Did::Nothing => return ConductInfo::Silent,
        Did::Committed(_) if round.came_to_reveal => return ConductInfo::Withheld,
        Did::Committed(_) => return ConductInfo::Neutral,
        Did::Revealed(_, said) => said,
    };
    let unavailable = *said == Ballot::Unavailable {};
    let Some((outcome, by)) = ending.outcome else {
        return match unavailable {
            true => ConductInfo::Unavailable,
            false => ConductInfo::Revealer,
        };
    };
    let standing = is_standing(said, number, round, outcome, by);
    let later = ending.contested && number > by;
    match (standing && !later, unavailable) {
        (true, _) => ConductInfo::Right,
        (false, true) => ConductInfo::Unavailable,
        _ if ending.contested || *outcome == (Ballot::Unavailable {}) => ConductInfo::Neutral,
        _ => ConductInfo::Wrong,
    }
}

fn is_miss(conduct: ConductInfo, ending: &Ending<'_>) -> bool {
    match conduct {
        ConductInfo::Silent => true,
        ConductInfo::Unavailable => ending.carried || ending.outcome.is_some() && !ending.contested,
        _ => false,
    }
}

/// One membership and how it was judged.
struct Judged {
    round: usize,
    place: usize,
    worker: String,
    conduct: ConductInfo,
    misses: bool,
}

fn judge_all(task: &Task) -> Vec<Judged> {
    let ending = Ending {
        outcome: task.outcome().zip(task.standing),
        contested: task.contested,
        carried: task.carried,
    };
    let mut all = Vec::new();
    for (number, round) in task.rounds.iter().enumerate() {
        for (place, member) in round.places.iter().enumerate() {
            if let Some(member) = member {
                let conduct = judge(member, number, round, &ending);
                all.push(Judged {
                    round: number,
                    place,
                    worker: member.worker.clone(),
                    conduct,
                    misses: is_miss(conduct, &ending),
                });
            }
        }
    }
    all
}

/// Who revealed an answer or `invalid`.
fn worked(round: &Round) -> Vec<usize> {
    let works = |member: &Member| matches!(&member.did, Did::Revealed(_, said) if *said != Ballot::Unavailable {});
    let places = round.places.iter().enumerate();
    places
        .filter(|(_, place)| place.as_ref().is_some_and(works))
        .map(|(place, _)| place)
        .collect()
}

/// What an appeal gets: of its bond, and above it.
struct Appeal {
    by: String,
    bond: Coins,
    won: bool,
    back: Coins,
}

impl Ledger {
    pub(super) fn settle(&mut self, id: u64) {
        let height = self.now.height;
        let task = self.task(id).cloned().unwrap();
        let judged = judge_all(&task);
        let convicted =
            |it: &&Judged| matches!(it.conduct, ConductInfo::Wrong | ConductInfo::Withheld);
        let due = task.lock * judged.iter().filter(convicted).count() as Coins;
        let taken = due > 0 && self.meter_takes(due);
        let forfeits = if taken { due } else { 0 };
        self.note(&task, &judged, due > 0 && !taken);
        for it in judged.iter().filter(convicted).filter(|_| taken) {
            assert_eq!(
                self.take(&it.worker, task.lock),
                task.lock,
                "a lock without coins"
            );
            let place = &mut self.task_mut(id).rounds[it.round].places[it.place];
            place.as_mut().unwrap().forfeited = task.lock;
        }
        let mut charged = 0;
        let base = coins_of(self.models[task.model as usize - 1].price.base.u128());
        for it in &judged {
            let place = &mut self.task_mut(id).rounds[it.round].places[it.place];
            place.as_mut().unwrap().conduct = Some(it.conduct);
            if it.conduct == ConductInfo::Right {
                self.judged_right(&it.worker);
            }
            if it.misses {
                charged += self.miss(&it.worker, base);
            }
            // Every membership ends here: its lock is free, which the checks look at.
            self.touched.insert(it.worker.clone());
        }
        let moved = match task.standing {
            None => self.pay_failed(&task, forfeits),
            Some(_) => self.pay_final(&task, &judged, forfeits),
        };
        let kept = self.task_mut(id);
        kept.moved = Moved {
            miss_charges: charged,
            withheld: due > 0 && !taken,
            ..moved
        };
        kept.stage = match task.standing {
            Some(_) => Stage::Final,
            None => Stage::Failed,
        };
        kept.entered = height;
        self.close(id);
    }

    /// Whether the slash meter takes what a task forfeits; it then rises by that.
    fn meter_takes(&mut self, due: Coins) -> bool {
        let rule = self.rule();
        let cap = self.slashable() * Coins::from(rule.meter_permille) / 1_000;
        let blocks = Coins::from(self.now.height - self.meter.1);
        let leaked = cap * blocks / Coins::from(rule.meter_blocks);
        let level = (self.meter.0 - leaked).max(0);
        if level < cap {
            self.meter = (level + due, self.now.height);
        }
        level < cap
    }

    fn pay_member(&mut self, id: u64, round: usize, place: usize, amount: Coins) {
        let place = &mut self.task_mut(id).rounds[round].places[place];
        let member = place.as_mut().unwrap();
        member.paid += amount;
        let worker = member.worker.clone();
        self.reward(&worker, amount);
    }

    /// At most g for everybody who worked; forfeits are burned whole.
    fn pay_failed(&mut self, task: &Task, forfeits: Coins) -> Moved {
        let places: Vec<_> = task.rounds.iter().map(worked).collect();
        let number = places.iter().map(Vec::len).sum::<usize>() as Coins;
        let g = fee(
            &self.models[task.model as usize - 1].price,
            task.prompt_bytes,
            0,
        );
        let each = if number == 0 {
            0
        } else {
            g.min(task.escrow / number)
        };
        for (round, places) in places.into_iter().enumerate() {
            for place in places {
                self.pay_member(task.id, round, place, each);
            }
        }
        let refunded = task.escrow - each * number;
        self.give_back(&task.requester, refunded);
        self.to_burn += forfeits;
        Moved {
            paid: each * number,
            refunded,
            forfeited: forfeits,
            burned: forfeits,
            ..Moved::default()
        }
    }

    fn pay_final(&mut self, task: &Task, judged: &[Judged], forfeits: Coins) -> Moved {
        let price = self.models[task.model as usize - 1].price.clone();
        let tokens = match task.outcome() {
            Some(Ballot::Answer { output_tokens, .. }) => *output_tokens,
            _ => 0,
        };
        let mut paid = 0;
        let appeals = self.judge_appeals(task, &mut paid);
        let bonds = task.rounds.iter().filter_map(|round| round.appeal.as_ref());
        let bonds: Coins = bonds.map(|(_, bond)| bond).sum();
        let lost: Coins = bonds - appeals.iter().map(|it| it.back).sum::<Coins>() - paid;
        let half = forfeits / self.forfeit_divisor;

        let right: Vec<_> = judged
            .iter()
            .filter(|it| it.conduct == ConductInfo::Right)
            .collect();
        let number = right.len() as Coins;
        let full = fee(&price, task.prompt_bytes, tokens);
        let each = match number {
            0 => 0,
            _ => full.min((task.escrow + lost + half) / number),
        };
        for it in &right {
            self.pay_member(task.id, it.round, it.place, each);
        }
        paid += each * number;
        let first = right.iter().filter(|it| it.round == 0).count() as Coins;
        // Round 0 from the escrow; the others from lost bonds, then forfeits, then the escrow.
        let mut owed = each * (number - first);
        let from_lost = owed.min(lost);
        owed -= from_lost;
        let from_half = owed.min(half);
        owed -= from_half;
        let refunded = task.escrow - each * first - owed;
        self.give_back(&task.requester, refunded);
        let (to_appellants, rewards) = self.pay_appeals(&appeals, half - from_half);
        let burned = (lost - from_lost) + (forfeits - from_half - rewards);
        self.to_burn += burned;
        Moved {
            paid,
            refunded,
            forfeited: forfeits,
            burned,
            appeal_bonds: bonds,
            to_appellants,
            ..Moved::default()
        }
    }

    /// Won, lost, or in vain: an undecided round after the standing one pays g out of its bond.
    fn judge_appeals(&mut self, task: &Task, paid: &mut Coins) -> Vec<Appeal> {
        let g = fee(
            &self.models[task.model as usize - 1].price,
            task.prompt_bytes,
            0,
        );
        let (by_round, outcome) = (task.standing.unwrap(), task.outcome().unwrap());
        let mut appeals = Vec::new();
        for (number, round) in task.rounds.iter().enumerate() {
            let Some((by, bond)) = round.appeal.clone() else {
                continue;
            };
            let earlier = task.rounds[..number].iter().rev();
            let appealed = earlier.filter_map(|round| round.decided.as_ref()).next();
            let won = number <= by_round && appealed.is_some_and(|it| !same(it, outcome));
            let mut back = if won { bond } else { 0 };
            if number > by_round {
                let places = worked(round);
                let cost = g * places.len() as Coins;
                back = bond - cost;
                *paid += cost;
                for place in places {
                    self.pay_member(task.id, number, place, g);
                }
                self.saw("appeal undecided");
            } else {
                self.saw(if won { "appeal won" } else { "appeal lost" });
            }
            appeals.push(Appeal {
                by,
                bond,
                won,
                back,
            });
        }
        appeals
    }

    /// Bonds back, and for each that won as much again while there is something left of the half.
    fn pay_appeals(&mut self, appeals: &[Appeal], mut left: Coins) -> (Coins, Coins) {
        let (mut all, mut rewards) = (0, 0);
        for appeal in appeals {
            let reward = if appeal.won { appeal.bond.min(left) } else { 0 };
            left -= reward;
            rewards += reward;
            all += appeal.back + reward;
            self.give_back(&appeal.by, appeal.back);
            self.reward(&appeal.by, reward);
        }
        (all, rewards)
    }

    fn note(&mut self, task: &Task, judged: &[Judged], withheld: bool) {
        let ending = match (task.outcome(), task.contested) {
            (None, _) => "ended failed",
            (Some(Ballot::Answer { .. }), false) => "ended with an answer",
            (Some(Ballot::Invalid {}), false) => "ended with invalid",
            (Some(Ballot::Unavailable {}), false) => "ended with unavailable",
            (Some(Ballot::Answer { .. }), true) => "contested answer",
            (Some(_), true) => "contested otherwise",
        };
        self.saw(ending);
        if withheld {
            self.saw("forfeits withheld");
        }
        for it in judged {
            self.saw(match it.conduct {
                ConductInfo::Right => "right",
                ConductInfo::Wrong => "wrong",
                ConductInfo::Neutral => "neutral",
                ConductInfo::Withheld => "withheld",
                ConductInfo::Silent => "silent",
                ConductInfo::Unavailable => "unavailable",
                ConductInfo::Revealer => "revealer",
            });
        }
    }
}
