//! GGUF preflight, tokenizer, chat templates and the CN-1 engine.

pub mod child;
pub mod decode;
pub mod gguf;
pub mod golden;
mod job;
mod map;
mod model;
mod packed;
mod pool;
mod self_test;
pub mod template;
pub mod tokenizer;
pub mod trace;

pub use antiphon_numerics::{Kernel, NumericError};
pub use job::{Generation, Input, Job, JobError, Progress, Seconds};
pub use model::{FileHash, LoadError, Model, Options};
pub use packed::{PackedFault, Placement};
pub use self_test::{SelfTestError, self_test};
