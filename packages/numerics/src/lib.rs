//! CN-1: canonical numerics for bit-identical inference
