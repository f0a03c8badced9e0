//! Starts and stops the whole local network: chain, beacon, contract, workers
