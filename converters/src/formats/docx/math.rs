//! Office mathematics as one line of text: `(a+b)/2`, `√(x)`, `x^2`, `∑_(i=1)^n i`.
//!
//! Grouping is written only around what has more than one sign. It reads as people write formulas in mail; it is
//! not LaTeX and cannot be turned back into the formula. Structures are wrapped when they end, so nothing is
//! built but the line itself.

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
pub(super) struct Math {
    text: String,
    open: Vec<Open>,
    /// Opening, separating and closing characters of the open delimiters.
    delimiters: Vec<[Option<String>; 3]>,
}

/// Tells whether an element is part of a formula's structure.
pub(super) fn is_part(local: &[u8]) -> bool {
    const PARTS: [&[u8]; 29] = [
        b"r", b"num", b"den", b"sup", b"sub", b"deg", b"rad", b"d", b"e", b"mr", b"m", b"f", b"eqArr",
        b"chr", b"begChr", b"sepChr", b"endChr", b"fName", b"lim", b"func", b"nary", b"sSup", b"sSub",
        b"sSubSup", b"sPre", b"limLow", b"limUpp", b"acc", b"bar",
    ];
    PARTS.contains(&local)
}

impl Math {
    /// Begins the element `local`; `value` is its `m:val`.
    pub(super) fn start(&mut self, local: &[u8], value: Option<&str>) {
        match local {
            // Adjacent runs are separate signs: `sin` and `x` must not become `sinx`.
            b"r" => self.separate(),
            b"d" => self.delimiters.push([None, None, None]),
            b"e" => self.start_element(),
            b"begChr" => self.delimiter(0, value),
            b"sepChr" => self.delimiter(1, value),
            b"endChr" => self.delimiter(2, value),
            // The sign of an n-ary operator or an accent.
            b"chr" => self.text.push_str(value.unwrap_or_default()),
            _ => {}
        }
        self.open.push(Open {
            from: self.text.len(),
            is_list: matches!(local, b"d" | b"mr" | b"eqArr"),
            elements: 0,
        });
    }

    fn start_element(&mut self) {
        let Some(parent) = self.open.last_mut().filter(|parent| parent.is_list) else {
            return;
        };
        parent.elements += 1;
        if parent.elements > 1 {
            let separator = self
                .delimiters
                .last()
                .and_then(|[_, separator, _]| separator.as_deref());
            self.text.push_str(separator.unwrap_or(", "));
        }
    }

    fn delimiter(&mut self, at: usize, value: Option<&str>) {
        if let Some(delimiters) = self.delimiters.last_mut() {
            delimiters[at] = Some(value.unwrap_or_default().to_owned());
        }
    }

    fn separate(&mut self) {
        if self.text.ends_with(char::is_alphanumeric) {
            self.text.push(' ');
        }
    }

    /// Appends characters.
    pub(super) fn text(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                // Invisible operators (function application, times, separator, plus) keep words apart.
                '\u{2061}'..='\u{2064}' => self.separate(),
                _ => self.text.push(c),
            }
        }
    }

    /// Ends the element `local`.
    pub(super) fn end(&mut self, local: &[u8]) {
        let Some(Open { from, .. }) = self.open.pop() else {
            return;
        };
        match local {
            b"num" | b"deg" => self.group(from),
            b"den" => self.wrap(from, "/"),
            b"sup" => self.wrap(from, "^"),
            b"sub" | b"lim" => self.wrap(from, "_"),
            b"rad" => self.text.insert(from, '√'),
            b"d" => {
                let [opening, _, closing] = self.delimiters.pop().unwrap_or_default();
                self.text.insert_str(from, opening.as_deref().unwrap_or("("));
                self.text.push_str(closing.as_deref().unwrap_or(")"));
            }
            b"mr" => self.text.push_str("; "),
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

    /// Returns the formula.
    pub(super) fn finish(self) -> String {
        self.text
    }
}
