//! One piece: some pages, and of the rest of the document what they refer to.

use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

use lopdf::xref::{XrefEntry, XrefType};
use lopdf::{Dictionary, Document, Object, ObjectId, Stream};

use super::pages::{INHERITED, Page, Tree};
use crate::pdf::store::corrupt;
use crate::{Meter, Result};

/// What the root keeps: the language, layers that are off, colours for print, and which later features are used.
const KEPT: [&str; 5] = ["Lang", "OCProperties", "OutputIntents", "Extensions", "Version"];
/// What a page loses: its place in the tree, in article threads and in the tags, none of which a piece has.
const LOST: [&str; 3] = ["Parent", "B", "StructParents"];

const CATALOG: ObjectId = (1, 0);
const PAGES: ObjectId = (2, 0);

/// A piece in the making.
pub(super) struct Part<'a> {
    source: &'a Document,
    tree: &'a Tree<'a>,
    /// All pages of the document, also those of other pieces.
    all: &'a HashSet<ObjectId>,
    made: Document,
    /// The new numbers of what is copied.
    ids: HashMap<ObjectId, ObjectId>,
    /// What has a number and is not copied yet.
    waiting: VecDeque<(ObjectId, ObjectId)>,
    /// Inherited values that are no objects of their own, by where they are in memory.
    shared: HashMap<*const Object, ObjectId>,
    cut: u64,
}

impl<'a> Part<'a> {
    /// Makes the piece of some pages, and tells how many references to other pages were cut.
    pub(super) fn make(
        source: &'a Document,
        tree: &'a Tree<'a>,
        all: &'a HashSet<ObjectId>,
        pages: &[Page<'a>],
        meter: &Meter,
    ) -> Result<(Document, u64)> {
        let mut made = Document::new();
        made.version.clone_from(&source.version);
        made.reference_table.cross_reference_type = XrefType::CrossReferenceTable;
        made.max_id = PAGES.0;
        let (ids, waiting, shared) = (HashMap::new(), VecDeque::new(), HashMap::new());
        let mut part = Self { source, tree, all, made, ids, waiting, shared, cut: 0 };
        let kids = part.number(pages);
        for (page, id) in pages.iter().zip(&kids) {
            let dict = part.page(page)?;
            part.made.objects.insert(*id, Object::Dictionary(dict));
        }
        part.root(kids)?;
        while let Some((old, new)) = part.waiting.pop_front() {
            meter.check_cancelled()?;
            let object = source.objects.get(&old).ok_or_else(|| corrupt("an object is missing"))?;
            let copy = part.copy(object)?;
            part.made.objects.insert(new, copy);
        }
        Ok((part.made, part.cut))
    }

    fn next_id(&mut self) -> ObjectId {
        self.made.max_id += 1;
        (self.made.max_id, 0)
    }

    /// Gives the pages their numbers. A page that stands in the tree twice is two pages, the first of which others mean.
    fn number(&mut self, pages: &[Page<'_>]) -> Vec<ObjectId> {
        let mut kids = Vec::with_capacity(pages.len());
        for page in pages {
            let id = self.next_id();
            if let Some(old) = page.id {
                self.ids.entry(old).or_insert(id);
            }
            kids.push(id);
        }
        kids
    }

    fn page(&mut self, page: &Page<'a>) -> Result<Dictionary> {
        let mut dict = self.copy_dict(page.dict, &LOST)?;
        for (value, key) in page.inherited.iter().zip(INHERITED) {
            if let Some(value) = value.as_ref().filter(|_| !dict.has(key.as_bytes())) {
                let value = self.inherit(value)?;
                dict.set(key, value);
            }
        }
        dict.set("Type", "Page");
        dict.set("Parent", PAGES);
        Ok(dict)
    }

    /// Large values that many pages inherit become one object.
    fn inherit(&mut self, value: &Rc<Object>) -> Result<Object> {
        let Object::Dictionary(_) = **value else { return self.copy(value) };
        if let Some(id) = self.shared.get(&Rc::as_ptr(value)) {
            return Ok(Object::Reference(*id));
        }
        let (copy, id) = (self.copy(value)?, self.next_id());
        self.made.objects.insert(id, copy);
        self.shared.insert(Rc::as_ptr(value), id);
        Ok(Object::Reference(id))
    }

    fn root(&mut self, kids: Vec<ObjectId>) -> Result<()> {
        let mut catalog = Dictionary::new();
        catalog.set("Type", "Catalog");
        catalog.set("Pages", PAGES);
        for key in KEPT {
            if let Ok(value) = self.tree.catalog.get(key.as_bytes()) {
                catalog.set(key, self.copy(value)?);
            }
        }
        let mut pages = Dictionary::new();
        pages.set("Type", "Pages");
        pages.set("Count", i64::try_from(kids.len()).unwrap_or(i64::MAX));
        pages.set("Kids", kids.into_iter().map(Object::Reference).collect::<Vec<_>>());
        self.made.objects.insert(CATALOG, Object::Dictionary(catalog));
        self.made.objects.insert(PAGES, Object::Dictionary(pages));
        self.made.trailer.set("Root", CATALOG);
        if let Ok(info) = self.source.trailer.get(b"Info") {
            let info = self.copy(info)?;
            self.made.trailer.set("Info", info);
        }
        Ok(())
    }

    /// Copies an object; the library reads none that is nested deeper than its bound.
    fn copy(&mut self, object: &Object) -> Result<Object> {
        Ok(match object {
            Object::Reference(id) => self.refer(*id)?,
            Object::Array(values) => {
                Object::Array(values.iter().map(|value| self.copy(value)).collect::<Result<_>>()?)
            }
            Object::Dictionary(dict) => Object::Dictionary(self.copy_dict(dict, &[])?),
            // Its length becomes a number of its own, whatever it referred to.
            Object::Stream(stream) => Object::Stream(Stream::new(
                self.copy_dict(&stream.dict, &["Length"])?,
                stream.content.clone(),
            )),
            plain => plain.clone(),
        })
    }

    fn copy_dict(&mut self, dict: &Dictionary, without: &[&str]) -> Result<Dictionary> {
        // The field of a widget would bring the widgets of other pages with it, and forms are left out.
        let is_widget = dict.get(b"Subtype").and_then(Object::as_name).is_ok_and(|name| name == b"Widget");
        let is_left_out = |key: &[u8]| {
            is_widget && key == b"Parent" || without.iter().any(|without| without.as_bytes() == key)
        };
        let mut copy = Dictionary::new();
        for (key, value) in dict.iter().filter(|(key, _)| !is_left_out(key)) {
            copy.set(key.clone(), self.copy(value)?);
        }
        Ok(copy)
    }

    fn refer(&mut self, id: ObjectId) -> Result<Object> {
        if let Some(new) = self.ids.get(&id) {
            return Ok(Object::Reference(*new));
        }
        if self.all.contains(&id) {
            self.cut += 1;
            return Ok(Object::Null);
        }
        // The rest of the tree, and the root with all that hangs on it.
        if self.tree.inner.contains(&id) {
            return Ok(Object::Null);
        }
        if !self.source.objects.contains_key(&id) {
            let entry = self.source.reference_table.get(id.0);
            let is_lost = matches!(entry, Some(XrefEntry::Normal { .. } | XrefEntry::Compressed { .. }));
            // What the document does not hold is null; what it holds and the library did not read would be lost.
            return if is_lost { Err(corrupt("an object cannot be read")) } else { Ok(Object::Null) };
        }
        let new = self.next_id();
        self.ids.insert(id, new);
        self.waiting.push_back((id, new));
        Ok(Object::Reference(new))
    }
}
