//! What a transformer block is made of: the differences between the families, as data.

use crate::rope::Pairing;

/// The parts of a block, and of what stands before the first and after the last one.
///
/// [`crate::family`] has one for each family; the executor in [`crate::transformer`] runs any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// The norm before attention, before the feed-forward part and before the head.
    pub norm: NormKind,
    /// How queries, keys and values are made.
    pub qkv: Qkv,
    /// A root-mean-square norm on each head of queries and keys, before the rotation.
    pub head_norms: bool,
    /// How heads are rotated; `None` leaves them.
    pub rotation: Option<Pairing>,
    /// A bias on the output of attention.
    pub output_bias: bool,
    /// A norm on each part's result before it is added to the residual vector.
    pub post_norms: bool,
    /// The feed-forward part.
    pub feed_forward: FeedForward,
    /// A learned vector for each position is added to the embedding.
    pub learned_positions: bool,
}

/// Norms of CN-1 section 5.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormKind {
    /// `rmsnorm`: weights only.
    Rms,
    /// `layernorm`: weights and biases.
    Layer,
}

/// Tensors of queries, keys and values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Qkv {
    /// `attn_q`, `attn_k`, `attn_v`.
    Split,
    /// The same with a bias each.
    SplitBiased,
    /// One `attn_qkv` with a bias: the rows of q, then k, then v.
    FusedBiased,
}

impl Qkv {
    /// True if the products have biases.
    #[must_use]
    pub const fn biased(self) -> bool {
        matches!(self, Self::SplitBiased | Self::FusedBiased)
    }
}

/// Feed-forward parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedForward {
    /// `down(silu(gate(a)) * up(a))`.
    SwiGlu,
    /// `down(gelu(gate(a)) * up(a))`.
    GeGlu,
    /// `down(gelu(up(a)))`, both products with a bias.
    Gelu,
}

impl FeedForward {
    /// True if there is a gate.
    #[must_use]
    pub const fn gated(self) -> bool {
        !matches!(self, Self::Gelu)
    }
}
