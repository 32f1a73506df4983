//! Objects of a PDF (ISO 32000-1, 7.2 and 7.3) out of a slice of its bytes.
//!
//! Only what the structure needs is kept: strings, real numbers and truth values become [`Value::Other`].

/// Nesting of arrays and dictionaries.
const MAX_DEPTH: usize = 64;
/// Values of one object; each takes up to 64 bytes of memory.
const MAX_VALUES: usize = 1 << 20;

/// An object, as far as the structure needs it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Int(i64),
    Name(Box<[u8]>),
    /// A reference to an object by its number; generations are not told apart.
    Ref(u32),
    Array(Vec<Value>),
    Dict(Dict),
    Other,
}

/// A dictionary in the order of the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Dict(Vec<(Box<[u8]>, Value)>);

impl Dict {
    /// Returns the value of a key. Of equal keys the last counts, as in most readers.
    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().rev().find(|(name, _)| **name == *key.as_bytes()).map(|(_, value)| value)
    }

    /// Returns a whole number that is not negative.
    pub(super) fn number(&self, key: &str) -> Option<u64> {
        self.get(key)?.number()
    }

    /// Tells whether the value of a key is a name.
    pub(super) fn is(&self, key: &str, name: &str) -> bool {
        matches!(self.get(key), Some(Value::Name(found)) if **found == *name.as_bytes())
    }
}

impl Value {
    pub(super) fn number(&self) -> Option<u64> {
        match self {
            Self::Int(n) => u64::try_from(*n).ok(),
            _ => None,
        }
    }
}

/// Why there is no object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bad {
    /// The slice ends within the object.
    Short,
    /// There is something else.
    Wrong(&'static str),
    /// There is more of it than is read.
    TooMuch(&'static str),
}

/// An object with its number, and where the bytes of its stream begin in the slice.
#[derive(Debug)]
pub(super) struct Indirect {
    pub(super) number: u32,
    pub(super) value: Value,
    pub(super) stream: Option<usize>,
}

/// Reads objects out of a slice.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    bytes: &'a [u8],
    pub(super) at: usize,
    left: usize,
}

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b'\0' | b'\t' | b'\n' | b'\x0c' | b'\r' | b' ')
}

pub(super) fn is_regular(byte: u8) -> bool {
    !is_space(byte) && !matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

/// Reads a whole number of ASCII digits.
pub(super) fn number(word: &[u8]) -> Option<u64> {
    if word.is_empty() || word.len() > 19 || !word.iter().all(u8::is_ascii_digit) {
        return None;
    }
    word.iter().try_fold(0u64, |n, digit| n.checked_mul(10)?.checked_add(u64::from(digit - b'0')))
}

/// Reads one object, wherever its bytes are.
pub(super) fn value(lexer: &mut Lexer<'_>) -> Result<Value, Bad> {
    lexer.value()
}

/// Reads `N G obj` and what follows, wherever its bytes are.
pub(super) fn indirect(lexer: &mut Lexer<'_>) -> Result<Indirect, Bad> {
    lexer.indirect()
}

impl<'a> Lexer<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, left: MAX_VALUES }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Skips white space and comments.
    fn skip(&mut self) {
        while let Some(byte) = self.peek() {
            if byte == b'%' {
                while self.peek().is_some_and(|byte| !matches!(byte, b'\r' | b'\n')) {
                    self.at += 1;
                }
            } else if is_space(byte) {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    /// Returns the next run of regular characters; it is empty before a delimiter.
    pub(super) fn word(&mut self) -> &'a [u8] {
        self.skip();
        let start = self.at;
        while self.peek().is_some_and(is_regular) {
            self.at += 1;
        }
        self.bytes.get(start..self.at).unwrap_or_default()
    }

    fn small(&mut self) -> Option<u32> {
        number(self.word()).and_then(|n| u32::try_from(n).ok())
    }

    /// Reads `N G obj` and what follows.
    fn indirect(&mut self) -> Result<Indirect, Bad> {
        let head = (self.small(), self.small(), self.word());
        let (Some(number), Some(_), b"obj") = head else {
            return Err(self.or_short(Bad::Wrong("there is no object where one should begin")));
        };
        let value = self.value()?;
        let end = self.word();
        let is_short = self.is_at_end();
        if end != b"stream" {
            // Whatever else follows, the object is whole.
            return if is_short && b"stream".starts_with(end) {
                Err(Bad::Short)
            } else {
                Ok(Indirect { number, value, stream: None })
            };
        }
        match (self.peek(), self.bytes.get(self.at + 1)) {
            (Some(b'\r'), Some(b'\n')) => self.at += 2,
            (Some(b'\r'), None) | (None, _) => return Err(Bad::Short),
            (Some(b'\n' | b'\r'), _) => self.at += 1,
            _ => {}
        }
        Ok(Indirect { number, value, stream: Some(self.at) })
    }

    fn or_short(&self, bad: Bad) -> Bad {
        if self.is_at_end() { Bad::Short } else { bad }
    }

    /// Reads one object.
    pub(super) fn value(&mut self) -> Result<Value, Bad> {
        self.nested(0)
    }

    fn nested(&mut self, depth: usize) -> Result<Value, Bad> {
        if depth > MAX_DEPTH {
            return Err(Bad::TooMuch("arrays and dictionaries nested deeper than 64"));
        }
        self.left =
            self.left.checked_sub(1).ok_or(Bad::TooMuch("an object of more than 1,048,576 values"))?;
        self.skip();
        match (self.peek().ok_or(Bad::Short)?, self.bytes.get(self.at + 1)) {
            (b'/', _) => Ok(Value::Name(self.name()?)),
            (b'<', None) => Err(Bad::Short),
            (b'<', Some(b'<')) => self.dict(depth),
            (b'<', _) => self.skip_hex(),
            (b'(', _) => self.skip_string(),
            (b'[', _) => self.array(depth),
            _ => self.simple(),
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, Bad> {
        self.at += 1;
        let mut values = Vec::new();
        loop {
            self.skip();
            if self.peek().ok_or(Bad::Short)? == b']' {
                self.at += 1;
                return Ok(Value::Array(values));
            }
            values.push(self.nested(depth + 1)?);
        }
    }

    fn dict(&mut self, depth: usize) -> Result<Value, Bad> {
        self.at += 2;
        let mut pairs = Vec::new();
        loop {
            self.skip();
            match (self.peek().ok_or(Bad::Short)?, self.bytes.get(self.at + 1)) {
                (b'>', None) => return Err(Bad::Short),
                (b'>', Some(b'>')) => {
                    self.at += 2;
                    return Ok(Value::Dict(Dict(pairs)));
                }
                (b'/', _) => {
                    let key = self.name()?;
                    self.skip();
                    // A key without a value at the end of a dictionary is common, and means nothing.
                    if self.peek() == Some(b'>') {
                        continue;
                    }
                    pairs.push((key, self.nested(depth + 1)?));
                }
                _ => return Err(Bad::Wrong("a dictionary holds something that is no key")),
            }
        }
    }

    /// Reads a name, `#xx` as the byte that it stands for.
    fn name(&mut self) -> Result<Box<[u8]>, Bad> {
        self.at += 1;
        let start = self.at;
        while self.peek().is_some_and(is_regular) {
            self.at += 1;
        }
        let raw = self.bytes.get(start..self.at).unwrap_or_default();
        if self.is_at_end() {
            return Err(Bad::Short);
        }
        if !raw.contains(&b'#') {
            return Ok(raw.into());
        }
        let mut name = Vec::with_capacity(raw.len());
        let mut rest = raw;
        while let Some((&byte, tail)) = rest.split_first() {
            let escaped = match (byte, tail) {
                (b'#', [high, low, after @ ..]) => {
                    hex(*high).zip(hex(*low)).map(|(high, low)| (high << 4 | low, after))
                }
                _ => None,
            };
            let (byte, tail) = escaped.unwrap_or((byte, tail));
            name.push(byte);
            rest = tail;
        }
        Ok(name.into())
    }

    fn skip_hex(&mut self) -> Result<Value, Bad> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let end = memchr::memchr(b'>', rest).ok_or(Bad::Short)?;
        self.at += end + 1;
        Ok(Value::Other)
    }

    fn skip_string(&mut self) -> Result<Value, Bad> {
        let mut open = 0u32;
        loop {
            match self.peek().ok_or(Bad::Short)? {
                b'\\' => self.at += 1,
                b'(' => open = open.saturating_add(1),
                b')' => open -= 1,
                _ => {}
            }
            self.at += 1;
            if open == 0 {
                return Ok(Value::Other);
            }
        }
    }

    /// Reads a number, a reference or a word.
    fn simple(&mut self) -> Result<Value, Bad> {
        let word = self.word();
        if self.is_at_end() {
            return Err(Bad::Short);
        }
        if word.is_empty() {
            return Err(Bad::Wrong("a delimiter stands where an object should"));
        }
        if let Some(n) = number(word) {
            return match u32::try_from(n) {
                Ok(object) if self.reference()? => Ok(Value::Ref(object)),
                _ => Ok(Value::Int(i64::try_from(n).unwrap_or(i64::MAX))),
            };
        }
        match word {
            b"null" => Ok(Value::Null),
            b"true" | b"false" => Ok(Value::Other),
            _ => match (word.first(), word.get(1..).and_then(number)) {
                (Some(b'-'), Some(n)) => Ok(Value::Int(i64::try_from(n).map_or(i64::MIN, |n| -n))),
                (Some(b'+'), Some(n)) => Ok(Value::Int(i64::try_from(n).unwrap_or(i64::MAX))),
                (Some(b'0'..=b'9' | b'+' | b'-' | b'.'), _) => Ok(Value::Other),
                _ => Err(Bad::Wrong("a word stands where an object should")),
            },
        }
    }

    /// Reads `G R` if it follows, and nothing otherwise.
    fn reference(&mut self) -> Result<bool, Bad> {
        let start = self.at;
        let generation = self.word();
        if self.is_at_end() {
            return Err(Bad::Short);
        }
        if number(generation).is_some_and(|n| n <= 65_535) {
            let word = self.word();
            if self.is_at_end() {
                return Err(Bad::Short);
            }
            if word == b"R" {
                return Ok(true);
            }
        }
        self.at = start;
        Ok(false)
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|n| u8::try_from(n).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Value, Bad> {
        Lexer::new(text.as_bytes()).value()
    }

    #[test]
    fn objects_are_read_as_they_are_written() {
        let dict = "<</Type/Page%x>>\n/Kids [1 0 R 2 65535 R 3 4] /A (a\\)(b)>>) /B <3e3e> /C -7 /D .5 /E true /F#20G null>>";
        let Ok(Value::Dict(dict)) = read(dict) else { panic!("no dictionary") };
        let kids = [Value::Ref(1), Value::Ref(2), Value::Int(3), Value::Int(4)];
        assert_eq!(dict.get("Kids"), Some(&Value::Array(kids.to_vec())));
        assert!(dict.is("Type", "Page") && dict.get("C") == Some(&Value::Int(-7)));
        assert!(["A", "B", "D", "E"].iter().all(|key| dict.get(key) == Some(&Value::Other)));
        assert_eq!((dict.get("F G"), dict.get("G")), (Some(&Value::Null), None));
        assert_eq!(read("99999999999999999999 "), Ok(Value::Other));
        assert_eq!(read("<</A 1/A 2/B>> "), read("<</A 1/A 2>> "));
    }

    #[test]
    fn what_is_cut_is_short_at_every_byte() {
        let whole = b"12 0 obj <</A[1 0 R(x)<41>]/B/Name/Length 5>>\nstream\r\n";
        for end in 0..whole.len() {
            let found = Lexer::new(&whole[..end]).indirect();
            assert!(matches!(found, Err(Bad::Short)), "{end}: {found:?}");
        }
        let found = Lexer::new(whole).indirect().unwrap();
        assert_eq!((found.number, found.stream), (12, Some(whole.len())));
    }

    #[test]
    fn what_is_wrong_or_too_much_is_said() {
        for text in [")  ", "endobj ", "<</A 1 2>> ", "] "] {
            assert!(matches!(read(text), Err(Bad::Wrong(_))), "{text}");
        }
        assert!(matches!(read(&"[".repeat(70)), Err(Bad::TooMuch(_))));
        assert!(matches!(read(&"<</A".repeat(70)), Err(Bad::TooMuch(_))));
        assert!(matches!(read(&format!("[{}]", "1 ".repeat(MAX_VALUES))), Err(Bad::TooMuch(_))));
        assert!(matches!(read(&"(".repeat(1_000)), Err(Bad::Short)));
    }
}
