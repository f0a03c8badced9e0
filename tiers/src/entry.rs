//! How a module without a system is called: words and a file come into its memory, a line goes out.
//!
//! The caller asks for room, writes bytes there, and calls; it gets the place and length of the text.
//! Numbers are all that crosses the border, so no generated glue is needed.
#![allow(
    unsafe_code,
    reason = "the names of exported functions: the attribute is unsafe because two functions of one \
              name would clash, and there are no others; no unsafe block is in this file"
)]

use std::sync::Mutex;

/// What crosses the border.
#[derive(Default)]
struct Border {
    words: Vec<u8>,
    file: Vec<u8>,
    text: Vec<u8>,
    fine: bool,
}

static BORDER: Mutex<Border> = Mutex::new(Border {
    words: Vec::new(),
    file: Vec::new(),
    text: Vec::new(),
    fine: false,
});

/// Calls with the border; nothing here runs twice at once, so the lock is free.
fn at_border<R: Default>(f: impl FnOnce(&mut Border) -> R) -> R {
    BORDER
        .lock()
        .map(|mut border| f(&mut border))
        .unwrap_or_default()
}

/// Room for the words of a command; gives its address.
#[unsafe(no_mangle)]
pub extern "C" fn words_room(len: usize) -> usize {
    at_border(|border| {
        border.words = vec![0; len];
        border.words.as_mut_ptr() as usize
    })
}

/// Room for the model's file, which stays for later commands; gives its address.
#[unsafe(no_mangle)]
pub extern "C" fn file_room(len: usize) -> usize {
    at_border(|border| {
        border.file = vec![0; len];
        border.file.as_mut_ptr() as usize
    })
}

/// Runs the command in the words; 1 if it went well.
#[unsafe(no_mangle)]
pub extern "C" fn run_words() -> u32 {
    let (words, file) = at_border(|border| (border.words.clone(), border.file.clone()));
    let text = String::from_utf8_lossy(&words);
    let words: Vec<&str> = text.split_whitespace().collect();
    let done = crate::run(&words, || Ok(file));
    at_border(|border| {
        border.fine = done.is_ok();
        border.text = done.unwrap_or_else(|text| text).into_bytes();
        u32::from(border.fine)
    })
}

/// Address of the text of the last command.
#[unsafe(no_mangle)]
pub extern "C" fn text_at() -> usize {
    at_border(|border| border.text.as_ptr() as usize)
}

/// Its length.
#[unsafe(no_mangle)]
pub extern "C" fn text_len() -> usize {
    at_border(|border| border.text.len())
}
