//! What auditors find in CosmWasm contracts: the ten challenges of Oak Security's capture-the-flag of
//! 2023 and the six of their Dojo, each tried here, in `audits::ctf` and `audits::dojo`.

mod ctf;
mod dojo;
