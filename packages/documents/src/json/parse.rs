//! From text to values: the grammar of RFC 8259, and nothing beside it.

use super::{JsonError, Value, is_digits, is_integer};

/// Reads one document and the white space around it.
pub(super) fn document(bytes: &[u8], max_depth: u32) -> Result<Value, JsonError> {
    let text = std::str::from_utf8(bytes).map_err(|error| JsonError {
        what: "bytes that are not UTF-8",
        at: error.valid_up_to(),
    })?;
    let mut parser = Parser { text, rest: text };
    let value = parser.value(max_depth)?;
    parser.skip_space();
    if parser.rest.is_empty() {
        Ok(value)
    } else {
        Err(parser.error("bytes after the document"))
    }
}

fn is_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    is_integer(whole)
        && fraction.is_none_or(is_digits)
        && exponent
            .is_none_or(|digits| is_digits(digits.strip_prefix(['+', '-']).unwrap_or(digits)))
}

struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
}

impl<'a> Parser<'a> {
    const fn error(&self, what: &'static str) -> JsonError {
        JsonError {
            what,
            at: self.text.len().saturating_sub(self.rest.len()),
        }
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    /// Consumes white space and then `token`, if it is next.
    fn eat(&mut self, token: &str) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, token: &str, missing: &'static str) -> Result<(), JsonError> {
        if self.eat(token) {
            Ok(())
        } else {
            Err(self.error(missing))
        }
    }

    /// Consumes as many characters as `accept` holds for.
    fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
        let end = self
            .rest
            .find(|char| !accept(char))
            .unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn value(&mut self, depth: u32) -> Result<Value, JsonError> {
        self.skip_space();
        match self.rest.bytes().next() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ if self.eat("null") => Ok(Value::Null),
            _ if self.eat("true") => Ok(Value::Bool(true)),
            _ if self.eat("false") => Ok(Value::Bool(false)),
            _ => Err(self.error("no value")),
        }
    }

    fn array(&mut self, depth: u32) -> Result<Value, JsonError> {
        let inner = self.deeper(depth)?;
        self.expect("[", "no '['")?;
        let mut items = Vec::new();
        if self.eat("]") {
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value(inner)?);
            if self.eat("]") {
                return Ok(Value::Array(items));
            }
            self.expect(",", "neither ',' nor ']'")?;
        }
    }

    fn object(&mut self, depth: u32) -> Result<Value, JsonError> {
        let inner = self.deeper(depth)?;
        self.expect("{", "no '{'")?;
        let mut fields = Vec::new();
        if self.eat("}") {
            return Ok(Value::Object(fields));
        }
        loop {
            self.skip_space();
            let key = self.string()?;
            self.expect(":", "no ':'")?;
            fields.push((key, self.value(inner)?));
            if self.eat("}") {
                return Ok(Value::Object(fields));
            }
            self.expect(",", "neither ',' nor '}'")?;
        }
    }

    fn deeper(&self, depth: u32) -> Result<u32, JsonError> {
        depth
            .checked_sub(1)
            .ok_or_else(|| self.error("containers nested too deep"))
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let start = self.rest;
        let text = self.take_while(|char| matches!(char, '0'..='9' | '+' | '-' | '.' | 'e' | 'E'));
        if is_number(text) {
            return Ok(Value::Number(text.to_owned()));
        }
        self.rest = start;
        Err(self.error("a malformed number"))
    }

    fn string(&mut self) -> Result<String, JsonError> {
        // No white space here: `eat` would skip it.
        let Some(rest) = self.rest.strip_prefix('"') else {
            return Err(self.error("no '\"'"));
        };
        self.rest = rest;
        let mut text = String::new();
        loop {
            text.push_str(self.take_while(|char| char >= ' ' && char != '"' && char != '\\'));
            let mut next = self.rest.chars();
            match next.next() {
                Some('"') => {
                    self.rest = next.as_str();
                    return Ok(text);
                }
                Some('\\') => {
                    self.rest = next.as_str();
                    text.push(self.escape()?);
                }
                Some(_) => return Err(self.error("a raw control character in a string")),
                None => return Err(self.error("the end inside a string")),
            }
        }
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Result<char, JsonError> {
        let mut next = self.rest.chars();
        let char = match next.next() {
            Some(char @ ('"' | '\\' | '/')) => char,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => {
                self.rest = next.as_str();
                return self.unicode();
            }
            _ => return Err(self.error("an unknown escape")),
        };
        self.rest = next.as_str();
        Ok(char)
    }

    /// What follows `\u`: a character, or the first half of a pair and then the other.
    fn unicode(&mut self) -> Result<char, JsonError> {
        let first = self.hex4()?;
        if let Some(char) = char::from_u32(first.into()) {
            return Ok(char);
        }
        let Some(rest) = self.rest.strip_prefix("\\u") else {
            return Err(self.error("a lone surrogate"));
        };
        self.rest = rest;
        let second = self.hex4()?;
        match char::decode_utf16([first, second]).next() {
            Some(Ok(char)) => Ok(char),
            _ => Err(self.error("a lone surrogate")),
        }
    }

    fn hex4(&mut self) -> Result<u16, JsonError> {
        let digits = self
            .rest
            .get(..4)
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|digits| u16::from_str_radix(digits, 16).ok());
        match (digits, self.rest.get(4..)) {
            (Some(unit), Some(rest)) => {
                self.rest = rest;
                Ok(unit)
            }
            _ => Err(self.error("no four hex digits after \\u")),
        }
    }
}
