//! What a chain charges for: wasmd 0.61.14 with its default gas register, on the default store
//! prices of Cosmos SDK 0.53. All figures are SDK gas.

/// Gas of the virtual machine in one of the chain's.
pub const MULTIPLIER: u64 = 140_000;
/// Loading the contract for one call (`DefaultInstanceCost`).
pub const INSTANCE: u64 = 60_000;
/// The same when its code is pinned in memory (`DefaultInstanceCostDiscount`).
pub const INSTANCE_PINNED: u64 = 2_000;
/// Bytes that every key gets in the chain's own tree: a tag and the contract's address.
pub const KEY_PREFIX: u64 = 33;

/// A read: flat, and for each byte of key and value (`storetypes.KVGasConfig`).
pub const READ: u64 = 1_000;
/// See [`READ`].
pub const READ_BYTE: u64 = 3;
/// A write, flat.
pub const WRITE: u64 = 2_000;
/// A byte of a key or value written.
pub const WRITE_BYTE: u64 = 30;
/// A removal.
pub const DELETE: u64 = 1_000;
/// A step of an iterator; the entry it stands on is charged as bytes read, both when the iterator is
/// made and at each step.
pub const NEXT: u64 = 30;

/// `addr_humanize` and `addr_canonicalize`, in the machine's gas (`costHumanize`, `costCanonical`).
pub const HUMANIZE: u64 = 5 * MULTIPLIER;
/// See [`HUMANIZE`].
pub const CANONICALIZE: u64 = 4 * MULTIPLIER;
/// `addr_validate` does both.
pub const VALIDATE: u64 = HUMANIZE + CANONICALIZE;

/// A byte of the contract's answer, read by the chain (`DefaultDeserializationCostPerByte`).
pub const RESULT_BYTE: u64 = 1;
/// An event of the contract's own (`DefaultPerCustomEventCost`).
pub const EVENT: u64 = 20;
/// An attribute (`DefaultPerAttributeCost`).
pub const ATTRIBUTE: u64 = 10;
/// A byte of an event's type, of a key or of a value (`DefaultEventAttributeDataCost`).
pub const EVENT_BYTE: u64 = 1;
/// Bytes of attributes that are free (`DefaultEventAttributeDataFreeTier`); types are not.
pub const FREE_BYTES: u64 = 100;

/// A byte of the transaction (`TxSizeCostPerByte`).
pub const TX_BYTE: u64 = 10;
/// Everything of a transaction with one message that does not depend on the contract: its signature,
/// account, fee, the other bytes of its envelope, the records of contract and code. Measured on wasmd
/// 0.61.14: the least execute there is takes 58,528 pinned, of which 2,000 load the contract, 110 are
/// the message's bytes, and about 120 a contract that does nothing.
pub const TRANSACTION: u64 = 56_300;
/// Attaching a coin to a message: a transfer by the bank, 115,162 of 134,562 gas there.
pub const COIN: u64 = 19_400;
/// Sending a coin out of the contract; a withdrawal there took 24,400 more than the least execute.
pub const SEND: u64 = 20_000;
/// Burning a coin of the contract, taken as dear as sending it.
pub const BURN: u64 = 20_000;
