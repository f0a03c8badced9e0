//! The contract against a shadow ledger: random games of honest and hostile actors over every message,
//! compared after each operation (protocol, section 12: invariants 1 to 4, 11, 12 and 14).

mod acts;
mod chance;
mod compare;
mod game;
mod ledger;
mod liveness;
mod plants;
mod receivers;
mod runs;
mod seen;
mod tally;
mod world;
