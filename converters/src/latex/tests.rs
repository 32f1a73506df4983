use super::*;

#[test]
fn symbols_are_in_order_and_have_balanced_braces() {
    let mut formula = Builder::default();
    for c in (0x20..0x2FFF).chain(0x1D400..0x1D800).filter_map(char::from_u32) {
        formula.characters(c.encode_utf8(&mut [0; 4]), Font::default());
        formula.end_sign();
    }
    let text = formula.finish();
    assert!(symbols::in_order());
    assert_eq!(text.matches('{').count(), text.matches('}').count());
    assert!(text.contains("\\alpha") && text.contains("\\longmapsto") && text.contains("\\mathtt{9}"));
}

#[test]
fn commands_do_not_run_into_letters() {
    let mut formula = Builder::default();
    for text in ["α", "b", "\\", "c", "2", "π"] {
        formula.characters(text, Font::default());
    }
    assert_eq!(formula.finish(), "\\alpha b\\backslash c2\\pi");
}

#[test]
fn parts_come_in_any_order() {
    let mut formula = Builder::default();
    formula.begin();
    for (part, text) in [(Part::Upper, "a"), (Part::Base, "b"), (Part::Lower, "c")] {
        formula.part(part);
        formula.characters(text, Font::default());
    }
    formula.end(&Shape::Scripts);
    assert_eq!(formula.finish(), "b_c^a");
}

#[test]
fn a_word_in_a_hundred_thousand_pieces_is_quick() {
    let mut formula = Builder::default();
    for _ in 0..100_000 {
        formula.characters("a", Font::default());
    }
    assert_eq!(formula.finish().len(), 100_000);
}
