//! Figures do not grow with the network: neither with its tasks nor with its seats.

use crate::measure::measure;
use crate::scenes;
use crate::size::{LARGEST, SEATED, SMALL};
use crate::world::World;

/// Messages that a network of ten seats can take as well as one of 4,096.
const ANYWHERE: [&str; 14] = [
    "post_task",
    "post_task, from the balance",
    "publish_beacon, one draw of 5",
    "commit, one of 5",
    "commit, five in one message",
    "reveal, one of 5",
    "reveal, five in one message",
    "advance, to revealing",
    "advance, five silent members replaced",
    "advance, end of a task of 5",
    "bond, more",
    "unbond, one seat",
    "update_worker, an endpoint",
    "deliver",
];

fn compare(names: Option<&[&str]>, one: &World, other: &World) {
    let all = scenes::all();
    let chosen = all
        .iter()
        .filter(|it| names.is_none_or(|names| names.contains(&it.name)));
    let mut steep = Vec::new();
    for scene in chosen {
        let (small, large) = (measure(scene, one).pinned, measure(scene, other).pinned);
        if small.abs_diff(large) * 100 > small * 5 {
            steep.push(format!("{}: {small} and {large}", scene.name));
        }
    }
    assert!(steep.is_empty(), "differ by more than 5 %: {steep:#?}");
}

#[test]
fn gas_is_flat_between_10_and_10_000_tasks() {
    compare(None, &SEATED, &LARGEST);
}

#[test]
fn gas_is_flat_between_10_and_4_096_seats() {
    compare(Some(&ANYWHERE), &SMALL, &SEATED);
}
