//! When votes and appeals are taken, to the block; what each transition writes.

use crate::life::{
    Admission, After, Due, Facts, NotNow, Phase, Randomness, Round, Standing, Status, Terms, Votes,
    due,
};
use crate::windows::{DrawWindow, Moment};
use crate::{Act, Names, Outcome};
use antiphon_content::{Cid, Hex};
use antiphon_documents::{Ballot, Finish};

const TERMS: Terms = Terms {
    max_draws: 2,
    draw_window: DrawWindow {
        blocks: 60,
        seconds: 30,
    },
    commit_window: 65,
    reveal_window: 40,
    appeal_window: 100,
};

const fn at(height: u64, seconds: u64) -> Moment {
    Moment {
        height,
        nanos: seconds * 1_000_000_000,
    }
}

fn posted() -> Phase {
    Phase::open(0, 5, 1_000, None)
}

const fn votes(committed: u8, revealed: u8, best: u8) -> Votes {
    Votes {
        committed,
        revealed,
        lines: 2,
        best,
        best_line: 1,
    }
}

/// Facts as they are told.
struct Told {
    votes: Votes,
    round: Round,
    published: Option<Moment>,
    first: bool,
}

impl Default for Told {
    fn default() -> Self {
        Self {
            votes: Votes::default(),
            round: Round::open(at(1_000, 500), 7),
            published: None,
            first: true,
        }
    }
}

impl Facts for Told {
    type Error = std::convert::Infallible;

    fn votes(&self) -> Result<Votes, Self::Error> {
        Ok(self.votes)
    }

    fn round(&self) -> Result<Round, Self::Error> {
        Ok(self.round)
    }

    fn terms(&self) -> Result<Terms, Self::Error> {
        Ok(TERMS)
    }

    fn randomness(&self, beacon_round: u64) -> Result<Option<Randomness>, Self::Error> {
        assert_eq!(beacon_round, 7);
        let value = [9; 32];
        Ok(self
            .published
            .map(|published| Randomness { value, published }))
    }

    fn is_first(&self, beacon_round: u64) -> bool {
        assert_eq!(beacon_round, 7);
        self.first
    }
}

fn due_at(phase: &Phase, told: &Told, now: Moment) -> Due {
    let Ok(due) = due(phase, 3, told, now);
    due
}

#[test]
fn commits_are_taken_to_the_last_block_of_their_window() {
    let drawing = posted();
    assert_eq!(drawing.admits_commit(1_000), Err(NotNow::TooEarly));
    let phase = drawing.commit(4, 1_010, &TERMS);
    assert_eq!(
        (phase.members, phase.entered, phase.deadline),
        (4, 1_010, 1_075)
    );
    assert_eq!(phase.admits_commit(1_075), Ok(()));
    assert_eq!(phase.admits_commit(1_076), Err(NotNow::TooLate));
    let revealing = phase.reveal(1_020, &TERMS);
    assert_eq!((revealing.entered, revealing.deadline), (1_020, 1_060));
    assert_eq!(revealing.admits_commit(1_020), Err(NotNow::TooLate));
}

#[test]
fn a_reveal_moves_the_round_once_commits_are_over_with_a_quorum() {
    let phase = posted().commit(5, 1_010, &TERMS);
    let few = votes(3, 0, 0);
    let enough = votes(4, 0, 0);
    assert_eq!(
        posted().admits_reveal(&enough, 2_000),
        Err(NotNow::TooEarly)
    );
    assert_eq!(phase.admits_reveal(&enough, 1_075), Err(NotNow::TooEarly));
    assert_eq!(phase.admits_reveal(&enough, 1_076), Ok(Admission::Moves));
    assert_eq!(phase.admits_reveal(&few, 1_076), Err(NotNow::TooEarly));
    let revealing = phase.reveal(1_020, &TERMS);
    assert_eq!(revealing.admits_reveal(&few, 1_060), Ok(Admission::Now));
    assert_eq!(revealing.admits_reveal(&few, 1_061), Err(NotNow::TooLate));
    let answered = revealing.answer(1_030, &TERMS);
    assert_eq!(answered.admits_reveal(&few, 1_030), Err(NotNow::TooLate));
}

#[test]
fn appeals_are_taken_to_the_last_block_of_their_window() {
    let answered = posted().answer(1_030, &TERMS);
    assert_eq!(
        (answered.status, answered.deadline),
        (Status::Answered, 1_130)
    );
    assert_eq!(answered.admits_appeal(1_130), Ok(()));
    assert_eq!(answered.admits_appeal(1_131), Err(NotNow::TooLate));
    assert_eq!(posted().admits_appeal(1_030), Err(NotNow::TooEarly));
    assert_eq!(due_at(&answered, &Told::default(), at(1_130, 0)), Due::Wait);
    assert_eq!(
        due_at(&answered, &Told::default(), at(1_131, 0)),
        Due::Finish
    );
    let last = Phase {
        round: 2,
        ..answered
    };
    assert_eq!(due_at(&last, &Told::default(), at(1_031, 0)), Due::Finish);
}

#[test]
fn votes_count_to_the_last_member_and_the_first_line_with_most() {
    let none = Votes::default();
    let phase = posted().commit(2, 1_000, &TERMS);
    let one = none.commit().unwrap();
    assert!(!one.all_committed(&phase));
    let both = one.commit().unwrap();
    assert!(both.all_committed(&phase) && !both.all_revealed());
    let first = both.reveal(0, 1, true).unwrap();
    assert_eq!(
        (first.revealed, first.lines, first.best, first.best_line),
        (1, 1, 1, 0)
    );
    let tied = first.reveal(1, 1, true).unwrap();
    assert_eq!(
        (tied.revealed, tied.lines, tied.best, tied.best_line),
        (2, 2, 1, 0)
    );
    assert!(tied.all_revealed());
    let better = tied.reveal(1, 2, true).unwrap();
    assert_eq!((better.lines, better.best, better.best_line), (2, 2, 1));
    let other = better.reveal(0, 3, false).unwrap();
    assert_eq!((other.lines, other.best, other.best_line), (2, 2, 1));
    let full = Votes {
        committed: u8::MAX,
        revealed: u8::MAX,
        ..none
    };
    assert_eq!((full.commit(), full.reveal(0, 1, true)), (None, None));
    assert!(votes(5, 5, 4).decide(&phase) && !votes(5, 5, 3).decide(&phase));
}

#[test]
fn randomness_in_time_draws_however_late_and_none_or_late_one_does_not() {
    let phase = posted();
    let in_time = at(1_060, 600);
    let told = |published, first| Told {
        published,
        first,
        ..Told::default()
    };
    // Over when both its blocks and its seconds have passed.
    assert_eq!(due_at(&phase, &told(None, true), at(1_060, 531)), Due::Wait);
    assert_eq!(due_at(&phase, &told(None, true), at(1_061, 530)), Due::Wait);
    assert_eq!(
        due_at(&phase, &told(None, true), at(1_061, 531)),
        Due::Undecided
    );
    let late = at(1_061, 531);
    assert_eq!(
        due_at(&phase, &told(Some(late), true), late),
        Due::Undecided
    );
    let drawn = Due::Draw(Randomness {
        value: [9; 32],
        published: in_time,
    });
    let now = at(9_000, 9_000);
    assert_eq!(due_at(&phase, &told(Some(in_time), true), now), drawn);
    assert_eq!(due_at(&phase, &told(Some(in_time), false), now), Due::Wait);
    let later = Phase { round: 1, ..phase };
    assert_eq!(
        due_at(&later, &told(None, true), at(1_600, 9_000)),
        Due::Wait
    );
    assert_eq!(
        due_at(&later, &told(None, true), at(1_601, 801)),
        Due::Undecided
    );
    let done = Told {
        round: Round::open(at(1_000, 500), 7).drawn(),
        ..Told::default()
    };
    assert_eq!(due_at(&phase, &done, at(1_001, 501)), Due::Undecided);
}

#[test]
fn commits_that_are_over_reveal_redraw_or_end_the_round() {
    let phase = posted().commit(5, 1_010, &TERMS);
    let drawn = |draws| Told {
        votes: votes(3, 0, 0),
        round: Round {
            draws,
            ..Round::open(at(1_000, 500), 0)
        },
        ..Told::default()
    };
    assert_eq!(due_at(&phase, &drawn(1), at(1_075, 0)), Due::Wait);
    assert_eq!(due_at(&phase, &drawn(1), at(1_076, 0)), Due::Redraw);
    assert_eq!(due_at(&phase, &drawn(2), at(1_076, 0)), Due::Undecided);
    let enough = Told {
        votes: votes(4, 0, 0),
        ..drawn(2)
    };
    assert_eq!(due_at(&phase, &enough, at(1_076, 0)), Due::Reveal);
    let again = phase.redraw(3, 1_076);
    assert_eq!((again.status, again.members), (Status::Drawing, 3));
    assert_eq!((again.entered, again.deadline), (1_076, 0));
}

#[test]
fn reveals_that_are_over_decide_or_do_not() {
    let phase = posted().reveal(1_020, &TERMS);
    let told = |votes| Told {
        votes,
        ..Told::default()
    };
    assert_eq!(
        due_at(&phase, &told(votes(5, 4, 4)), at(1_060, 0)),
        Due::Wait
    );
    assert_eq!(
        due_at(&phase, &told(votes(5, 4, 4)), at(1_061, 0)),
        Due::Answer
    );
    assert_eq!(
        due_at(&phase, &told(votes(5, 4, 3)), at(1_061, 0)),
        Due::Undecided
    );
    assert_eq!(
        due_at(&phase, &told(votes(5, 5, 3)), at(1_021, 0)),
        Due::Undecided
    );
}

#[test]
fn a_round_keeps_how_it_ended() {
    let round = Round::open(at(1_000, 500), 7);
    let drawn = round.drawn();
    assert_eq!((drawn.draws, drawn.waits_for), (1, 0));
    assert!(drawn.draw_left(&TERMS) && !drawn.drawn().draw_left(&TERMS));
    let again = drawn.wait(at(1_100, 600), 8);
    assert_eq!(
        (again.draws, again.waits_for, again.opened),
        (1, 8, at(1_100, 600))
    );
    let over = again.over(Status::Revealing, Some(1));
    assert_eq!(
        (over.waits_for, over.revealing, over.decided),
        (0, true, Some(1))
    );
    assert!(!again.over(Status::Committing, None).revealing);
}

#[test]
fn what_stands_is_contested_by_an_undecided_round_until_another_decides() {
    let first = posted().decide(&votes(5, 5, 4));
    let standing = Standing {
        round: 0,
        line: 1,
        votes: 4,
    };
    assert_eq!((first.standing, first.contested), (Some(standing), false));
    let appealed = Phase::open(1, 11, 1_200, Some(&first));
    assert_eq!(
        (appealed.standing, appealed.contested),
        (Some(standing), false)
    );
    let contested = appealed.undecided();
    assert!(contested.contested && !posted().undecided().contested);
    let next = Phase::open(2, 23, 1_300, Some(&contested));
    assert!(next.contested);
    let decided = next.decide(&votes(23, 23, 16));
    assert_eq!(
        (decided.contested, decided.standing.unwrap().round),
        (false, 2)
    );
    assert_eq!(contested.after_undecided(3), After::Again);
    assert_eq!(contested.after_undecided(2), After::End);
    assert_eq!(posted().after_undecided(3), After::Round(1));
    assert_eq!(posted().after_undecided(1), After::End);
    assert_eq!(
        (posted().next_round(2), posted().next_round(1)),
        (Some(1), None)
    );
}

#[test]
fn a_member_that_did_not_reveal_is_withheld_only_if_revealing_came() {
    assert_eq!(Act::of(true, None, true), Act::Withheld);
    assert_eq!(Act::of(true, None, false), Act::Committed);
    assert_eq!(Act::of(false, None, true), Act::Silent);
    let said = Outcome::Invalid;
    assert_eq!(Act::of(true, Some(said), true), Act::Revealed(said));
}

fn answer(text: &[u8], trace: u8) -> Ballot {
    Ballot::Answer {
        cid: Cid::of_raw(text),
        finish: Finish::Stop,
        output_tokens: 40,
        prompt_tokens: 12,
        trace: Hex([trace; 32]),
    }
}

#[test]
fn earlier_rounds_name_the_same_answer_by_the_ballot_that_stands() {
    let [stands, mine, copied, other] = [
        answer(b"a", 2),
        answer(b"a", 1),
        answer(b"a", 8),
        answer(b"b", 1),
    ];
    let named = Outcome::of(&stands);
    let open = Names::new(0, Some((1, &stands)), Some(&other));
    assert_eq!([open.of(&mine), open.of(&copied)], [named, named]);
    assert_eq!(open.of(&other), Outcome::of(&other));
    let proven = Names::new(0, Some((1, &stands)), Some(&mine));
    assert_eq!(proven.of(&mine), named);
    assert_eq!(proven.of(&copied), Outcome::of(&copied));
    assert_eq!(proven.of(&stands), named);
    for round in [1, 2] {
        let same = Names::new(round, Some((1, &stands)), None);
        assert_eq!(same.of(&mine), Outcome::of(&mine));
    }
    assert_eq!(Names::new(0, None, None).of(&mine), Outcome::of(&mine));
}
