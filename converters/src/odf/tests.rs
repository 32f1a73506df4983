use std::io::Cursor;

use super::*;
use crate::Limits;

const HEAD: &str = "<?xml version='1.0'?><!-- by hand --><office:document xmlns:office='o' \
    office:mimetype='application/vnd.oasis.opendocument.text'>";

fn open_error(bytes: &[u8]) -> String {
    let mut input = Cursor::new(bytes);
    let meter = Meter::new(Limits::default(), 1);
    let error = Odf::open(&mut input, &meter).map(|_| ()).unwrap_err();
    error.to_string()
}

#[test]
fn media_types_name_the_kind_whatever_the_form() {
    let kind = |name: &str| Kind::of_media_type(&format!("application/vnd.oasis.opendocument.{name}"));
    assert_eq!(kind("text"), Some(Kind::Text));
    assert_eq!(kind("text-template\n"), Some(Kind::Text));
    assert_eq!(kind("presentation-flat-xml"), Some(Kind::Presentation));
    assert_eq!(kind("spreadsheet-template"), Some(Kind::Spreadsheet));
    assert_eq!(kind("image"), None);
    assert_eq!(Kind::of_media_type("application/epub+zip"), None);
}

#[test]
fn a_flat_file_in_any_encoding_is_read_for_its_kind_and_properties() {
    let xml = format!(
        "{HEAD}<office:meta><dc:title xmlns:dc='d'> A &amp; B </dc:title><meta:keyword>x</meta:keyword>\
         <meta:creation-date>2020-02-03T04:05:06.123456789</meta:creation-date><dc:creator>C</dc:creator>\
         </office:meta><office:body/></office:document>"
    );
    let utf_8 = [b"\xEF\xBB\xBF", xml.as_bytes()].concat();
    let utf_16: Vec<u8> =
        std::iter::once(0xFEFF).chain(xml.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    for bytes in [xml.as_bytes(), &utf_8, &utf_16] {
        let mut input = Cursor::new(bytes);
        let meter = Meter::new(Limits::default(), bytes.len() as u64);
        let mut odf = Odf::open(&mut input, &meter).unwrap();
        assert_eq!(odf.kind(), Some(Kind::Text));
        let found = odf.properties().unwrap();
        assert_eq!((found.title.as_str(), found.author.as_str()), ("A & B", "C"));
        assert_eq!((found.created.as_str(), found.keywords.len()), ("2020-02-03T04:05:06", 1));
        assert!(odf.content().unwrap().is_some() && odf.object("Object 1").unwrap().is_none());
    }
}

#[test]
fn what_is_no_opendocument_file_is_damaged() {
    assert_eq!(open_error(b"<html/>"), "the XML is damaged: it is not an OpenDocument file");
    assert!(open_error(b"not XML").starts_with("the ZIP directory is damaged"));
    assert!(open_error(b"").starts_with("the ZIP directory is damaged"));
}

#[test]
fn white_space_collapses_and_counts_are_bounded() {
    let xml = "<text:p>\n a  b<text:s text:c='3'/> c<text:tab/><text:span> d</text:span><text:line-break/>\
        <text:note><text:p>no</text:p></text:note>e<text:s text:c='4294967295'/><text:s text:c='x'/></text:p>";
    let meter = Meter::new(Limits::default(), 1);
    let mut reader = xml::Reader::new(xml.as_bytes(), meter.limits());
    assert!(matches!(reader.next_event(), Ok(Event::Start(_))));
    let mut out = String::new();
    read_paragraph(&mut reader, &meter, &mut out).unwrap();
    assert_eq!(out.trim_end(), "a b    c\t d\ne");
    assert_eq!(out.len() - out.trim_end().len(), 1024 + 1);
}

#[test]
fn attributes_are_found_under_any_prefix_but_that_of_another_namespace() {
    let xml = "<a calcext:value-type='error' o:value='1' office:formula='2'/>";
    let meter = Meter::new(Limits::default(), 1);
    let mut reader = xml::Reader::new(xml.as_bytes(), meter.limits());
    let Ok(Event::Start(tag)) = reader.next_event() else {
        panic!("no tag");
    };
    assert_eq!(raw_attribute(tag, b"office:value-type"), None);
    assert_eq!(attribute(tag, b"office:value").as_deref(), Some("1"));
    assert_eq!(raw_attribute(tag, b"table:formula"), None);
    assert_eq!(raw_attribute(tag, b"calcext:value-type"), Some(&b"error"[..]));
}
