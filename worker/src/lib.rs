//! The worker: a Cosmos sidecar that answers tasks and votes
