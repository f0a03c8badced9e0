//! What every message costs on a real chain with 200 workers and 200 tasks, beside what the virtual
//! machine said of it (`vm/gas.json`). Nothing is computed: ballots are what the test says, randomness is
//! the network's own beacon. `cargo nightly-gas` runs it and prints the table.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    reason = "sums of small figures, and a table for people, in a test"
)]

mod book;
mod crowd;
mod others;
mod rounds;

use antiphon_e2e::Failure;

use crowd::Crowd;

/// Tasks voted on by one transaction for each vote.
const ALONE: usize = 8;
/// Tasks at once, of which each kind of vote comes in one transaction.
const AT_ONCE: usize = 192;

#[tokio::test]
#[ignore = "some minutes of a chain with 200 workers: `cargo nightly-gas`"]
async fn messages_cost_on_a_chain_what_the_virtual_machine_says() -> Result<(), Failure> {
    let mut crowd = Crowd::gather().await?;
    for _ in 0..ALONE {
        crowd.task_alone().await?;
    }
    crowd.tasks_at_once(AT_ONCE).await?;
    crowd.everything_else().await?;
    let table = crowd.book.table()?;
    println!("{}", table.shown());
    assert_eq!(table.strays(), Vec::<String>::new());
    antiphon_e2e::check_books_with(&crowd.network, &crowd.addresses()).await?;
    Ok(())
}
