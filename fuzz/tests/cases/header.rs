//! Counts, keys and values that lie.

use super::{Case, File, Value, array, case, push};

pub(super) fn counts() -> Vec<Case> {
    vec![
        case("2^64-1 tensors", "the number of tensors is", |f| {
            f.counts.0 = Some(u64::MAX)
        }),
        case("2^64-1 keys", "the number of metadata keys is", |f| {
            f.counts.1 = Some(u64::MAX)
        }),
        case("more tensors than there are", "", |f| {
            f.counts.0 = Some(16_384)
        }),
        case("no keys, though there are some", "", |f| {
            f.counts.1 = Some(0)
        }),
        case("a key of 200 bytes", "a metadata key", |f| {
            f.metadata.clear();
            f.counts.1 = Some(1);
            f.tensors[0].name = "x".repeat(200);
        }),
        case("version 2", "GGUF version 2", |f| f.version = 2),
        case("another magic", "the file starts with", |f| {
            f.magic = *b"FUGG"
        }),
    ]
}

pub(super) fn values() -> Vec<Case> {
    vec![
        case("an alignment of 0", "general.alignment is 0", |f| {
            f.set("general.alignment", Value::U32(0))
        }),
        case("an alignment of 48", "general.alignment is 48", |f| {
            f.set("general.alignment", Value::U32(48))
        }),
        case("an alignment of 2^31", "general.alignment is", |f| {
            f.set("general.alignment", Value::U32(1 << 31))
        }),
        case("an alignment that is text", "is a string, wanted", |f| {
            f.set("general.alignment", Value::Str("32".into()));
        }),
        case("a nested array", "has value type 9", |f| {
            push(f, "general.x", 9, array(9, 1, &[0; 64]))
        }),
        case("an array of arrays without end", "has value type 9", |f| {
            push(
                f,
                "general.x",
                9,
                array(9, u64::MAX, &array(9, u64::MAX, &[])),
            );
        }),
        case("an unknown type of value", "has value type 13", |f| {
            push(f, "general.x", 13, vec![0; 8])
        }),
        case("a key twice", "occurs twice", |f| {
            f.metadata.push(f.metadata[0].clone())
        }),
        case("a key of another family", "is not known", |f| {
            f.set("mamba.ssm.state_size", Value::U32(1))
        }),
        case("a key that is no text", "is not UTF-8", |f| {
            push(f, "general.x", 8, b"\x01\0\0\0\0\0\0\0\xff".to_vec())
        }),
    ]
}

pub(super) fn arrays() -> Vec<Case> {
    let mut all = Vec::new();
    for (name, length) in [
        ("a string of 2^30", 1 << 30),
        ("a string of 2^63", 1 << 63),
        ("a string of 2^64-1", u64::MAX),
    ] {
        let change = move |f: &mut File| push(f, "general.x", 8, length.to_le_bytes().to_vec());
        all.push(case(name, "a metadata string is", change));
    }
    for (name, kind, count) in [
        ("2^64-1 bytes", 0, u64::MAX),
        (
            "2^61 numbers of 64 bits, 0 bytes when it wraps",
            10,
            1 << 61,
        ),
        ("2^62 numbers of 32 bits", 5, 1 << 62),
        ("2^64-1 strings", 8, u64::MAX),
    ] {
        all.push(case(name, "", move |f| {
            push(f, "general.x", 9, array(kind, count, &[]))
        }));
    }
    all
}
