//! The games that are played: in every test run, and as many as asked for.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use antiphon_contract::contract;

use super::game::Game;
use super::seen;
use super::tally::{Tally, say};

/// Operations of a game.
const LENGTH: u64 = 2_000;
/// Games of every test run: 20,000 operations.
const GAMES: u64 = 10;
/// Seeds whose games once failed: seed, operations, what they found.
const FAILED_ONCE: &str = include_str!("seeds.txt");

/// Plays one game.
fn play(seed: u64, operations: u64) -> Tally {
    let mut game = Game::new(seed, contract::execute);
    game.play(operations);
    let mut tally = std::mem::take(&mut game.tally);
    tally.games = 1;
    tally
}

/// Plays games on all processors; the first that fails ends it.
fn play_all(games: &[(u64, u64)], progress: bool) -> Tally {
    let (next, sum) = (AtomicU64::new(0), Mutex::new(Tally::default()));
    let began = Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads.min(games.len()) {
            scope.spawn(|| {
                while let Some((seed, operations)) =
                    games.get(next.fetch_add(1, Ordering::Relaxed) as usize)
                {
                    let tally = play(*seed, *operations);
                    // Poisoned by a game that failed: nobody needs to play on.
                    let Ok(mut sum) = sum.lock() else { return };
                    sum.add(tally);
                    if progress && sum.games.is_multiple_of(10) {
                        let (done, time) = (sum.operations(), began.elapsed().as_secs());
                        say(&format!("{done} operations, {time} s"));
                    }
                }
            });
        }
    });
    sum.into_inner().unwrap()
}

/// The seeds of the file, with their operations.
fn failed_once() -> Vec<(u64, u64)> {
    let lines = FAILED_ONCE.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            let mut words = line.split_whitespace();
            let mut number = || words.next().unwrap().parse().unwrap();
            (number(), number())
        })
        .collect()
}

#[test]
fn games_that_failed_once_do_not_fail_again() {
    let games = failed_once();
    assert_eq!(play_all(&games, false).games as usize, games.len());
}

#[test]
fn twenty_thousand_operations_leave_the_contract_as_the_ledger_says() {
    let began = Instant::now();
    let games: Vec<_> = (1..=GAMES).map(|seed| (seed, LENGTH)).collect();
    let tally = play_all(&games, false);
    say(&tally.report(began.elapsed()));
    assert!(tally.operations() >= 20_000);
    seen::all_of_it(&tally);
}

/// A number from the environment; `cargo nightly-contract` sets these.
fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// `ANTIPHON_SEED` and `ANTIPHON_OPERATIONS` name one game; without a seed so many operations are
/// played in games of two thousand.
#[test]
#[ignore = "as long as asked for: cargo nightly-contract"]
fn as_many_operations_as_asked_for() {
    let operations = asked("ANTIPHON_OPERATIONS").unwrap_or(LENGTH);
    let games = match asked("ANTIPHON_SEED") {
        Some(seed) => vec![(seed, operations)],
        None => (1..=operations.div_ceil(LENGTH))
            .map(|seed| (seed, LENGTH))
            .collect(),
    };
    let began = Instant::now();
    let tally = play_all(&games, true);
    say(&tally.report(began.elapsed()));
    if games.len() >= GAMES as usize {
        seen::all_of_it(&tally);
    }
}
