//! The second engine: stock candle kernels behind [`antiphon_engine::Engine`].
//!
//! It serves manifests whose `numerics` is [`NUMERICS`]. Candle chooses its inner loops by the
//! processor it finds, so two machines may give other bits for the same file: a worker takes a seat
//! only after it has reproduced the golden answers here. Everything but the logits (preflight,
//! tokenizer, templates, choice of tokens, stop rules, trace) is the code of the CN-1 engine.
//!
//! `environment` is what must hold before candle is used, `model` loads and answers.

mod environment;
mod model;

pub use environment::threads;
pub use model::CandleModel;

use antiphon_engine::{CN_1, EngineKind};

/// The `numerics` of a manifest that this engine computes: the linked version, to the letter.
pub const NUMERICS: &str = "candle-0.11.1";

/// This engine, for a program that loads models.
pub const CANDLE: EngineKind = EngineKind {
    numerics: NUMERICS,
    load: |path, options| Ok(Box::new(CandleModel::load(path, options)?)),
};

/// The engines of our programs.
pub const ENGINES: [EngineKind; 2] = [CN_1, CANDLE];
