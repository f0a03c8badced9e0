//! Every message × everybody who could send it, × what coins come with it, and × where its task
//! stands, as three tables. `ANTIPHON_BLESS=1 cargo test -p antiphon-contract --test main matrix` writes them anew;
//! what changed is then read by somebody.

mod damage;
pub mod messages;
mod states;
pub mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use cosmwasm_std::{Coin, coin, coins};

use self::messages::{ROWS, Row, key};
use self::world::World;
use crate::suite::copy::answer_of;
use crate::suite::network::DENOM;

/// Compares a table with the committed one.
fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("ANTIPHON_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == text,
        "tests/golden/{name} is not what the contract does; got\n{text}\n\
         if that is meant: ANTIPHON_BLESS=1 cargo test -p antiphon-contract --test main matrix"
    );
}

/// Who gets which answer to a message: the roles by answer, in the order of the roles.
fn by_answer(world: &World, row: &Row) -> BTreeMap<String, Vec<&'static str>> {
    let mut answers = BTreeMap::<_, Vec<_>>::new();
    for (role, sender) in &world.roles {
        let funds = match row.coins {
            0 => Vec::new(),
            amount => coins(amount, DENOM),
        };
        let msg = (row.make)(world, sender);
        assert_eq!(Some(key(&msg)), row.name.split('/').next());
        let answer = answer_of(world.network.copy().execute(sender, &msg, &funds));
        answers.entry(answer).or_default().push(*role);
    }
    answers
}

#[test]
fn who_may_send_what_is_what_the_table_says() {
    let world = World::new();
    let mut table = String::from(
        "Who may send what, where the message itself is fine: `ok`, the code of the error, or why \
         the vote is refused.\n\neverybody\n",
    );
    let roles: Vec<_> = world.roles.iter().map(|(role, _)| *role).collect();
    writeln!(table, "  {}", roles.join(", ")).unwrap();
    for row in &ROWS {
        writeln!(table, "\n{}", row.name).unwrap();
        for (answer, roles) in by_answer(&world, row) {
            let who = match roles.len() == world.roles.len() {
                true => "everybody".to_owned(),
                false => roles.join(", "),
            };
            writeln!(table, "  {answer}: {who}").unwrap();
        }
    }
    golden("permissions.txt", &table);
}

/// What can come with a message that needs `amount` of the network's denom, or none.
fn purses(amount: u128) -> [(&'static str, Vec<Coin>); 6] {
    let amount = amount.max(1);
    [
        ("none", vec![]),
        ("its denom", coins(amount, DENOM)),
        ("zero", coins(0, DENOM)),
        ("another denom", coins(amount, "uother")),
        ("two denoms", vec![coin(amount, DENOM), coin(1, "uother")]),
        ("one twice", vec![coin(amount, DENOM), coin(amount, DENOM)]),
    ]
}

#[test]
fn what_coins_come_with_a_message_is_what_the_table_says() {
    let world = World::new();
    let mut table = String::from(
        "What answers the coins that come with a message, from a sender that may send it.\n\n",
    );
    write!(table, "{:20}", "message").unwrap();
    for (purse, _) in purses(1) {
        write!(table, "{purse:16}").unwrap();
    }
    table.push('\n');
    for row in ROWS.iter().filter(|row| !row.name.contains('/')) {
        let sender = world.role(row.fine_for);
        let msg = (row.make)(&world, &sender);
        write!(table, "{:20}", row.name).unwrap();
        for (_, funds) in purses(row.coins) {
            let answer = answer_of(world.network.copy().execute(&sender, &msg, &funds));
            write!(table, "{answer:16}").unwrap();
        }
        table.push('\n');
    }
    let table: Vec<_> = table.lines().map(str::trim_end).collect();
    golden("coins.txt", &format!("{}\n", table.join("\n")));
}

/// The messages that the committed schema knows; it is checked against the types in their own crate.
fn messages_of_the_schema() -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/antiphon.json");
    let text = std::fs::read_to_string(path).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
    let variants = schema["execute"]["oneOf"].as_array().unwrap();
    let name = |variant: &serde_json::Value| variant["required"][0].as_str().unwrap().to_owned();
    variants.iter().map(name).collect()
}

#[test]
fn no_message_is_missing_in_the_tables() {
    let rows = ROWS.iter().map(|row| row.name.split('/').next().unwrap());
    let rows: BTreeSet<_> = rows.map(str::to_owned).collect();
    assert_eq!(rows, messages_of_the_schema());
}

/// The row's own role is allowed, or a table full of refusals would pass for a guard.
#[test]
fn every_message_is_allowed_to_somebody() {
    let world = World::new();
    for row in &ROWS {
        let answers = by_answer(&world, row);
        let allowed = answers.get("ok").cloned().unwrap_or_default();
        assert!(allowed.contains(&row.fine_for), "{}: {answers:?}", row.name);
    }
}
