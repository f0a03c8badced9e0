//! Cosmos client: JSON-RPC, keys, signing, transactions, block stream
