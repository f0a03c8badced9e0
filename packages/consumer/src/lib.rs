//! For contracts that ask questions.
//!
//! 1. Build an [`Ask`]; send its [`Ask::message`] as a submessage with `reply_on_success`.
//! 2. In `reply`, [`Questions::asked`] notes the task's id with whatever you want to know later.
//! 3. Receive `antiphon_answer`: [`Questions::answered`] refuses everybody but the Antiphon contract and
//!    every task that is not yours, and gives back what you noted, once.
//!
//! The prompt travels inside the message, so nothing has to be uploaded, and `unavailable` cannot be
//! the outcome. The answer comes at the end of the task in a message of its own; whoever delivers it
//! earns a small fee that is taken with the escrow. What is left of the escrow stays in the caller's balance
//! at the Antiphon contract, pays for later questions, and comes back by [`withdraw`]. `contracts/example-caller` is a whole caller.

mod ask;
mod questions;
#[cfg(feature = "testing")]
pub mod testing;

pub use antiphon_api::{AntiphonAnswer, CallbackOutcome, ReceiverMsg};
pub use antiphon_documents::{Message, Prompt, Role, Sampling};
pub use ask::{Ask, AskError, withdraw};
pub use questions::{AnswerError, Questions};
