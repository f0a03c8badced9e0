use antiphon_content::{Cid, Hex};

use super::{document, text, vectors};
use crate::{Finish, Manifest, ManifestFault};

fn valid() -> Manifest {
    let cases = vectors("documents.json", "manifests");
    let case = cases.iter().find(|case| case["valid"] == true).unwrap();
    Manifest::parse(&document(case)).unwrap()
}

fn fault_of(change: impl FnOnce(&mut Manifest)) -> &'static str {
    let mut manifest = valid();
    change(&mut manifest);
    match manifest.check().unwrap_err() {
        ManifestFault::Field { field, .. } => field,
        other => panic!("another fault: {other}"),
    }
}

#[test]
fn manifests_are_valid_or_not_as_in_the_vectors() {
    for case in vectors("documents.json", "manifests") {
        let (name, bytes) = (&case["name"], document(&case));
        let parsed = Manifest::parse(&bytes);
        if case["valid"] != true {
            assert!(parsed.is_err(), "{name}");
            continue;
        }
        let manifest = parsed.unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert_eq!(manifest.to_canonical().into_bytes(), bytes, "{name}");
        assert_eq!(manifest.cid().to_string(), text(&case["cid"]), "{name}");
    }
}

#[test]
fn a_manifest_says_which_rule_it_breaks() {
    assert_eq!(fault_of(|m| m.name = "a model".to_owned()), "name");
    assert_eq!(fault_of(|m| m.name = "x".repeat(65)), "name");
    assert_eq!(fault_of(|m| m.license.clear()), "license");
    assert_eq!(fault_of(|m| m.numerics = "float".to_owned()), "numerics");
    assert_eq!(fault_of(|m| m.numerics = "candle-".to_owned()), "numerics");
    assert_eq!(fault_of(|m| m.context_tokens = 0), "context_tokens");
    assert_eq!(fault_of(|m| m.weights.bytes = 0), "weights.bytes");
    assert_eq!(fault_of(|m| m.weights.bytes = u64::MAX), "weights.bytes");
    assert_eq!(fault_of(|m| m.weights.bytes = 1_048_576), "weights.cid");
    assert_eq!(fault_of(|m| m.golden.clear()), "golden");
    assert_eq!(
        fault_of(|m| m.golden = vec![m.golden[1].clone(); 9]),
        "golden"
    );
}

#[test]
fn a_golden_case_must_be_one_that_can_be_reproduced() {
    let dag = Cid::of_dag_pb(b"x");
    assert_eq!(fault_of(|m| m.golden[0].answer = dag), "golden.answer");
    assert_eq!(
        fault_of(|m| m.golden[0].output_tokens = 5),
        "golden.output_tokens"
    );
    assert_eq!(
        fault_of(|m| m.golden[1].prompt_tokens = 2_047),
        "golden.prompt_tokens"
    );
    assert_eq!(fault_of(|m| m.golden[1].prompt_tokens = 0), "golden");
    assert_eq!(fault_of(|m| m.golden[0].links.truncate(3)), "golden.links");
    assert_eq!(
        fault_of(|m| m.golden[0].trace = Hex([0; 32])),
        "golden.links"
    );
    assert_eq!(
        fault_of(|m| m.golden[1].finish = Finish::Length),
        "golden.links"
    );
}

#[test]
fn a_stop_string_ends_a_case_without_an_end_token() {
    let mut manifest = valid();
    let case = &mut manifest.golden[1];
    case.output_tokens = 3;
    assert_eq!(case.links.len(), 3);
    manifest.check().unwrap();
}

#[test]
fn an_invalid_prompt_in_a_golden_case_is_named() {
    let mut manifest = valid();
    manifest.golden[1].prompt.messages.clear();
    let fault = manifest.check().unwrap_err();
    assert!(matches!(fault, ManifestFault::Prompt { case: 1, .. }));
    assert!(fault.to_string().contains("golden case 1"), "{fault}");
}

#[test]
fn the_manifest_may_be_as_large_as_its_limit_and_no_larger() {
    let mut manifest = valid();
    let rest = 16_384 - manifest.to_canonical().len();
    manifest.source.push_str(&"x".repeat(rest));
    manifest.check().unwrap();
    manifest.source.push('x');
    assert_eq!(manifest.check(), Err(ManifestFault::Size(16_385)));
}

#[test]
fn unknown_fields_and_other_tags_are_refused() {
    let text = valid().to_canonical();
    for (from, to) in [
        ("\"name\":", "\"moniker\":\"x\",\"name\":"),
        ("model/1", "model/2"),
        ("\"kind\":\"gguf\"", "\"kind\":\"code\""),
        ("\"format\":\"gguf\"", "\"format\":\"pickle\""),
        ("2048", "2048.0"),
        ("2048", "4294967296"),
    ] {
        let other = text.replacen(from, to, 1);
        assert_ne!(text, other);
        assert!(Manifest::parse(other.as_bytes()).is_err(), "{to}");
    }
}
