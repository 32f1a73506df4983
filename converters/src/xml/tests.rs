use proptest::prelude::*;

use super::*;

/// A source that gives its bytes in pieces of the given sizes, over and over.
struct Pieces<'a> {
    bytes: &'a [u8],
    sizes: &'a [usize],
    next: usize,
}

impl Source for Pieces<'_> {
    fn fill(&mut self, out: &mut [u8]) -> Result<usize> {
        let size = self.sizes[self.next % self.sizes.len()];
        self.next += 1;
        let n = size.min(out.len()).min(self.bytes.len());
        out[..n].copy_from_slice(&self.bytes[..n]);
        self.bytes = &self.bytes[n..];
        Ok(n)
    }

    fn name(&self) -> &'static str {
        "the pieces"
    }
}

/// Reads to the end; text nodes are joined, tags are written out with their attributes.
fn read(bytes: &[u8], sizes: &[usize], limits: &Limits) -> Result<String> {
    let source = Pieces { bytes, sizes, next: 0 };
    let mut reader = Reader::new(source, limits);
    let mut out = String::new();
    loop {
        match reader.next_event()? {
            Event::Start(tag) => {
                out.push('<');
                out.push_str(&String::from_utf8_lossy(tag.qualified()));
                for (name, _) in tag.attributes() {
                    let name = String::from_utf8_lossy(name);
                    let value = tag.value(local_name(name.as_bytes())).unwrap();
                    out.push_str(&format!(" {name}={value:?}"));
                }
                out.push('>');
            }
            Event::End(local) => out.push_str(&format!("</{}>", String::from_utf8_lossy(local))),
            Event::Text(text) => out.push_str(text),
            Event::Eof => return Ok(out),
        }
    }
}

fn read_whole(bytes: &[u8]) -> Result<String> {
    read(bytes, &[usize::MAX], &Limits::default())
}

fn error(xml: &str) -> String {
    read_whole(xml.as_bytes()).unwrap_err().to_string()
}

#[test]
fn reads_tags_attributes_references_and_cdata() {
    let xml = "\u{feff}<?xml version='1.0'?><!-- <x> --><w:a b='1 > 0' w:c=\"a&amp;b\" >x &lt;&#x41;&#66; \
               <![CDATA[<&raw>]]><e/><!-- - --><f /></w:a >\n<!-- end -->";
    assert_eq!(
        read_whole(xml.as_bytes()).unwrap(),
        "<w:a b=\"1 > 0\" w:c=\"a&b\">x <AB <&raw><e></e><f></f></a>"
    );
}

#[test]
fn reads_utf16_and_declared_encodings() {
    let xml = "<?xml version='1.0'?><a>é漢</a>";
    let wide: Vec<u8> = xml.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(read_whole(&wide).unwrap(), "<a>é漢</a>");
    let mut big = vec![0xFE, 0xFF];
    big.extend(xml.encode_utf16().flat_map(u16::to_be_bytes));
    assert_eq!(read_whole(&big).unwrap(), "<a>é漢</a>");
    let latin = b"<?xml version='1.0' encoding='iso-8859-1'?><a>\xE9</a>";
    assert_eq!(read_whole(latin).unwrap(), "<a>é</a>");
}

#[test]
fn refuses_what_is_not_well_formed() {
    for (xml, reason) in [
        ("<a>", "the XML ends early"),
        ("", "the XML ends early"),
        ("<a></b>", "an end tag does not match its start tag"),
        ("</a>", "an end tag does not match its start tag"),
        ("<a/><b/>", "the XML has two root elements"),
        ("<a/>x", "there is text outside the root element"),
        ("<a", "the XML ends inside a tag"),
        ("<a><b <c/></a>", "a tag is not closed"),
        ("<a>< /a>", "a tag has no name"),
        ("<a>&unknown;</a>", "it uses an entity that is not declared"),
        ("<a>& b</a>", "it uses an entity that is not declared"),
        ("<!DOCTYPE a><a/>", "it declares a DTD, which is never read"),
        ("<a><![CDATA[x</a>", "the XML ends inside a CDATA section"),
        ("<a><!-- x</a>", "the XML ends inside a comment or instruction"),
    ] {
        assert_eq!(error(xml), format!("the pieces is damaged: {reason}"), "{xml}");
    }
    let invalid = read_whole(b"<a>\xFF</a>").unwrap_err().to_string();
    assert_eq!(invalid, "the pieces is damaged: its text is not valid UTF-8");
}

#[test]
fn a_doctype_is_passed_over_on_request_but_no_internal_subset() {
    let first = |xml: &str| {
        let limits = Limits::default();
        let mut reader = Reader::new(xml.as_bytes(), &limits).with_doctype_passed_over();
        reader.next_event().map_err(|error| error.to_string()).map(|event| match event {
            Event::Start(tag) => tag.local().to_vec(),
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(first("<!DOCTYPE a PUBLIC \"-//X//DTD > X\" 'x.dtd'><a/>").unwrap(), b"a");
    let refused = "the XML is damaged: it declares a DTD, which is never read";
    for xml in ["<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", "<!DOCTYPE a []><a/>", "<!ELEMENT a><a/>"] {
        assert_eq!(first(xml).unwrap_err(), refused, "{xml}");
    }
}

#[test]
fn refuses_depth_attributes_and_tags_beyond_the_limits() {
    let limits =
        Limits { max_xml_depth: 3, max_xml_attributes: 2, max_xml_tag_bytes: 100_000, ..Limits::default() };
    let whole = |xml: &str| read(xml.as_bytes(), &[usize::MAX], &limits);
    assert!(whole("<a><b><c/></b></a>").is_ok());
    assert!(matches!(whole("<a><b><c><d/></c></b></a>"), Err(ConvertError::Limit(_))));
    assert!(whole("<a b='' c=''/>").is_ok());
    assert!(matches!(whole("<a b='' c='' d=''/>"), Err(ConvertError::Limit(_))));
    let long = format!("<a b='{}'/>", "x".repeat(300_000));
    assert!(matches!(whole(&long), Err(ConvertError::Limit(_))));
}

#[test]
fn a_character_that_xml_forbids_becomes_a_replacement() {
    assert_eq!(read_whole(b"<a>&#1;&#xD800;</a>").unwrap(), "<a>\u{fffd}\u{fffd}</a>");
}

#[test]
fn long_text_comes_in_pieces_and_needs_one_buffer() {
    let text = "é&amp;".repeat(200_000);
    let xml = format!("<a>{text}</a>");
    let mut reader = Reader::new(xml.as_bytes(), &Limits::default());
    let (mut joined, mut pieces) = (String::new(), 0);
    loop {
        match reader.next_event().unwrap() {
            Event::Text(text) => {
                joined.push_str(text);
                pieces += 1;
            }
            Event::Eof => break,
            Event::Start(_) | Event::End(_) => {}
        }
    }
    assert_eq!(joined, "é&".repeat(200_000));
    assert!(pieces > 10, "{pieces} pieces");
    assert_eq!(reader.window.buffer.len(), window::FULL_BYTES);
}

#[test]
fn skip_and_text_content_end_with_their_element() {
    let xml = b"<a><skip>x<y/></skip><text>1<z>2</z>3</text><rest/></a>";
    let mut reader = Reader::new(xml.as_slice(), &Limits::default());
    let mut text = String::new();
    let mut names = Vec::new();
    loop {
        let name = match reader.next_event().unwrap() {
            Event::Start(tag) => tag.local().to_vec(),
            Event::Eof => break,
            Event::End(_) | Event::Text(_) => continue,
        };
        match name.as_slice() {
            b"skip" => reader.skip_element().unwrap(),
            b"text" => reader.text_content(&mut text).unwrap(),
            _ => {}
        }
        names.push(String::from_utf8(name).unwrap());
    }
    assert_eq!((text.as_str(), names.join(" ").as_str()), ("123", "a skip text rest"));
}

/// A document and what reading it gives, made together: the oracle does not read.
fn node(depth: u32) -> BoxedStrategy<(String, String)> {
    let text = prop_oneof![
        "[a-z é漢😀\n]{0,12}".prop_map(|text| (text.clone(), text)),
        Just(("&amp;&#x1F600;&lt;".to_owned(), "&😀<".to_owned())),
        "[a-z<&\\]]{0,9}".prop_filter_map("ends a section", |text| {
            (!text.contains("]]")).then(|| (format!("<![CDATA[{text} ]]>"), format!("{text} ")))
        }),
        "[a-z<>& ]{0,9}".prop_map(|text| (format!("<!--{text}-->"), String::new())),
        Just(("<?pi x > y?>".to_owned(), String::new())),
        Just(("long ".repeat(9000), "long ".repeat(9000))),
    ];
    if depth == 0 {
        return text.boxed();
    }
    let element = ("[a-z]{1,5}", "[a-z >/é]{0,9}", prop::collection::vec(node(depth - 1), 0..4)).prop_map(
        |(name, value, children)| {
            let (inner, read): (Vec<_>, Vec<_>) = children.into_iter().unzip();
            let tag = format!("<p:{name} x='{value}'>");
            (
                format!("{tag}{}</p:{name} >", inner.concat()),
                format!("<p:{name} x={value:?}>{}</{name}>", read.concat()),
            )
        },
    );
    prop_oneof![1 => text, 3 => element].boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_read_does_not_depend_on_the_pieces(
        (xml, expected) in node(3),
        sizes in prop::collection::vec(prop_oneof![1..4_usize, 1..5000_usize, Just(usize::MAX)], 1..5),
    ) {
        let xml = format!("<root>{xml}</root>");
        let expected = format!("<root>{expected}</root>");
        let read = read(xml.as_bytes(), &sizes, &Limits::default()).unwrap();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), size in 1..64_usize) {
        let mut xml = b"<a>".to_vec();
        xml.extend(&bytes);
        let whole = read(&xml, &[usize::MAX], &Limits::default());
        let pieces = read(&xml, &[size], &Limits::default());
        prop_assert_eq!(whole.map_err(|e| e.to_string()), pieces.map_err(|e| e.to_string()));
    }

    #[test]
    fn broken_markup_is_read_or_refused(xml in "[<>/a='\"!&; \\[\\]\\-?]{0,60}", size in 1..16_usize) {
        let xml = format!("<a>{xml}</a>");
        let whole = read(xml.as_bytes(), &[usize::MAX], &Limits::default());
        let pieces = read(xml.as_bytes(), &[size], &Limits::default());
        prop_assert_eq!(whole.map_err(|e| e.to_string()), pieces.map_err(|e| e.to_string()));
    }
}
