//! Names of control tokens: what a template writes as an id, or what ends an answer.

/// Every control token of cn-1.md 9.4. A file may list one of them as user defined (type 4), which
/// section 9.3 would look for in texts; a name on this list is never looked for, so that no user's
/// text becomes a control token.
pub const CONTROL_NAMES: [&str; 17] = [
    "<|im_start|>",
    "<|im_end|>",
    "<|endoftext|>",
    "<think>",
    "</think>",
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<s>",
    "</s>",
    "<bos>",
    "<eos>",
    "<start_of_turn>",
    "<end_of_turn>",
];

/// Whether a template or END names this token.
pub(super) fn is_control(text: &str) -> bool {
    CONTROL_NAMES.contains(&text)
}
