//! Office mathematics as one line of text: `(a+b)/2`, `√(x)`, `x^2`, `∑_(i=1)^n i`.
//!
//! Grouping is written only around what has more than one sign. It reads as people write formulas in mail; it is
//! not LaTeX and cannot be turned back into the formula. Structures are wrapped when they end, so nothing is
//! built but the line itself.

/// A longer structure is left as the text it holds: each level around it would move all of it.
const MAX_STRUCTURE_BYTES: usize = 64 << 10;

/// An open element.
#[derive(Debug)]
struct Open {
    /// Where its text begins.
    from: usize,
    /// Whether its elements are listed side by side: delimiters, matrix rows, equation arrays.
    is_list: bool,
    elements: u32,
}

/// The formula being read.
#[derive(Debug, Default)]
pub(crate) struct Math {
    text: String,
    open: Vec<Open>,
    /// Opening, separating and closing characters of the open delimiters.
    delimiters: Vec<[Option<String>; 3]>,
    /// Whether a sign ended that the next one must not run into.
    sign_ended: bool,
    /// How much of the text the caller was told of.
    told: usize,
}

/// Tells whether an element is part of a formula's structure.
pub(crate) fn is_part(local: &[u8]) -> bool {
    const PARTS: [&[u8]; 29] = [
        b"r", b"num", b"den", b"sup", b"sub", b"deg", b"rad", b"d", b"e", b"mr", b"m", b"f", b"eqArr",
        b"chr", b"begChr", b"sepChr", b"endChr", b"fName", b"lim", b"func", b"nary", b"sSup", b"sSub",
        b"sSubSup", b"sPre", b"limLow", b"limUpp", b"acc", b"bar",
    ];
    PARTS.contains(&local)
}

impl Math {
    /// Begins the element `local`; `value` is its `m:val`.
    pub(crate) fn start(&mut self, local: &[u8], value: Option<&str>) {
        match local {
            // Adjacent runs are separate signs: `sin` and `y` must not become `siny`.
            b"r" => self.sign_ended = true,
            b"f" if self.text.ends_with(char::is_alphanumeric) => self.text.push(' '),
            b"d" => self.delimiters.push([None, None, None]),
            b"e" => self.start_listed(", "),
            b"mr" => self.start_listed("; "),
            b"begChr" => self.delimiter(0, value),
            b"sepChr" => self.delimiter(1, value),
            b"endChr" => self.delimiter(2, value),
            // The sign of an n-ary operator or an accent.
            b"chr" => self.text.push_str(value.map(sign).unwrap_or_default()),
            _ => {}
        }
        self.open.push(Open {
            from: self.text.len(),
            is_list: matches!(local, b"d" | b"m" | b"mr" | b"eqArr"),
            elements: 0,
        });
    }

    /// Separates an element of a list from the one before.
    fn start_listed(&mut self, separator: &str) {
        let Some(parent) = self.open.last_mut().filter(|parent| parent.is_list) else {
            return;
        };
        parent.elements += 1;
        if parent.elements > 1 {
            let own = self.delimiters.last().and_then(|[_, own, _]| own.as_deref());
            self.text.push_str(own.unwrap_or(separator));
        }
    }

    fn delimiter(&mut self, at: usize, value: Option<&str>) {
        if let Some(delimiters) = self.delimiters.last_mut() {
            delimiters[at] = Some(value.map(sign).unwrap_or_default().to_owned());
        }
    }

    /// Appends characters. Adjacent signs are kept apart where both are words or numbers.
    pub(crate) fn text(&mut self, text: &str) {
        for c in text.chars() {
            // Invisible operators: function application, times, separator, plus.
            if matches!(c, '\u{2061}'..='\u{2064}') {
                self.sign_ended = true;
                continue;
            }
            // An opening delimiter that is yet to be written stands between them too.
            let opens = |open: &Open| open.is_list && open.from == self.text.len();
            let touches = c.is_alphanumeric() && self.text.ends_with(char::is_alphanumeric);
            let ended = std::mem::take(&mut self.sign_ended);
            if ended && touches && !self.open.iter().any(opens) {
                self.text.push(' ');
            }
            self.text.push(c);
        }
    }

    /// Ends the element `local`.
    pub(crate) fn end(&mut self, local: &[u8]) {
        let Some(Open { from, .. }) = self.open.pop() else {
            return;
        };
        if self.text.len() - from > MAX_STRUCTURE_BYTES {
            if local == b"d" {
                self.delimiters.pop();
            }
            return;
        }
        match local {
            b"num" | b"deg" => self.group(from),
            b"den" => self.wrap(from, "/"),
            b"sup" => self.wrap(from, "^"),
            b"sub" | b"lim" => self.wrap(from, "_"),
            b"rad" => {
                self.group(from);
                self.text.insert(from, '√');
            }
            b"d" => {
                let [opening, _, closing] = self.delimiters.pop().unwrap_or_default();
                self.text.insert_str(from, opening.as_deref().unwrap_or("("));
                self.text.push_str(closing.as_deref().unwrap_or(")"));
            }
            _ => {}
        }
    }

    fn wrap(&mut self, from: usize, mark: &str) {
        if self.text.len() > from {
            self.group(from);
            self.text.insert_str(from, mark);
        }
    }

    /// Puts parentheses around what has more than one sign.
    fn group(&mut self, from: usize) {
        let content = self.text[from..].trim().to_owned();
        self.text.truncate(from);
        self.text.push_str(&content);
        let grouped = content.starts_with('(') && content.ends_with(')');
        if content.chars().nth(1).is_some() && !grouped {
            self.text.insert(from, '(');
            self.text.push(')');
        }
    }

    /// Returns by how many bytes the formula grew since the last call.
    pub(crate) fn grown(&mut self) -> usize {
        let grown = self.text.len().saturating_sub(self.told);
        self.told += grown;
        grown
    }

    /// Returns the formula.
    pub(crate) fn finish(self) -> String {
        self.text
    }
}

/// Returns the one character that an attribute of type `ST_Char` holds; a separator is repeated, so more would multiply.
fn sign(value: &str) -> &str {
    value.char_indices().nth(1).map_or(value, |(at, _)| &value[..at])
}
