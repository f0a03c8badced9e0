//! Lets the linker leave the chain's host functions undefined: Rust 1.96 stopped doing so by itself.

fn main() {
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
        emit("cargo::rustc-link-arg-cdylib=--allow-undefined");
    }
    emit("cargo::rerun-if-changed=build.rs");
}

#[allow(
    clippy::print_stdout,
    reason = "a build script speaks to Cargo on stdout"
)]
fn emit(line: &str) {
    println!("{line}");
}
