//! GGUF preflight, tokenizer, chat templates and the CN-1 engine
