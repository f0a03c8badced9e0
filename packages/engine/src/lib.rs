//! GGUF preflight, tokenizer, chat templates, and what engines have in common; the CN-1 engine.

pub mod answer;
pub mod child;
pub mod decode;
mod engine;
mod file;
pub mod golden;
mod job;
mod map;
mod model;
mod packed;
mod pool;
mod profile;
mod self_test;
pub mod template;
pub mod tokenizer;
pub mod trace;

pub use antiphon_gguf::{self as gguf, network};
pub use antiphon_numerics::{Kernel, NumericError, Transformer};
pub use engine::{About, CN_1, Engine, EngineKind, Load, find};
pub use file::ModelFile;
pub use job::{Generation, Input, Job, JobError, Progress, Report, Seconds};
pub use model::{FileHash, JOBS, LoadError, Model, Options, PREFIX_BYTES};
pub use packed::{PackedFault, Placement};
pub use profile::{Part, Profile};
pub use self_test::{SelfTestError, self_test, self_tests};
