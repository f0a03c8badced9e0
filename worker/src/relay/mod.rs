//! Votes on their way to the chain: the posting policy, and the endpoint where others hand theirs over.

mod desk;
mod intake;

pub use desk::{Board, Decision, Desk, HURRY, Half, Item, LEADER_WAITS, MEMBER_WAITS, Seat};
pub use intake::{Intake, Member, RoundBoard, Verdict};
