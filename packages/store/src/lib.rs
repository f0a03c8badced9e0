//! Blocks and models on disk, fetcher, trustless gateway
