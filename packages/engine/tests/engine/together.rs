//! Jobs that share steps, pages and a model give what each gives alone.

use crate::model::{fast, generate};
use crate::support::{TinyModel, model_path};
use antiphon_documents::Sampling;
use antiphon_engine::answer::Logits;
use antiphon_engine::tokenizer::Tokenizer;
use antiphon_engine::{About, Engine, Generation, Input, Job, JobError, Model, Options, Progress};
use std::ops::ControlFlow;

fn job(prompt: Vec<u32>, most: u32) -> Job {
    let seed = u64::from(prompt[0]);
    Job {
        input: Input::Ids(prompt),
        template: None,
        sampling: Sampling {
            temperature_milli: 800,
            top_k: 0,
            top_p_milli: 1000,
            seed,
        },
        max_output_tokens: most,
        stop: Vec::new(),
        context_tokens: None,
    }
}

/// Everything but the seconds.
fn same(got: &Generation, want: &Generation) {
    let seconds = want.seconds;
    let got = Generation {
        seconds,
        ..got.clone()
    };
    assert_eq!(got, *want);
}

fn tiny(tiny: &TinyModel, threads: usize, prefix_bytes: usize, jobs: usize) -> Model {
    let options = Options {
        threads,
        prefix_bytes,
        jobs,
        ..Options::default()
    };
    Model::load(&tiny.path(), &options).unwrap()
}

#[test]
fn jobs_at_the_same_time_give_what_each_gives_alone() {
    let file = TinyModel::new();
    let alone = tiny(&file, 1, 0, 1);
    let jobs: Vec<_> = (1..9)
        .map(|i| job(vec![i; 30 * i as usize], 10 + 7 * i))
        .collect();
    let want: Vec<_> = jobs
        .iter()
        .map(|job| generate(&alone, job).unwrap())
        .collect();
    for (threads, most) in [(1, 4), (2, 3), (2, 8), (3, 1)] {
        let model = tiny(&file, threads, 1 << 20, most);
        assert_eq!(model.jobs(), most);
        std::thread::scope(|scope| {
            for (job, want) in jobs.iter().zip(&want) {
                let model = &model;
                scope.spawn(move || same(&generate(model, job).unwrap(), want));
            }
        });
    }
}

#[test]
fn the_real_model_gives_the_same_bits_to_three_jobs_at_once() {
    let options = Options {
        threads: 2,
        ..Options::default()
    };
    let model = Model::load(&model_path(), &options).unwrap();
    let jobs: Vec<_> = (1..4)
        .map(|i| job((100 * i..100 * i + 40).collect(), 6))
        .collect();
    let want: Vec<_> = jobs
        .iter()
        .map(|job| generate(fast(), job).unwrap())
        .collect();
    std::thread::scope(|scope| {
        for (job, want) in jobs.iter().zip(&want) {
            let model = &model;
            scope.spawn(move || same(&generate(model, job).unwrap(), want));
        }
    });
}

#[test]
fn the_next_turn_of_a_conversation_gives_the_same_bits_with_and_without_what_is_kept() {
    let file = TinyModel::new();
    let (without, with) = (tiny(&file, 2, 0, 1), tiny(&file, 2, 1 << 20, 1));
    let mut prompt: Vec<u32> = (1..100).collect();
    for turn in 0..4 {
        let job = job(prompt.clone(), 20);
        let made = generate(&with, &job).unwrap();
        same(&made, &generate(&without, &job).unwrap());
        assert_eq!(
            made.trace(&[0; 32], b"").last(),
            generate(&with, &job).unwrap().trace(&[0; 32], b"").last()
        );
        prompt.extend(&made.token_ids);
        prompt.extend([turn; 40]);
    }
    // Another conversation with the same beginning.
    let branch = job(prompt[..150].iter().copied().chain([7; 9]).collect(), 20);
    same(
        &generate(&with, &branch).unwrap(),
        &generate(&without, &branch).unwrap(),
    );
}

#[test]
fn a_job_broken_off_anywhere_leaves_nothing_wrong_behind() {
    let file = TinyModel::new();
    let (without, with) = (tiny(&file, 1, 0, 1), tiny(&file, 1, 1 << 20, 2));
    let whole = job((1..200).collect(), 30);
    let want = generate(&without, &whole).unwrap();
    for stop in [1, 2, 3, 9, 25] {
        let mut left = stop;
        let broken = with.generate(&whole, &mut |_: Progress<'_>| {
            left -= 1;
            match left {
                0 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        });
        assert_eq!(broken.unwrap_err(), JobError::Cancelled);
        same(&generate(&with, &whole).unwrap(), &want);
    }
}

/// An engine that brings the model's logits and nothing of its own.
#[derive(Debug)]
struct Plain(Model);

impl Engine for Plain {
    fn about(&self) -> About {
        self.0.about()
    }

    fn tokenizer(&self) -> &Tokenizer {
        self.0.tokenizer()
    }

    fn open(&self, positions: usize) -> Result<Box<dyn Logits + '_>, JobError> {
        Engine::open(&self.0, positions)
    }
}

#[test]
fn what_every_engine_has_in_common_gives_what_the_shared_steps_give() {
    let file = TinyModel::new();
    let (shared, plain) = (tiny(&file, 2, 1 << 20, 3), Plain(tiny(&file, 1, 0, 1)));
    for length in [1, 64, 150] {
        let job = job((7..7 + length).collect(), 20);
        let want = plain.generate(&job, &mut |_| ControlFlow::Continue(()));
        same(&generate(&shared, &job).unwrap(), &want.unwrap());
    }
}
