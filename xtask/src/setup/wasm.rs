//! What a chain's virtual machine refuses, found here instead of at the upload.
//!
//! Reads just enough of the binary format: sections, imports, and the local variables of each function.

use crate::error::{Error, Result};

/// Most local variables of one function, parameters left out (the chain's static limit).
const MAX_LOCALS: u64 = 100;
const MAX_IMPORTS: u64 = 100;
const MAX_FUNCTIONS: u64 = 20_000;

const IMPORTS: u8 = 2;
const CODE: u8 = 10;
const HEADER: &[u8] = b"\0asm\x01\0\0\0";

/// What the limits are about.
#[derive(Debug, Default, PartialEq, Eq)]
struct Figures {
    imports: u64,
    functions: u64,
    locals: u64,
    /// The function with the most of them, counted without imports.
    with_most: usize,
}

/// Refuses a module that no chain takes.
///
/// # Errors
/// It is no wasm, or beyond a limit; the text names both.
pub(super) fn check(module: &[u8]) -> Result<()> {
    let figures = read(module).ok_or_else(|| {
        Error::Unavailable("the contract's file is no wasm: build it again".to_owned())
    })?;
    let most = format!("local variables of function {}", figures.with_most);
    let limits = [
        (most.as_str(), figures.locals, MAX_LOCALS),
        ("imports", figures.imports, MAX_IMPORTS),
        ("functions", figures.functions, MAX_FUNCTIONS),
    ];
    match limits.into_iter().find(|(_, got, limit)| got > limit) {
        None => Ok(()),
        Some((what, got, limit)) => Err(Error::Mismatch {
            what: format!("{what} of the contract"),
            got: got.to_string(),
            want: format!("at most {limit}"),
            remedy: "the chain refuses it: split the function, or keep a callee from being inlined"
                .to_owned(),
        }),
    }
}

fn read(module: &[u8]) -> Option<Figures> {
    let mut rest = Bytes(module.strip_prefix(HEADER)?);
    let mut figures = Figures::default();
    while !rest.0.is_empty() {
        let id = rest.byte()?;
        let mut section = rest.sized()?;
        match id {
            IMPORTS => figures.imports = section.number()?,
            CODE => code(section, &mut figures)?,
            _ => {}
        }
    }
    Some(figures)
}

fn code(mut section: Bytes<'_>, figures: &mut Figures) -> Option<()> {
    figures.functions = section.number()?;
    for index in 0..usize::try_from(figures.functions).ok()? {
        let mut body = section.sized()?;
        let mut locals = 0_u64;
        for _ in 0..body.number()? {
            locals = locals.checked_add(body.number()?)?;
            body.byte()?; // their type
        }
        if locals > figures.locals {
            (figures.locals, figures.with_most) = (locals, index);
        }
    }
    Some(())
}

/// What is left to read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// LEB128, at most 64 bits.
    fn number(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// A length and so many bytes.
    fn sized(&mut self) -> Option<Bytes<'a>> {
        let length = usize::try_from(self.number()?).ok()?;
        let (head, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(Bytes(head))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module of one function with this many locals of one type (below 128).
    fn module(locals: u8) -> Vec<u8> {
        let body = [1, locals, 0x7f, 0x0b];
        let code = [&[1, 4], &body[..]].concat();
        [HEADER, &[IMPORTS, 1, 0], &[CODE, 6], &code].concat()
    }

    #[test]
    fn locals_are_counted() {
        let figures = Figures {
            functions: 1,
            locals: 100,
            ..Figures::default()
        };
        assert_eq!(read(&module(100)).unwrap(), figures);
        assert!(check(&module(100)).is_ok());
    }

    #[test]
    fn a_function_with_too_many_locals_is_named() {
        let text = check(&module(107)).unwrap_err().to_string();
        assert!(
            text.contains("function 0") && text.contains("got 107"),
            "{text}"
        );
    }

    #[test]
    fn bytes_that_are_no_wasm_are_refused() {
        assert!(check(b"not wasm").is_err());
        let whole = module(3);
        for cut in HEADER.len() + 1..whole.len() {
            if cut != HEADER.len() + 3 {
                assert!(check(&whole[..cut]).is_err(), "cut at {cut}");
            }
        }
    }

    #[test]
    fn long_numbers_are_read() {
        assert_eq!(Bytes(&[0xe5, 0x8e, 0x26]).number(), Some(624_485));
        assert_eq!(Bytes(&[0xff; 11]).number(), None);
    }
}
