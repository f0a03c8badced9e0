//! What the contract keeps: private records behind verbs, all keys in `keys`.

pub(crate) mod answers;
pub(crate) mod beacon;
pub(crate) mod books;
pub(crate) mod cache;
pub(crate) mod callbacks;
pub(crate) mod carried;
pub(crate) mod config;
mod keys;
pub(crate) mod members;
pub(crate) mod meter;
pub(crate) mod models;
pub(crate) mod owner;
pub(crate) mod phases;
pub(crate) mod ratings;
pub(crate) mod record;
pub(crate) mod rounds;
pub(crate) mod seats;
pub(crate) mod summaries;
pub(crate) mod tally;
pub(crate) mod tasks;
pub(crate) mod workers;

#[cfg(test)]
mod tests;
