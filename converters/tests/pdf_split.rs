//! PDFs in pieces: made here, split, and read back page by page.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::io::Cursor;
use std::num::NonZeroUsize;

use docferry_converters::pdf::{Splitter, survey};
use docferry_converters::{
    ConvertError, Converter, Limits, Meter, Options, PartKind, Sink, Warning, WarningCode,
};
use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};

#[derive(Default)]
struct Pieces {
    parts: Vec<(String, Vec<u8>)>,
    warnings: Vec<Warning>,
}

impl Sink for Pieces {
    fn begin_part(&mut self, label: Option<&str>, kind: PartKind) -> std::io::Result<()> {
        assert_eq!(kind, PartKind::Pdf);
        self.parts.push((label.unwrap().to_owned(), Vec::new()));
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.parts.last_mut().unwrap().1.extend_from_slice(bytes);
        Ok(())
    }

    fn warn(&mut self, warning: Warning) {
        self.warnings.push(warning);
    }
}

fn split(bytes: &[u8], most: usize) -> Result<Pieces, ConvertError> {
    let options = Options { split_pdf: NonZeroUsize::new(most), ..Options::default() };
    let mut meter = Meter::new(Limits::default(), bytes.len() as u64);
    let mut pieces = Pieces::default();
    Splitter.convert(&mut Cursor::new(bytes), &options, &mut meter, &mut pieces)?;
    Ok(pieces)
}

/// Adds what a page shows: a line of text, the length of which is an object of its own, and a picture of 4,000 bytes.
fn streams(made: &mut Document, number: usize) -> (ObjectId, ObjectId) {
    let content = format!("BT /F1 9 Tf (Page {number} of the whole) Tj ET").into_bytes();
    let length = made.add_object(Object::Integer(i64::try_from(content.len()).unwrap()));
    let mut stream = Stream::new(Dictionary::new(), content);
    stream.dict.set("Length", length);
    let picture = Stream::new(
        dictionary! { "Type" => "XObject", "Subtype" => "Image", "Width" => 40, "Height" => 100 },
        vec![u8::try_from(number % 251).unwrap(); 4_000],
    );
    (made.add_object(stream), made.add_object(picture))
}

/// A document of `count` pages in branches of three. The root of the tree has what pages inherit, each page has a text and a
/// picture of its own, a link to the next page, and a widget of one field that all pages have in common.
fn document(count: usize) -> Document {
    let mut made = Document::with_version("1.6");
    let font =
        made.add_object(dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Courier" });
    let (top, field) = (made.new_object_id(), made.new_object_id());
    let ids: Vec<ObjectId> = (0..count).map(|_| made.new_object_id()).collect();
    let mut branches: Vec<Object> = Vec::new();
    let mut widgets: Vec<Object> = Vec::new();
    for (at, chunk) in ids.chunks(3).enumerate() {
        let branch = made.new_object_id();
        for (within, id) in chunk.iter().enumerate() {
            let number = at * 3 + within + 1;
            let (contents, picture) = streams(&mut made, number);
            let next = ids.get(number).copied().unwrap_or(ids[0]);
            let link = made.add_object(dictionary! {
                "Type" => "Annot", "Subtype" => "Link", "P" => *id,
                "Dest" => vec![Object::Reference(next), "Fit".into()],
            });
            let widget = made.add_object(dictionary! {
                "Type" => "Annot", "Subtype" => "Widget", "Parent" => field, "P" => *id,
            });
            widgets.push(widget.into());
            let mut page = dictionary! {
                "Type" => "Page", "Parent" => branch, "Contents" => contents, "StructParents" => 1,
                "Annots" => vec![Object::Reference(link), Object::Reference(widget)], "Thumb" => picture,
            };
            if number == 2 {
                page.set("Rotate", 180);
            }
            made.objects.insert(*id, page.into());
        }
        let kids: Vec<Object> = chunk.iter().map(|id| Object::Reference(*id)).collect();
        let branch_dict = dictionary! { "Type" => "Pages", "Parent" => top, "Kids" => kids, "Count" => 3 };
        made.objects.insert(branch, branch_dict.into());
        branches.push(branch.into());
    }
    made.objects.insert(
        top,
        dictionary! {
            "Type" => "Pages", "Kids" => branches, "Count" => i64::try_from(count).unwrap(), "Rotate" => 90,
            "MediaBox" => vec![0.into(), 0.into(), 595.into(), 842.into()],
            "Resources" => dictionary! { "Font" => dictionary! { "F1" => font } },
        }
        .into(),
    );
    made.objects.insert(field, dictionary! { "FT" => "Btn", "Kids" => widgets }.into());
    let outlines = made.add_object(dictionary! { "Type" => "Outlines", "First" => ids[0] });
    let catalog = made.add_object(dictionary! {
        "Type" => "Catalog", "Pages" => top, "Outlines" => outlines, "Lang" => Object::string_literal("de"),
        "AcroForm" => dictionary! { "Fields" => vec![Object::Reference(field)] },
    });
    let info = made.add_object(dictionary! { "Title" => Object::string_literal("Whole") });
    made.trailer.set("Root", catalog);
    made.trailer.set("Info", info);
    made
}

fn bytes(mut document: Document, packed: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    if packed {
        document.save_modern(&mut bytes).unwrap();
    } else {
        document.reference_table.cross_reference_type = lopdf::xref::XrefType::CrossReferenceTable;
        document.save_to(&mut bytes).unwrap();
    }
    bytes
}

/// Fails for a reference to nothing.
fn assert_whole(document: &Document) {
    fn check(document: &Document, object: &Object) {
        match object {
            Object::Reference(id) => assert!(document.objects.contains_key(id), "{id:?} is not there"),
            Object::Array(all) => all.iter().for_each(|one| check(document, one)),
            Object::Dictionary(dict) => dict.iter().for_each(|(_, one)| check(document, one)),
            Object::Stream(stream) => stream.dict.iter().for_each(|(_, one)| check(document, one)),
            _ => {}
        }
    }
    document.objects.values().for_each(|object| check(document, object));
}

#[test]
fn the_pieces_are_the_whole() {
    for packed in [false, true] {
        let whole = bytes(document(11), packed);
        let pieces = split(&whole, 4).unwrap();
        let labels: Vec<&str> = pieces.parts.iter().map(|(label, _)| label.as_str()).collect();
        assert_eq!(labels, ["p01-04", "p05-08", "p09-11"]);
        let mut number = 0;
        for ((_, bytes), pages) in pieces.parts.iter().zip([4, 4, 3]) {
            let meter = Meter::new(Limits::default(), bytes.len() as u64);
            let found = survey(&mut Cursor::new(bytes), &meter).unwrap();
            assert_eq!((found.pages, found.is_damaged), (pages, false));
            let piece = Document::load_mem(bytes).unwrap();
            assert!(piece.xref_recovery.is_none());
            assert_whole(&piece);
            for id in piece.page_iter() {
                number += 1;
                let content = String::from_utf8(piece.get_page_content(id)).unwrap();
                assert!(content.contains(&format!("(Page {number} of the whole)")), "{content}");
                let page = piece.get_dictionary(id).unwrap();
                let turned = if number == 2 { 180 } else { 90 };
                assert_eq!(page.get(b"Rotate").unwrap().as_i64().unwrap(), turned);
                assert_eq!(page.get(b"MediaBox").unwrap().as_array().unwrap().len(), 4);
                assert!(piece.get_page_fonts(id).unwrap().contains_key(b"F1".as_slice()));
                assert!(!page.has(b"StructParents") && page.has(b"Thumb"));
            }
            assert!(bytes.len() < whole.len() / 2 || packed, "{} of {}", bytes.len(), whole.len());
            let pictures = memchr::memmem::find_iter(bytes, b"/Subtype/Image").count();
            assert_eq!(pictures as u64, pages, "only the pictures of its own pages");
            let catalog = piece.catalog().unwrap();
            assert!(catalog.has(b"Lang") && !catalog.has(b"Outlines") && !catalog.has(b"AcroForm"));
            assert!(memchr::memmem::find(bytes, b"(Whole)").is_some());
        }
        assert_eq!(number, 11);
        let told: Vec<_> = pieces.warnings.iter().map(|w| (w.code, w.message.as_str())).collect();
        assert_eq!(
            told,
            [
                (WarningCode::PdfSplit, "11 pages in 3 pieces of at most 4 pages"),
                (
                    WarningCode::SplitDropped,
                    "left out of the pieces: outlines, form fields, 3 references to pages of other pieces"
                ),
            ]
        );
    }
}

#[test]
fn equal_documents_give_equal_bytes() {
    let whole = bytes(document(5), false);
    let (one, other) = (split(&whole, 2).unwrap(), split(&whole, 2).unwrap());
    assert_eq!(one.parts, other.parts);
}

#[test]
fn pages_that_stand_in_the_tree_twice_are_two() {
    let mut made = document(2);
    let branch = made.catalog().unwrap().get(b"Pages").and_then(Object::as_reference).unwrap();
    let kids = made.get_dictionary(branch).unwrap().get(b"Kids").unwrap().as_array().unwrap().clone();
    let inner = kids[0].as_reference().unwrap();
    let page = made.get_dictionary(inner).unwrap().get(b"Kids").unwrap().as_array().unwrap()[0].clone();
    let list = made.get_dictionary_mut(branch).unwrap().get_mut(b"Kids").unwrap().as_array_mut().unwrap();
    list.push(page);
    let whole = bytes(made, false);
    let counts = |most| -> Vec<usize> {
        let pieces = split(&whole, most).unwrap();
        let load = |bytes: &Vec<u8>| Document::load_mem(bytes).unwrap().page_iter().count();
        pieces.parts.iter().map(|(_, bytes)| load(bytes)).collect()
    };
    assert_eq!(counts(2), [2, 1]);
    assert_eq!(counts(3), [3]);
}

#[test]
fn what_cannot_be_split_is_said() {
    let whole = bytes(document(3), false);
    let text = |result: Result<Pieces, ConvertError>| result.map(|_| ()).unwrap_err().to_string();
    let cut = &whole[..whole.len() - 40];
    assert_eq!(text(split(cut, 1)), "the PDF is damaged: it has no end (the file may be cut short)");
    let locked = String::from_utf8_lossy(&whole).replace("trailer\n<<", "trailer\n<</Encrypt<</V 1>>");
    assert!(matches!(
        split(locked.as_bytes(), 1),
        Err(ConvertError::Encrypted | ConvertError::Corrupt { .. })
    ));
    let mut meter = Meter::new(Limits::default(), 1);
    let none =
        Splitter.convert(&mut Cursor::new(&whole), &Options::default(), &mut meter, &mut Pieces::default());
    assert!(matches!(none, Err(ConvertError::Unsupported(_))));
}
