//! The child's protocol, over pipes in memory.

use crate::support::TinyModel;
use antiphon_content::Hex;
use antiphon_documents::{Finish, Message, Prompt};
use antiphon_engine::child::{
    Action, Failure, GenerateRequest, Generated, GoldenRequest, InputMsg, LINE_LIMIT, LoadRequest,
    Outcome, Reply, Request, SamplingMsg, SelfTestRequest, serve, serve_cancellable,
};
use antiphon_engine::{CN_1, Generation};
use std::io::{self, Write};
use std::path::PathBuf;

/// All replies to some lines.
fn replies(input: &[u8]) -> Vec<Reply> {
    let mut output = Vec::new();
    serve(input, &mut output, &[CN_1]).unwrap();
    let text = String::from_utf8(output).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn lines(actions: impl IntoIterator<Item = Action>) -> Vec<u8> {
    let mut input = Vec::new();
    for (id, action) in (1..).zip(actions) {
        serde_json::to_writer(&mut input, &Request { id, action }).unwrap();
        input.push(b'\n');
    }
    input
}

fn load(path: PathBuf) -> Action {
    Action::Load(LoadRequest {
        path,
        numerics: CN_1.numerics.to_owned(),
        sha256: None,
        threads: 1,
        // One after the other: the replies come in the order of the requests.
        jobs: Some(1),
        ..LoadRequest::default()
    })
}

fn ask(document: String) -> Action {
    Action::Generate(GenerateRequest {
        input: InputMsg::Document(document),
        template: Some("chatml".to_owned()),
        context_tokens: Some(500),
    })
}

fn ids(prompt_ids: Vec<u32>) -> Action {
    let sampling = SamplingMsg {
        temperature_milli: 0,
        top_k: 0,
        top_p_milli: 1000,
        seed: 0,
    };
    let stop = Vec::new();
    Action::Generate(GenerateRequest {
        input: InputMsg::Ids {
            prompt_ids,
            sampling,
            max_output_tokens: 3,
            stop,
        },
        template: None,
        context_tokens: None,
    })
}

fn failure(reply: &Reply) -> &Failure {
    match &reply.outcome {
        Outcome::Failed(failure) => failure,
        other => panic!("{other:?}"),
    }
}

fn generated(reply: &Reply) -> Generated {
    match &reply.outcome {
        Outcome::Generated(generated) => (**generated).clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_model_is_loaded_proved_and_asked_in_one_life() {
    let tiny = TinyModel::new();
    let manifest = tiny.manifest();
    let prompt = manifest.golden[0].prompt.clone();
    let golden = Action::Golden(GoldenRequest {
        manifest: manifest.to_canonical(),
    });
    let input = lines([
        load(tiny.path()),
        golden,
        ask(prompt.to_canonical()),
        ids(vec![104, 105]),
    ]);
    let all = replies(&input);
    let (news, last): (Vec<_>, Vec<_>) = all
        .iter()
        .partition(|reply| matches!(reply.outcome, Outcome::Progress(_)));
    assert_eq!(
        last.iter().map(|reply| reply.id).collect::<Vec<_>>(),
        [1, 2, 3, 4].map(Some)
    );

    let Outcome::Loaded(loaded) = &last[0].outcome else {
        panic!("{:?}", last[0])
    };
    assert_eq!(loaded.sha256, manifest.weights.sha256);
    assert_eq!(
        (loaded.bytes, loaded.context_length),
        (tiny.bytes.len() as u64, 512)
    );
    assert_eq!(
        loaded.cache_bytes_per_token,
        2 * 2 * 32 * 4,
        "two blocks, keys and values"
    );
    let Outcome::Golden(report) = &last[1].outcome else {
        panic!("{:?}", last[1])
    };
    assert_eq!(report.cases, 2);

    let made = generated(last[2]);
    let of_three = news.iter().filter(|reply| reply.id == Some(3)).count();
    let one_for_the_prompt = 1;
    assert_eq!(of_three, made.token_ids.len() + one_for_the_prompt);
    let trace = Generation::from(made).trace(&loaded.sha256.0, &[]);
    assert_eq!(
        Hex(trace.last()),
        manifest.golden[0].trace,
        "the parent can chain the trace"
    );

    let made = generated(last[3]);
    assert_eq!((made.prompt_tokens, made.finish), (2, Finish::Length));
    assert_eq!(made.logit_hashes.len(), 3);
}

#[test]
fn deterministic_failures_are_marked_and_the_child_goes_on() {
    let tiny = TinyModel::new();
    let long = Prompt::greedy(vec![Message::user("x".repeat(600))], 8).to_canonical();
    let good = Prompt::greedy(vec![Message::user("x")], 1).to_canonical();
    let input = lines([
        load(tiny.path()),
        ask(long),
        ask("{}".to_owned()),
        ids(vec![264]),
        ids(vec![]),
        ask(good),
    ]);
    let all = replies(&input);
    let kinds: Vec<_> = all[1..5]
        .iter()
        .map(|r| (failure(r).kind.as_str(), r.id))
        .collect();
    let want = [
        "context_overflow",
        "not_prompt",
        "token_range",
        "empty_prompt",
    ];
    assert_eq!(
        kinds,
        want.into_iter().zip((2..).map(Some)).collect::<Vec<_>>()
    );
    assert!(all[1..5].iter().all(|reply| failure(reply).deterministic));
    assert_eq!(generated(all.last().unwrap()).output_tokens, 1);
}

#[test]
fn faults_of_this_machine_or_model_are_not_voted() {
    let tiny = TinyModel::new();
    let wrong = Action::Load(LoadRequest {
        path: tiny.path(),
        numerics: CN_1.numerics.to_owned(),
        sha256: Some(Hex([1; 32])),
        threads: 1,
        ..LoadRequest::default()
    });
    let llama3 = Action::Generate(GenerateRequest {
        input: InputMsg::Document(Prompt::greedy(vec![Message::user("x")], 1).to_canonical()),
        template: Some("llama3".to_owned()),
        context_tokens: None,
    });
    let mut manifest = tiny.manifest();
    manifest.golden[0].links[0] = Hex([0; 4]);
    let golden = |text: String| Action::Golden(GoldenRequest { manifest: text });
    let input = lines([
        ids(vec![1]),
        load("/no/such.gguf".into()),
        wrong,
        golden(String::new()),
        load(tiny.path()),
        llama3,
        golden("{}".to_owned()),
        golden(manifest.to_canonical()),
        load("/no/such.gguf".into()),
        ids(vec![1]),
    ]);
    let all = replies(&input);
    let failures: Vec<_> = all
        .iter()
        .filter_map(|reply| match &reply.outcome {
            Outcome::Failed(failure) => Some(failure),
            _ => None,
        })
        .collect();
    let kinds: Vec<_> = failures
        .iter()
        .map(|failure| failure.kind.as_str())
        .collect();
    assert_eq!(
        kinds,
        [
            "no_model",
            "load",
            "load",
            "no_model",
            "tokenizer",
            "manifest",
            "golden",
            "load",
            "no_model"
        ]
    );
    assert!(failures.iter().all(|failure| !failure.deterministic));
    assert!(
        failures[6]
            .text
            .contains("golden case 0 differs in links at step 0")
    );
}

#[test]
fn a_damaged_model_is_refused_with_the_rule_it_breaks_and_the_child_lives() {
    let tiny = TinyModel::new();
    let damaged = tiny.path().with_file_name("damaged.gguf");
    std::fs::write(&damaged, &tiny.bytes[..tiny.bytes.len() - 1]).unwrap();
    let empty = tiny.path().with_file_name("empty.gguf");
    std::fs::write(&empty, []).unwrap();
    let all = replies(&lines([load(damaged), load(empty), load(tiny.path())]));
    let texts = [&all[0], &all[1]].map(|reply| failure(reply).text.as_str());
    assert!(texts[0].starts_with("the model file is refused: tensor \"output_norm.weight\""));
    assert!(texts[1].contains("cut short or damaged"), "{}", texts[1]);
    assert!(matches!(all[2].outcome, Outcome::Loaded(_)));
}

#[test]
fn lines_that_are_no_request_get_an_error_each_and_the_next_one_is_served() {
    let mut input =
        b"\nnot json\n{\"id\":1}\n{\"id\":1,\"action\":{\"dance\":{}}}\n\xff\xfe\n".to_vec();
    input.extend(vec![b'x'; LINE_LIMIT + 5]);
    input.push(b'\n');
    input.extend(br#"{"id":7,"action":{"self_test":{"more":1}}}"#);
    input.push(b'\n');
    input.extend(br#"{"id":8,"action":{"generate":{"input":{"document":"{}"},"template":null,"context_tokens":null}}}"#);
    input.push(b'\n');
    let all = replies(&input);
    assert_eq!(all.len(), 8);
    assert!(all[..7].iter().all(|reply| reply.id.is_none()));
    assert!(
        all[..7]
            .iter()
            .all(|reply| failure(reply).kind == "request")
    );
    assert!(failure(&all[5]).text.contains("longer than"));
    assert_eq!(
        (all[7].id, failure(&all[7]).kind.as_str()),
        (Some(8), "not_prompt")
    );
}

#[test]
fn the_end_of_the_input_ends_the_child_and_half_a_request_is_dropped() {
    assert!(replies(b"").is_empty());
    assert!(replies(br#"{"id":1,"action":{"self_test":{}}}"#).is_empty());
}

#[test]
fn a_parent_that_no_longer_reads_ends_the_child_in_the_middle_of_a_job() {
    struct Deaf(usize);
    impl Write for Deaf {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(1).ok_or(io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let tiny = TinyModel::new();
    let input = lines([load(tiny.path()), ids(vec![1, 2])]);
    let error = serve(&input[..], Deaf(2), &[CN_1]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn a_cancelled_job_is_broken_off_and_the_model_stays_loaded() {
    let tiny = TinyModel::new();
    let input = lines([load(tiny.path()), ids(vec![1, 2]), ids(vec![1, 2])]);
    let mut output = Vec::new();
    serve_cancellable(&input[..], &mut output, &[CN_1], &|id| id == 2).unwrap();
    let text = String::from_utf8(output).unwrap();
    let replies: Vec<Reply> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let last = |id| replies.iter().rfind(|reply| reply.id == Some(id)).unwrap();
    assert_eq!(failure(last(2)).kind, "cancelled");
    assert!(!failure(last(2)).deterministic, "never voted");
    assert_eq!(generated(last(3)).output_tokens, 3);
}

#[test]
fn numerics_that_this_program_does_not_compute_are_refused_with_those_that_it_does() {
    let tiny = TinyModel::new();
    let Action::Load(request) = load(tiny.path()) else {
        unreachable!()
    };
    let numerics = "candle-0.1.0".to_owned();
    let all = replies(&lines([Action::Load(LoadRequest {
        numerics,
        ..request
    })]));
    let failure = failure(&all[0]);
    assert_eq!(
        (failure.kind.as_str(), failure.deterministic),
        ("load", false)
    );
    let text = "numerics are candle-0.1.0, this program computes cn-1:";
    assert!(failure.text.contains(text), "{}", failure.text);
}

#[test]
fn the_self_test_passes_in_a_child() {
    let all = replies(&lines([Action::SelfTest(SelfTestRequest {})]));
    assert!(matches!(&all[0].outcome, Outcome::SelfTested(_)), "{all:?}");
}

#[test]
fn requests_look_as_documented() {
    let action = ids(vec![1, 2]);
    let text = serde_json::to_string(&Request { id: 3, action }).unwrap();
    assert_eq!(
        text,
        r#"{"id":3,"action":{"generate":{"input":{"ids":{"prompt_ids":[1,2],"sampling":{"temperature_milli":0,"top_k":0,"top_p_milli":1000,"seed":0},"max_output_tokens":3,"stop":[]}},"template":null,"context_tokens":null}}}"#
    );
}

#[test]
fn several_jobs_are_computed_together_and_each_is_answered_as_alone() {
    let tiny = TinyModel::new();
    let job = |i: u32| {
        let prompt = Prompt::greedy(vec![Message::user("x".repeat(20 + 9 * i as usize))], 20);
        Action::Generate(GenerateRequest {
            input: InputMsg::Document(prompt.to_canonical()),
            template: Some("chatml".to_owned()),
            context_tokens: Some(500),
        })
    };
    let answers = |jobs: usize| {
        let request = LoadRequest {
            path: tiny.path(),
            numerics: CN_1.numerics.to_owned(),
            threads: 2,
            jobs: Some(jobs),
            ..LoadRequest::default()
        };
        let actions = [Action::Load(request)].into_iter().chain((1..8).map(job));
        let mut all = Vec::new();
        for reply in replies(&lines(actions)) {
            match reply.outcome {
                Outcome::Loaded(loaded) => assert_eq!(loaded.jobs, jobs),
                Outcome::Progress(_) => {}
                Outcome::Generated(made) => {
                    let made = Generation::from(*made);
                    all.push((reply.id, made.text.clone(), made.logit_hashes));
                }
                other => panic!("{other:?}"),
            }
        }
        all.sort();
        all
    };
    let alone = answers(1);
    assert_eq!(alone.len(), 7);
    assert_eq!(answers(3), alone);
}
