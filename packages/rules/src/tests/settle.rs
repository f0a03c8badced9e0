use serde_json::{Value, json};

use super::{amount, round, small, vectors};
use crate::conduct::decide;
use crate::fees::{LockRule, Price, appeal_bond, escrow};
use crate::settle::{Case, OpenedBy, RoundRecord, Settlement, Verdict, ending};
use crate::{Act, Conduct, Ending, Outcome, Overflow, settle};

fn act(name: &str) -> Act {
    let reveal = match name {
        "withheld" => return Act::Withheld,
        "silent" => return Act::Silent,
        "committed" => return Act::Committed,
        "unavailable" => Outcome::Unavailable,
        "invalid" => Outcome::Invalid,
        letter => Outcome::Answer([letter.as_bytes()[0]; 32]),
    };
    Act::Revealed(reveal)
}

fn name_of(outcome: Outcome) -> String {
    match outcome {
        Outcome::Answer(digest) => char::from(digest[0]).to_string(),
        Outcome::Invalid => "invalid".to_owned(),
        Outcome::Unavailable => "unavailable".to_owned(),
    }
}

/// The vectors know five kinds of conduct; the finer two of the crate are neutral there.
fn conduct_name(conduct: Conduct) -> &'static str {
    match conduct {
        Conduct::Right => "right",
        Conduct::Wrong => "wrong",
        Conduct::Neutral | Conduct::Unavailable | Conduct::Revealer => "neutral",
        Conduct::Withheld => "withheld",
        Conduct::Silent => "silent",
    }
}

fn acts_of(record: &Value) -> Vec<Act> {
    let groups = record["members"].as_array().unwrap();
    let acts = groups.iter().flat_map(|group| {
        let number = usize::try_from(small(&group[1])).unwrap();
        std::iter::repeat_n(act(group[0].as_str().unwrap()), number)
    });
    acts.collect()
}

struct Terms {
    price: Price,
    prompt_bytes: u32,
    full_fee: u128,
    lock: u128,
}

fn terms_of(case: &Value) -> Terms {
    let price = Price {
        base: amount(&case["price"]["base"]),
        per_prompt_byte: amount(&case["price"]["per_prompt_byte"]),
        per_output_token: amount(&case["price"]["per_output_token"]),
    };
    let rule = LockRule {
        min_lock: amount(&case["min_lock"]),
        lock_multiple: small(&case["lock_multiple"]),
    };
    let prompt_bytes = small(&case["prompt_bytes"]);
    let full_fee = price
        .fee(prompt_bytes, small(&case["max_output_tokens"]))
        .unwrap();
    Terms {
        price,
        prompt_bytes,
        full_fee,
        lock: rule.lock(full_fee).unwrap(),
    }
}

fn size(acts: &[Act]) -> u32 {
    u32::try_from(acts.len()).unwrap()
}

fn records<'a>(case: &Value, terms: &Terms, acts: &'a [Vec<Act>]) -> Vec<RoundRecord<'a>> {
    let rounds = case["rounds"].as_array().unwrap().iter().zip(acts);
    let carried = case["carried"].as_bool().unwrap();
    let record = |(number, (record, acts)): (u8, (&Value, &'a Vec<Act>))| RoundRecord {
        opened_by: match record["opened_by"].as_str().unwrap() {
            "post" => OpenedBy::Post,
            "undecided" => OpenedBy::Undecided,
            "appeal" => OpenedBy::Appeal {
                bond: appeal_bond(terms.full_fee, size(acts), terms.lock).unwrap(),
            },
            other => panic!("a new opener: {other}"),
        },
        size: size(acts),
        acts,
        decided: decide(acts, size(acts), number, carried),
    };
    (0..).zip(rounds).map(record).collect()
}

/// [round, ballot, number, conduct, paid to each, lock, miss], equal neighbours joined.
fn members_as_in_vectors(result: &Settlement, case: &Value, acts: &[Vec<Act>]) -> Value {
    let mut left = result.members.iter();
    let mut rows = Vec::new();
    for (round, record) in case["rounds"].as_array().unwrap().iter().enumerate() {
        let mut position = 0;
        for group in record["members"].as_array().unwrap() {
            let number = small(&group[1]);
            let members: Vec<_> = left
                .by_ref()
                .take(usize::try_from(number).unwrap())
                .collect();
            let first = members[0];
            for member in members {
                assert_eq!(usize::from(member.round), round);
                assert_eq!(member.position, position);
                assert_eq!(
                    (member.conduct, member.paid, member.forfeited, member.miss),
                    (first.conduct, first.paid, first.forfeited, first.miss)
                );
                position += 1;
            }
            let lock = match first.forfeited {
                0 => "freed",
                _ => "forfeited",
            };
            let conduct = conduct_name(first.conduct);
            let paid = first.paid.to_string();
            rows.push(json!([
                round, group[0], number, conduct, paid, lock, first.miss
            ]));
        }
        assert_eq!(position, size(&acts[round]));
    }
    assert!(left.next().is_none());
    Value::Array(rows)
}

fn check(case: &Value) {
    let (name, out) = (&case["name"], &case["out"]);
    let terms = terms_of(case);
    let rounds = case["rounds"].as_array().unwrap();
    let acts: Vec<Vec<Act>> = rounds.iter().map(acts_of).collect();
    let records = records(case, &terms, &acts);
    let winner = out["outcome"].as_str().unwrap_or_default();
    let escrow = escrow(terms.full_fee, size(&acts[0])).unwrap();
    let result = settle(&Case {
        price: terms.price,
        prompt_bytes: terms.prompt_bytes,
        output_tokens: case["output_tokens"].get(winner).map_or(0, small),
        escrow,
        lock: terms.lock,
        carried: case["carried"].as_bool().unwrap(),
        meter_takes: case["meter"] == "free",
        rounds: &records,
    })
    .unwrap();

    assert_eq!(terms.full_fee, amount(&out["F"]), "{name}");
    assert_eq!(terms.lock, amount(&out["L"]), "{name}");
    assert_eq!(escrow, amount(&out["escrow"]), "{name}");
    let g = terms.price.base_fee(terms.prompt_bytes).unwrap();
    assert_eq!(g, amount(&out["g"]), "{name}");
    assert_eq!(result.fee, amount(&out["f"]), "{name}");
    assert_ending(&result, out, name);
    let members = members_as_in_vectors(&result, case, &acts);
    assert_eq!(members, out["members"], "{name}");
    assert_money(&result, case, &records);
}

fn assert_ending(result: &Settlement, out: &Value, name: &Value) {
    let (status, outcome, contested) = match result.ending {
        Ending::Failed => ("failed", Value::Null, false),
        Ending::Final {
            outcome, contested, ..
        } => ("final", json!(name_of(outcome)), contested),
    };
    assert_eq!(out["status"], status, "{name}");
    assert_eq!(out["outcome"], outcome, "{name}");
    assert_eq!(out["contested"], contested, "{name}");
}

fn assert_money(result: &Settlement, case: &Value, records: &[RoundRecord<'_>]) {
    let (name, out) = (&case["name"], &case["out"]);
    assert_eq!(result.paid, amount(&out["paid"]), "{name}");
    assert_eq!(result.refund, amount(&out["refund"]), "{name}");
    assert_eq!(result.forfeits, amount(&out["forfeits"]), "{name}");
    assert_eq!(result.burned, amount(&out["burned"]), "{name}");
    assert_eq!(out["slash_withheld"], result.slash_withheld, "{name}");
    // The vectors count replaced members too, who are charged when they are replaced.
    let rounds = case["rounds"].as_array().unwrap();
    let replaced: u32 = rounds
        .iter()
        .filter_map(|one| one.get("replaced"))
        .map(small)
        .sum();
    assert_eq!(out["misses"], result.misses + replaced, "{name}");
    let charges = result.miss_charges + u128::from(replaced) * amount(&case["price"]["base"]);
    assert_eq!(charges, amount(&out["miss_charges"]), "{name}");
    assert_appeals(result, out, records, name);
}

fn assert_appeals(result: &Settlement, out: &Value, records: &[RoundRecord<'_>], name: &Value) {
    let appeals = out["appeals"].as_array().unwrap();
    assert_eq!(result.appeals.len(), appeals.len(), "{name}");
    for (got, want) in result.appeals.iter().zip(appeals) {
        assert_eq!(got.round, round(&want["round"]), "{name}");
        let bond = amount(&want["bond"]);
        assert_eq!(
            records[usize::from(got.round)].opened_by,
            OpenedBy::Appeal { bond }
        );
        let verdict = match got.verdict {
            Verdict::Won => "won",
            Verdict::Lost => "lost",
            Verdict::Undecided => "undecided",
        };
        assert_eq!(want["result"], verdict, "{name}");
        assert_eq!(got.returned, amount(&want["returned"]), "{name}");
        assert_eq!(got.reward, amount(&want["reward"]), "{name}");
    }
}

#[test]
fn settlements_are_those_of_the_vectors() {
    let cases = vectors("settlement");
    assert_eq!(cases.len(), 33);
    for case in cases {
        check(&case);
    }
}

#[test]
fn amounts_beyond_u128_are_an_error_and_not_a_wrong_settlement() {
    let acts = [act("withheld"), act("withheld")];
    let rounds = [RoundRecord {
        opened_by: OpenedBy::Post,
        size: 2,
        acts: &acts,
        decided: None,
    }];
    let result = settle(&Case {
        price: Price::default(),
        prompt_bytes: 0,
        output_tokens: 0,
        escrow: 0,
        lock: u128::MAX,
        carried: false,
        meter_takes: true,
        rounds: &rounds,
    });
    assert_eq!(result, Err(Overflow("sum")));
}

/// Traces are bound to their round, so an answer of another round is named like the standing one
/// only for judging: three of five with one trace and one with another were no quorum.
#[test]
fn an_undecided_round_is_not_decided_by_naming_its_ballots_alike() {
    let first = vec![act("a"); 4];
    let second = vec![act("a"); 8];
    let record = |opened_by, size, acts, decided| RoundRecord {
        opened_by,
        size,
        acts,
        decided,
    };
    let stood = Outcome::Answer([b'a'; 32]);
    let rounds = [
        record(OpenedBy::Post, 5, first.as_slice(), None),
        record(OpenedBy::Undecided, 11, second.as_slice(), Some(stood)),
    ];
    let ended = |outcome, standing, contested| Ending::Final {
        outcome,
        standing,
        contested,
    };
    assert_eq!(ending(&rounds), ended(stood, 1, false));
    let rounds = [
        record(OpenedBy::Post, 5, first.as_slice(), Some(stood)),
        record(OpenedBy::Appeal { bond: 1 }, 11, second.as_slice(), None),
    ];
    assert_eq!(ending(&rounds), ended(stood, 0, true));
    let rounds = [record(OpenedBy::Post, 5, first.as_slice(), None)];
    assert_eq!(ending(&rounds), Ending::Failed);
}
