//! Fields: instruction, then result. Results are text, instructions are not, and a HYPERLINK's result is a link.
//!
//! Fields nest, and the result of one may be part of another's instruction. A field that never gets to its
//! result must not swallow the document: what is still an instruction when its paragraph ends is given up.

use std::rc::Rc;

/// Longer instructions are cut: only a HYPERLINK's address is wanted.
const MAX_INSTRUCTION_BYTES: usize = 8 << 10;

#[derive(Debug, Default)]
struct Field {
    instruction: String,
    in_result: bool,
    link: Option<Rc<str>>,
    /// What stands for a form field that has no result.
    form: Option<String>,
    has_result_text: bool,
}

/// Deeper fields are not told apart; their text is text.
const MAX_NESTING: usize = 64;

/// The open fields.
#[derive(Debug, Default)]
pub(super) struct Fields {
    open: Vec<Field>,
    /// Open fields beyond the greatest nesting.
    beyond: u64,
}

impl Fields {
    pub(super) fn begin(&mut self) {
        if self.open.len() < MAX_NESTING {
            self.open.push(Field::default());
        } else {
            self.beyond += 1;
        }
    }

    pub(super) fn instruction(&mut self, text: &str) {
        if let Some(field) = self.open.last_mut()
            && field.instruction.len() + text.len() <= MAX_INSTRUCTION_BYTES
        {
            field.instruction.push_str(text);
        }
    }

    pub(super) fn form_value(&mut self, value: &str) {
        if let Some(field) = self.open.last_mut() {
            field.form = Some(value.to_owned());
        }
    }

    pub(super) fn has_form_value(&self) -> bool {
        self.open.last().is_some_and(|field| field.form.is_some())
    }

    /// The instruction is complete.
    pub(super) fn separate(&mut self) {
        if self.beyond > 0 {
            return;
        }
        if let Some(field) = self.open.last_mut() {
            field.in_result = true;
            field.link = hyperlink(&field.instruction).map(Rc::from);
        }
    }

    /// Ends the innermost field; returns the text of a form field that showed none.
    pub(super) fn end(&mut self) -> Option<String> {
        if self.beyond > 0 {
            self.beyond -= 1;
            return None;
        }
        let field = self.open.pop()?;
        if field.has_result_text { None } else { field.form }
    }

    /// Gives up fields that are still instructions.
    pub(super) fn end_paragraph(&mut self) {
        self.open.retain(|field| field.in_result);
    }

    /// Tells whether text is now part of an instruction.
    pub(super) fn is_instruction(&self) -> bool {
        self.open.iter().any(|field| !field.in_result)
    }

    pub(super) fn saw_text(&mut self) {
        if let Some(field) = self.open.last_mut() {
            field.has_result_text = true;
        }
    }

    pub(super) fn link(&self) -> Option<&Rc<str>> {
        self.open.iter().rev().find_map(|field| field.link.as_ref())
    }
}

/// Returns the address of a HYPERLINK instruction; one to a place in the document (`\l` alone) has none.
pub(super) fn hyperlink(instruction: &str) -> Option<String> {
    let rest = instruction.trim_start();
    let keyword = rest.get(..9)?;
    if !keyword.eq_ignore_ascii_case("HYPERLINK") {
        return None;
    }
    let rest = rest.get(9..)?.trim_start();
    let address = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None if rest.starts_with('\\') => return None,
        None => rest.split_whitespace().next()?,
    };
    (!address.is_empty()).then(|| address.replace("\\\\", "\\"))
}
