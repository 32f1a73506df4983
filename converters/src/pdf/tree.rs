//! The pages of a PDF, by a walk through its page tree (ISO 32000-1, 7.7.3): what a tree says of its size, it may say falsely.

use std::collections::HashSet;

use super::lexer::Value;
use super::store::{Store, corrupt};
use crate::Result;

/// What a reference of the tree takes in memory until its turn.
const KID_BYTES: u64 = 32;

/// Counts the pages. `is_strict` fails for a page that is not there, which readers otherwise pass over.
pub(super) fn pages(store: &mut Store<'_>, root: &Value, is_strict: bool) -> Result<u64> {
    let Value::Dict(catalog) = store.resolve(root)? else { return Err(corrupt("it has no root")) };
    let top = catalog.get("Pages").cloned().ok_or_else(|| corrupt("it has no page tree"))?;
    let (mut waiting, mut inner, mut count) = (vec![top], HashSet::new(), 0);
    while let Some(next) = waiting.pop() {
        let node = match store.resolve(&next)? {
            Value::Dict(node) => node,
            _ if is_strict => return Err(corrupt("a page is missing")),
            _ => continue,
        };
        let Some(kids) = node.get("Kids") else {
            count += u64::from(!node.is("Type", "Pages"));
            continue;
        };
        if let Value::Ref(number) = next
            && !inner.insert(number)
        {
            return Err(corrupt("its page tree holds a branch twice"));
        }
        let Value::Array(kids) = store.resolve(kids)? else {
            return Err(corrupt("a branch of its page tree is no list"));
        };
        store.meter.resident(kids.len() as u64 * KID_BYTES)?;
        waiting.extend(kids.into_iter().rev());
    }
    if count == 0 { Err(corrupt("its page tree holds no page")) } else { Ok(count) }
}
