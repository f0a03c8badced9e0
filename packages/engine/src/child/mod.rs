//! The engine as a child process: JSON lines on standard input and output.
//!
//! A worker runs untrusted model bytes in a child, which it can limit, kill and start again. Each
//! request is one line; each reply is one line that repeats the request's id. A request ends with
//! exactly one reply that is not `progress`. Jobs of a loaded model are computed together, up to
//! the number that `loaded` tells, and end in any order; every other request waits until no job
//! runs, and is served alone. At the end of the input the child ends.

mod jobs;
mod messages;
mod serve;

pub use messages::{
    Action, Failure, GenerateRequest, Generated, GoldenRequest, InputMsg, LoadRequest, Loaded,
    Outcome, ProgressMsg, Reply, Reproduced, Request, SamplingMsg, SecondsMsg, SelfTestRequest,
    SelfTested,
};
pub use serve::{LINE_LIMIT, serve, serve_cancellable};
