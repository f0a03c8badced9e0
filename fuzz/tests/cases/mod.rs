//! The hostile files: name, how to make it, what the error says, and the most memory in MiB.

mod families;
mod header;
mod large;
mod settings;
mod tensors;
mod vocabulary;

use antiphon_fuzz::seeds;
use antiphon_miniature::{Family, File, Value};

type Case = (&'static str, Box<dyn Fn() -> Vec<u8>>, &'static str, usize);

/// Files that are accepted, to be cut short.
pub(crate) fn sound() -> Vec<Vec<u8>> {
    let small = seeds::small().map(|file| file.bytes());
    small
        .into_iter()
        .chain([seeds::byte_level(Family::Llama, "qwen2").bytes()])
        .collect()
}

/// Every case.
pub(crate) fn all() -> Vec<Case> {
    let parts = [
        header::counts(),
        header::values(),
        header::arrays(),
        tensors::shapes(),
        tensors::places(),
        tensors::scales(),
        settings::numbers(),
        settings::types(),
        families::all(),
        vocabulary::merges(),
        vocabulary::tokens(),
        vocabulary::pieces(),
        large::all(),
    ];
    parts.into_iter().flatten().collect()
}

/// A small change of a byte-level file.
fn case(name: &'static str, want: &'static str, change: impl Fn(&mut File) + 'static) -> Case {
    changed(
        name,
        want,
        || seeds::byte_level(Family::Llama, "gpt-2"),
        change,
    )
}

/// A small change of a SentencePiece file.
fn piece(name: &'static str, want: &'static str, change: impl Fn(&mut File) + 'static) -> Case {
    changed(
        name,
        want,
        || seeds::pieces(Family::Llama, true, true),
        change,
    )
}

fn changed(
    name: &'static str,
    want: &'static str,
    seed: fn() -> File,
    change: impl Fn(&mut File) + 'static,
) -> Case {
    let make = move || {
        let mut file = seed();
        change(&mut file);
        file.bytes()
    };
    (name, Box::new(make), want, 8)
}

fn push(file: &mut File, key: &str, kind: u32, bytes: Vec<u8>) {
    file.metadata
        .push((key.to_owned(), Value::Raw(kind, bytes)));
}

/// An array that claims `count` elements of a type, and has those of `bytes`.
fn array(kind: u32, count: u64, bytes: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes()[..], &count.to_le_bytes(), bytes].concat()
}
