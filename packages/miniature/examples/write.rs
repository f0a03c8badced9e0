//! Writes the gallery of small models into a folder, one GGUF file each, for other programs.
//!
//! `cargo run -p antiphon-miniature --example write FOLDER`
#![allow(
    clippy::print_stdout,
    reason = "a tool at hand: it lists what it has written"
)]

use antiphon_miniature::Miniature;
use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    let usage = || std::io::Error::other("got no folder, want one: write FOLDER");
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or_else(usage)?);
    std::fs::create_dir_all(&folder)?;
    for model in Miniature::gallery() {
        let (path, bytes) = (folder.join(format!("{}.gguf", model.name)), model.bytes());
        std::fs::write(&path, &bytes)?;
        println!("{} {} bytes", path.display(), bytes.len());
    }
    Ok(())
}
