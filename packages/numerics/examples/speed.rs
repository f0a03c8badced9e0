//! Tokens per second on random weights of SmolLM2-135M's shape: prefill of 512, decode of 64.
//!
//! `cargo run --release -p antiphon-numerics --example speed [rounds [kernel ...]]` prints the best of
//! some rounds for 1 and 2 threads, of the fastest kernel or of those named. Figures of a machine that
//! does other work are too low.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "a measuring program: it prints, reads the clock, brings its own threads, and may panic"
)]

use antiphon_numerics::family::Numbers;
use antiphon_numerics::{
    Cache, Config, Executor, Family, Kernel, LayerWeights, Linear, Matrix, Projections, Serial,
    TensorType, Transformer, Weights,
};
use std::hint::black_box;
use std::time::Instant;

const PREFILL: usize = 512;
const DECODE: usize = 64;

fn main() {
    let mut args = std::env::args().skip(1);
    let rounds = args.next().map_or(5, |rounds| rounds.parse().unwrap());
    let named: Vec<Kernel> = args.map(|name| name.parse().unwrap()).collect();
    match named[..] {
        [] => measure(Kernel::detect(), rounds),
        _ => named.iter().for_each(|&kernel| measure(kernel, rounds)),
    }
}

/// Weights that a token of decode reads: Q4_1 of the layers, Q8_0 of the head.
fn weight_bytes() -> usize {
    let c = config();
    let layer = c.width * (2 * c.query_width() + 2 * c.kv_width() + 3 * c.ffn);
    c.layers * layer / 32 * 20 + c.vocab * c.width / 32 * 34
}

/// Reads as many bytes as a token of decode does, and no more: the bound of decode.
fn reading(rounds: usize) {
    let words = vec![1_u64; weight_bytes() / 8];
    let mut best = Best::default();
    for _ in 0..rounds {
        best.time(8, || {
            for _ in 0..8 {
                black_box(words.iter().fold(0, |a: u64, b| a ^ b));
            }
        });
    }
    println!(
        "reading the weights alone, 1 thread: {:.0} (by processor time {:.0})",
        best.clock, best.processor
    );
}

fn measure(kernel: Kernel, rounds: usize) {
    let model = Transformer::new(config(), weights(kernel), kernel).unwrap();
    println!(
        "kernel {}, best of {rounds} rounds, tokens per second",
        kernel.name()
    );
    report(&model, &Serial, rounds);
    reading(4 * rounds);
    let pool = rayon_core::ThreadPoolBuilder::new().num_threads(2).build();
    pool.unwrap().install(|| report(&model, &Joined, rounds));
}

fn report(model: &Transformer, exec: &dyn Executor, rounds: usize) {
    let (mut prefill, mut decode) = (Best::default(), Best::default());
    for _ in 0..rounds {
        let mut cache = Cache::new(model.config(), PREFILL + DECODE);
        let prompt: Vec<u32> = (0..PREFILL as u32).map(|i| i * 7919 % 49152).collect();
        prefill.time(PREFILL, || {
            model.forward(&mut cache, &prompt, exec).unwrap();
        });
        cache.truncate(32);
        let mut logits = Vec::new();
        decode.time(DECODE, || {
            for token in &prompt[..DECODE] {
                model
                    .forward_into(&mut cache, &[*token], exec, &mut logits)
                    .unwrap();
            }
        });
    }
    let threads = exec.threads();
    print!(
        "{threads} thread(s): prefill {:.0}, decode {:.0}",
        prefill.clock, decode.clock
    );
    match threads {
        1 => println!(
            " (by processor time {:.0}, {:.0})",
            prefill.processor, decode.processor
        ),
        _ => println!(),
    }
}

/// Greatest tokens per second of some rounds.
#[derive(Default)]
struct Best {
    clock: f64,
    /// By the time that this thread ran, which other work disturbs less; 0 where it is not told.
    processor: f64,
}

impl Best {
    fn time(&mut self, tokens: usize, f: impl FnOnce()) {
        let (start, ran) = (Instant::now(), processor_seconds());
        f();
        let (clock, ran) = (start.elapsed().as_secs_f64(), processor_seconds() - ran);
        self.clock = self.clock.max(tokens as f64 / clock);
        if ran > 0.0 {
            self.processor = self.processor.max(tokens as f64 / ran);
        }
    }
}

/// Seconds that this thread has run on a processor, as Linux tells.
fn processor_seconds() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = told.split(' ').next().and_then(|ran| ran.parse().ok());
    nanoseconds.unwrap_or(0.0) / 1e9
}

/// Executes on the current rayon pool, as the engine does.
struct Joined;

impl Executor for Joined {
    fn threads(&self) -> usize {
        rayon_core::current_num_threads()
    }

    fn run(&self, tasks: usize, f: &(dyn Fn(usize) + Sync)) {
        halves(0, tasks, f);
    }
}

/// Calls `f` for `from..to`; idle threads may take a half.
fn halves(from: usize, to: usize, f: &(dyn Fn(usize) + Sync)) {
    if to - from < 2 {
        (from..to).for_each(f);
    } else {
        let middle = from + (to - from).div_ceil(2);
        rayon_core::join(|| halves(from, middle, f), || halves(middle, to, f));
    }
}

/// The numbers of SmolLM2-135M.
fn config() -> Config {
    Family::Llama.config(&Numbers {
        layers: 30,
        width: 576,
        heads: 9,
        kv_heads: 3,
        head_dim: 64,
        ffn: 1536,
        vocab: 49152,
        context: 2048,
        eps: 1e-5,
        rope_dim: 64,
        rope_base: Some(100_000.0),
        rope_local_base: None,
        rope_linear: None,
        rope_factors: None,
        window: None,
    })
}

fn weights(kernel: Kernel) -> Weights {
    let c = config();
    let mut noise = Noise(1);
    let mut q4_1 = |rows, cols| Linear::from(noise.matrix(kernel, TensorType::Q4_1, rows, cols));
    let layers = (0..c.layers).map(|_| LayerWeights {
        attn_norm: vec![1.0; c.width].into(),
        qkv: Projections::Split {
            q: q4_1(c.query_width(), c.width),
            k: q4_1(c.kv_width(), c.width),
            v: q4_1(c.kv_width(), c.width),
        },
        q_norm: None,
        k_norm: None,
        o: q4_1(c.width, c.query_width()),
        post_attn_norm: None,
        ffn_norm: vec![1.0; c.width].into(),
        gate: Some(q4_1(c.ffn, c.width)),
        up: q4_1(c.ffn, c.width),
        down: q4_1(c.width, c.ffn),
        post_ffn_norm: None,
    });
    Weights {
        layers: layers.collect(),
        positions: None,
        embedding: noise.matrix(kernel, TensorType::Q8_0, c.vocab, c.width),
        output_norm: vec![1.0; c.width].into(),
        head: None,
    }
}

/// Pseudo-random bytes.
struct Noise(u64);

impl Noise {
    fn byte(&mut self) -> u8 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 24) as u8
    }

    /// Random quants with scale 2^-6, and minimum -2^-3 to centre nibbles.
    fn matrix(&mut self, kernel: Kernel, ty: TensorType, rows: usize, cols: usize) -> Matrix {
        let len = ty.row_bytes(cols).unwrap() * rows;
        let mut bytes: Vec<u8> = (0..len).map(|_| self.byte()).collect();
        for block in bytes.chunks_exact_mut(ty.block_bytes()) {
            block[..2].copy_from_slice(&0x2400_u16.to_le_bytes());
            if ty == TensorType::Q4_1 {
                block[2..4].copy_from_slice(&0xb000_u16.to_le_bytes());
            }
        }
        Matrix::pack(kernel, ty, rows, cols, &bytes).unwrap()
    }
}
