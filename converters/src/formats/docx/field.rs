//! Fields: instruction, then result. Results are text, instructions are not, and a HYPERLINK's result is a link.
//!
//! Fields nest, and the result of one may be part of another's instruction. A field that never gets to its
//! result must not swallow the document: what is still an instruction when its paragraph ends is given up, and the
//! text held back for it is text after all.

mod instruction;

use std::rc::Rc;

pub(super) use instruction::Shown;

/// Longer instructions are cut: only a HYPERLINK's address is wanted.
const MAX_INSTRUCTION_BYTES: usize = 8 << 10;

/// A form field, which shows its state if it has no result.
#[derive(Debug)]
pub(super) enum Form {
    CheckBox(bool),
    Choice { entries: Vec<String>, chosen: usize },
}

impl Form {
    fn shown(self) -> Option<String> {
        match self {
            Self::CheckBox(checked) => Some(if checked { "☒" } else { "☐" }.to_owned()),
            Self::Choice { mut entries, chosen } => {
                (chosen < entries.len()).then(|| entries.swap_remove(chosen))
            }
        }
    }
}

#[derive(Debug, Default)]
struct Field {
    instruction: String,
    /// Text that came before the result.
    held_back: String,
    in_result: bool,
    link: Option<Rc<str>>,
    form: Option<Form>,
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
        if let Some(field) = self.open.last_mut() {
            field.instruct(text);
        }
    }

    /// Notes that the innermost field is a form field.
    pub(super) fn begin_form(&mut self, form: Form) {
        if let Some(field) = self.open.last_mut() {
            field.form = Some(form);
        }
    }

    pub(super) fn form(&mut self) -> Option<&mut Form> {
        self.open.last_mut()?.form.as_mut()
    }

    /// The instruction is complete.
    pub(super) fn separate(&mut self) {
        if self.beyond > 0 {
            return;
        }
        if let Some(field) = self.open.last_mut() {
            field.in_result = true;
            field.link = instruction::hyperlink(&field.instruction).map(Rc::from);
        }
    }

    /// Ends the innermost field; returns what shows of one that has no result.
    pub(super) fn end(&mut self) -> Option<Shown> {
        if self.beyond > 0 {
            self.beyond -= 1;
            return None;
        }
        let field = self.open.pop()?;
        if field.has_result_text {
            return None;
        }
        match field.form {
            Some(form) => form.shown().map(Shown::Text),
            None => instruction::shown(&field.instruction),
        }
    }

    /// Gives up fields that are still instructions, and returns the text that was held back for them.
    pub(super) fn end_paragraph(&mut self) -> Option<String> {
        if !self.is_instruction() {
            return None;
        }
        let mut text = String::new();
        self.open.retain_mut(|field| {
            text.push_str(&field.held_back);
            field.in_result
        });
        (!text.trim().is_empty()).then_some(text)
    }

    /// Tells whether text is now part of an instruction.
    pub(super) fn is_instruction(&self) -> bool {
        self.open.iter().any(|field| !field.in_result)
    }

    /// Takes text that is now part of an instruction.
    pub(super) fn hold_back(&mut self, text: &str) {
        if let Some(field) = self.open.iter_mut().rev().find(|field| !field.in_result) {
            field.instruct(text);
            field.held_back.push_str(text);
        }
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

impl Field {
    fn instruct(&mut self, text: &str) {
        if self.instruction.len() + text.len() <= MAX_INSTRUCTION_BYTES {
            self.instruction.push_str(text);
        }
    }
}
