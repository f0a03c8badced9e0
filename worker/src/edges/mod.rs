//! The real edges behind the traits of [`crate::ports`].

mod beacon;
mod chain;
mod child;
mod content;
mod engine;
mod peers;
mod space;

pub use beacon::Drand;
pub use chain::ContractPort;
pub use content::StorePort;
pub use engine::{ChildInference, EngineOptions};
pub use peers::HttpPeers;
