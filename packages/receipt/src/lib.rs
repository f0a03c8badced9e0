//! Receipts: one document that proves how an answer was agreed, with nothing but the document at hand
//! (receipts).
//!
//! [`Receipt`] is the document in its one spelling, [`check()`] everything that can be said of it offline.
//! Whether it happened on the chain it names is asked of that chain, by a client. No I/O here.

mod address;
mod check;
mod course;
mod document;
mod tx;

pub use address::canonical;
pub use check::{Check, Report, VERDICT, check, check_receipt};
pub use course::{Course, Standing};
pub use document::{
    AbsentPrompt, MAX_RECEIPT_BYTES, Member, PromptBlock, Receipt, ReceiptFault, Round, Status,
    Tag, Task,
};
pub use tx::{Tx, TxHash, What};
