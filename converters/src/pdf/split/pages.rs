//! The pages of a loaded PDF in their order, with what they inherit (ISO 32000-1, 7.7.3.4).

use std::collections::HashSet;
use std::rc::Rc;

use lopdf::{Dictionary, Document, Object, ObjectId};

use crate::pdf::store::corrupt;
use crate::{Meter, Result};

/// The attributes that pages inherit.
pub(super) const INHERITED: [&str; 4] = ["Resources", "MediaBox", "CropBox", "Rotate"];

/// What a page inherits, in the order of [`INHERITED`]; shared by all that inherit it.
pub(super) type Inherited = [Option<Rc<Object>>; 4];

/// A page as it is, and what it inherits.
#[derive(Debug)]
pub(super) struct Page<'a> {
    /// Its number as an object; a page may also stand in the tree itself.
    pub(super) id: Option<ObjectId>,
    pub(super) dict: &'a Dictionary,
    pub(super) inherited: Inherited,
}

/// The page tree.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    pub(super) catalog: &'a Dictionary,
    pub(super) pages: Vec<Page<'a>>,
    /// The objects that are branches of the tree, or its root.
    pub(super) inner: HashSet<ObjectId>,
}

impl<'a> Tree<'a> {
    /// Walks through the tree, as the survey does.
    pub(super) fn of(document: &'a Document, meter: &Meter) -> Result<Self> {
        let catalog = document.catalog().map_err(|_| corrupt("it has no root"))?;
        let mut inner = HashSet::new();
        inner.extend(document.trailer.get(b"Root").and_then(Object::as_reference));
        let top = catalog.get(b"Pages").map_err(|_| corrupt("it has no page tree"))?;
        let mut waiting: Vec<(&Object, Inherited)> = vec![(top, Inherited::default())];
        let mut pages = Vec::new();
        while let Some((next, mut inherited)) = waiting.pop() {
            meter.check_cancelled()?;
            let Ok((id, Object::Dictionary(dict))) = document.dereference(next) else { continue };
            let id = id.or_else(|| next.as_reference().ok());
            let Ok(kids) = dict.get_deref(b"Kids", document) else {
                if !dict.has_type(b"Pages") {
                    pages.push(Page { id, dict, inherited });
                }
                continue;
            };
            if id.is_some_and(|id| !inner.insert(id)) {
                return Err(corrupt("its page tree holds a branch twice"));
            }
            let kids = kids.as_array().map_err(|_| corrupt("a branch of its page tree is no list"))?;
            for (own, key) in inherited.iter_mut().zip(INHERITED) {
                if let Ok(value) = dict.get(key.as_bytes()) {
                    *own = Some(Rc::new(value.clone()));
                }
            }
            waiting.extend(kids.iter().rev().map(|kid| (kid, inherited.clone())));
        }
        Ok(Self { catalog, pages, inner })
    }
}
