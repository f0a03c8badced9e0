//! The protocol's rules as pure functions over plain values: no storage, no clock, no chain.
//!
//! The contract, the worker's pre-flight checks and the clients' verifiers call the same functions,
//! so they cannot disagree. Amounts are `u128` in the one denom; divisions round down as written.

pub mod beacon;
pub mod conduct;
pub mod draw;
pub mod fees;
pub mod life;
pub mod meter;
pub mod names;
pub mod rounds;
pub mod security;
pub mod settle;
pub mod stake;
pub mod windows;

pub use beacon::{Schedule, beacon_message};
pub use conduct::{Act, Conduct, Ending, Outcome};
pub use draw::{DrawInput, DrawResult, SeatView, draw};
pub use fees::{LockRule, Price, seat_lock};
pub use names::Names;
pub use settle::{Settlement, settle};
pub use stake::Stake;

/// The result of a formula does not fit its machine type.
///
/// Within the protocol's bounds of prices, limits and round sizes this cannot happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error(
    "got values whose {0} leaves its range, want prices, limits and times within the protocol's \
     bounds; check what was registered"
)]
pub struct Overflow(pub &'static str);

#[cfg(test)]
mod tests;
