//! A sound file made wrong in a few places, as a script says.

use crate::script::Script;
use antiphon_miniature::{File, Value};

/// Edits of one file; more only hide each other.
const EDIT_LIMIT: usize = 12;

/// The bytes of the file after the edits.
pub(crate) fn edited(mut file: File, script: &mut Script<'_>) -> Vec<u8> {
    for _ in 0..EDIT_LIMIT {
        if script.is_empty() {
            return file.bytes();
        }
        match script.byte() % 16 {
            0..=3 => value(&mut file, script),
            4 => keys(&mut file, script),
            5..=7 => tensor(&mut file, script),
            8 => tensors(&mut file, script),
            9 => head(&mut file, script),
            10..=13 => vocabulary(&mut file, script),
            _ => return damaged(file.bytes(), script),
        }
    }
    file.bytes()
}

/// One value becomes another of its type or of another.
fn value(file: &mut File, script: &mut Script<'_>) {
    let Some((_, value)) = script.pick_mut(&mut file.metadata) else {
        return;
    };
    *value = match script.byte() % 8 {
        0..=2 => Value::U32(script.number32()),
        3 => Value::F32(script.float()),
        4 => Value::Bool(script.byte()),
        5 => Value::Str(script.text()),
        6 => Value::F32s((0..script.below(300)).map(|_| script.float()).collect()),
        _ => {
            let count = script.below(40);
            Value::Raw(script.number32(), script.bytes(count).to_vec())
        }
    };
}

/// A key goes, comes twice, comes anew, or claims an array without end.
fn keys(file: &mut File, script: &mut Script<'_>) {
    let at = script.below(file.metadata.len());
    let copy = file.metadata.get(at).cloned();
    match script.byte() % 4 {
        0 => drop(copy.map(|_| file.metadata.remove(at))),
        1 => file.metadata.extend(copy),
        2 => file
            .metadata
            .push((script.text(), Value::U32(script.number32()))),
        _ => {
            let mut bytes = script.number32().to_le_bytes().to_vec();
            bytes.extend(script.number().to_le_bytes());
            file.metadata
                .push(("general.array".to_owned(), Value::Raw(9, bytes)));
        }
    }
}

fn tensor(file: &mut File, script: &mut Script<'_>) {
    let Some(tensor) = script.pick_mut(&mut file.tensors) else {
        return;
    };
    match script.byte() % 8 {
        0 => tensor.kind = script.number32(),
        1 => tensor.dims = (0..script.below(6)).map(|_| script.number()).collect(),
        2 => {
            let dim = script.number();
            if let Some(old) = script.pick_mut(&mut tensor.dims) {
                *old = dim;
            }
        }
        3 => tensor.offset = Some(script.number()),
        4 => tensor.name = script.text(),
        5 => tensor.data.truncate(script.below(2000)),
        _ => {
            let bytes = script.bytes(4);
            let at = script.below(tensor.data.len());
            let old = tensor.data.iter_mut().skip(at).zip(bytes);
            old.for_each(|(old, new)| *old = *new);
        }
    }
}

/// A tensor goes, comes twice, or changes places with another.
fn tensors(file: &mut File, script: &mut Script<'_>) {
    let at = script.below(file.tensors.len());
    let copy = file.tensors.get(at).cloned();
    match script.byte() % 3 {
        0 => drop(copy.map(|_| file.tensors.remove(at))),
        1 => file.tensors.extend(copy),
        _ => {
            let other = script.below(file.tensors.len());
            if !file.tensors.is_empty() {
                file.tensors.swap(at, other);
            }
        }
    }
}

fn head(file: &mut File, script: &mut Script<'_>) {
    match script.byte() % 4 {
        0 => file.version = script.number32(),
        1 => file.magic = [(); 4].map(|()| script.byte()),
        2 => file.counts.0 = Some(script.number()),
        _ => file.counts.1 = Some(script.number()),
    }
}

/// Tokens, types, scores and merges.
fn vocabulary(file: &mut File, script: &mut Script<'_>) {
    let key = match script.byte() % 4 {
        0 => "tokenizer.ggml.tokens",
        1 => "tokenizer.ggml.token_type",
        2 => "tokenizer.ggml.scores",
        _ => "tokenizer.ggml.merges",
    };
    match file.value(key) {
        Some(Value::Strs(list)) if script.byte().is_multiple_of(4) => list.push(script.text()),
        Some(Value::Strs(list)) => {
            let text = script.text();
            if let Some(old) = script.pick_mut(list) {
                *old = text;
            }
        }
        Some(Value::I32s(list)) => {
            let kind = i32::from(script.byte().cast_signed());
            if let Some(old) = script.pick_mut(list) {
                *old = kind;
            }
        }
        Some(Value::F32s(list)) => {
            let score = script.float();
            if let Some(old) = script.pick_mut(list) {
                *old = score;
            }
        }
        _ => {}
    }
}

/// The written file cut short, made longer, or with other bytes somewhere.
fn damaged(mut bytes: Vec<u8>, script: &mut Script<'_>) -> Vec<u8> {
    let at = script.below(bytes.len());
    match script.byte() % 4 {
        0 => bytes.truncate(at),
        1 => bytes.resize(bytes.len().saturating_add(script.below(100)), 0),
        2 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << (script.byte() % 8);
            }
        }
        _ => {
            let number = script.number().to_le_bytes();
            let old = bytes.iter_mut().skip(at).zip(number);
            old.for_each(|(old, new)| *old = new);
        }
    }
    bytes
}
