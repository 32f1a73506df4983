use proptest::prelude::*;

use super::*;
use crate::options::MergedCells;

mod forms;
mod reading;

fn bold() -> Style {
    Style { bold: true, ..Style::default() }
}

fn italic() -> Style {
    Style { italic: true, ..Style::default() }
}

fn link(target: &str) -> Style {
    Style { link: Some(target.into()), ..Style::default() }
}

/// Writes the pieces as one paragraph.
fn paragraph(pieces: &[(&str, Style)]) -> String {
    let mut writer = Writer::new();
    writer.begin_paragraph(Block::Paragraph);
    for (text, style) in pieces {
        writer.text(text, style);
    }
    writer.finish().trim_end().to_owned()
}

fn plain(text: &str) -> String {
    paragraph(&[(text, Style::default())])
}

fn item(level: u8, marker: Marker) -> Block {
    Block::Item { level, marker }
}

fn write(blocks: &[(Block, &str)]) -> String {
    let mut writer = Writer::new();
    for (block, text) in blocks {
        writer.begin_paragraph(block.clone());
        writer.text(text, &Style::default());
        writer.end_paragraph();
    }
    writer.finish()
}

fn row(writer: &mut Writer, cells: &[&str]) {
    writer.begin_row();
    for cell in cells {
        writer.begin_cell();
        writer.text(cell, &Style::default());
        writer.end_cell(1);
    }
    writer.end_row();
}

#[test]
fn pieces_of_one_style_merge() {
    assert_eq!(paragraph(&[("bo", bold()), ("ld", bold())]), "**bold**");
    assert_eq!(
        paragraph(&[("one ", bold()), (" two", bold()), (" three", Style::default())]),
        "**one two** three"
    );
    assert_eq!(paragraph(&[("re", link("http://x")), ("ad", link("http://x"))]), "[read](http://x)");
}

#[test]
fn white_space_stands_outside_marks_and_counts_once() {
    assert_eq!(
        paragraph(&[("a", Style::default()), (" \t b\u{a0} ", bold()), ("c", Style::default())]),
        "a **b** c"
    );
    assert_eq!(paragraph(&[("  ", bold()), ("a", Style::default())]), "a");
}

#[test]
fn a_link_closes_what_is_open_before_the_space() {
    let linked = Style { italic: true, ..link("http://x") };
    assert_eq!(
        paragraph(&[("see ", italic()), ("this", linked), (" now", italic())]),
        "*see* [*this*](http://x) *now*"
    );
}

#[test]
fn a_note_stands_outside_of_marks() {
    let mut writer = Writer::new();
    writer.text("a", &link("http://x"));
    writer.raw("[^1]");
    writer.text("b", &bold());
    writer.raw("[^2]");
    assert_eq!(writer.finish(), "[a](http://x)[^1]**b**[^2]\n");
}

#[test]
fn marks_nest_and_keep_what_stays_open() {
    let both = Style { bold: true, italic: true, ..Style::default() };
    assert_eq!(paragraph(&[("a ", bold()), ("b", both), (" c", bold())]), "**a *b* c**");
    assert_eq!(paragraph(&[("a", bold()), ("b", italic())]), "**a***b*");
}

#[test]
fn punctuation_between_a_mark_and_a_word_is_moved_out() {
    assert_eq!(paragraph(&[("Note:", bold()), ("see", Style::default())]), "**Note**:see");
    assert_eq!(paragraph(&[("word", Style::default()), ("(so)", bold())]), "word(**so)**");
    assert_eq!(paragraph(&[("Note:", bold()), (" see", Style::default())]), "**Note:** see");
}

#[test]
fn escapes_only_what_means_something() {
    for (text, expected) in [
        ("2 * 3", "2 * 3"),
        ("*a*", "\\*a\\*"),
        ("snake_case and _x_", "snake_case and \\_x_"),
        ("Name: ______ ok", "Name: ______ ok"),
        ("C:\\Users\\x", "C:\\Users\\x"),
        ("a\\*b", "a\\\\\\*b"),
        ("[1]", "\\[1]"),
        ("see [1] and [a](b)", "see [1] and [a]\\(b)"),
        ("a < b", "a < b"),
        ("<b>", "\\<b>"),
        ("AT&T &amp; x", "AT&T \\&amp; x"),
        ("# one", "\\# one"),
        ("#one", "#one"),
        ("- one", "\\- one"),
        ("-1", "-1"),
        ("---", "\\---"),
        ("+ one", "\\+ one"),
        ("> one", "\\> one"),
        ("1. one", "1\\. one"),
        ("1.5 one", "1.5 one"),
        ("In 2024. Next", "In 2024. Next"),
        ("~5 and ~~no~~", "~5 and \\~\\~no\\~\\~"),
        ("a | b", "a | b"),
        ("`x`", "\\`x\\`"),
        ("soft\u{ad}hyphen", "soft\u{ad}hyphen"),
        ("nul\u{1}", "nul\u{fffd}"),
        ("é € 漢字", "é € 漢字"),
        ("[^1] x", "\\[^1] x"),
    ] {
        assert_eq!(plain(text), expected, "{text}");
    }
}

#[test]
fn trailing_underscores_are_escaped_when_a_word_follows() {
    let none = Style::default();
    assert_eq!(paragraph(&[("a __", none.clone()), ("b", none.clone())]), "a \\_\\_b");
    assert_eq!(paragraph(&[("a __", none.clone()), (" b", none)]), "a __ b");
}

#[test]
fn link_targets_cannot_end_early() {
    assert_eq!(paragraph(&[("x]y", link("http://a b/(c)\n>"))]), "[x\\]y](http://a%20b/%28c%29%3E)");
}

#[test]
fn lists_are_tight_and_indented_by_their_markers() {
    let number = |number| Marker::Number { number, delimiter: '.' };
    let text = write(&[
        (item(0, number(9)), "nine"),
        (item(0, number(10)), "ten"),
        (item(1, Marker::Bullet), "below ten"),
        (item(2, Marker::Label("a)".into())), "labelled"),
        (item(0, number(11)), "eleven"),
        (Block::Paragraph, "after"),
        (item(1, number(4)), "four"),
    ]);
    assert_eq!(
        text,
        "9. nine\n10. ten\n    - below ten\n\n      a) labelled\n\n11. eleven\n\nafter\n\n4. four\n"
    );
}

#[test]
fn line_breaks_continue_the_item() {
    let mut writer = Writer::new();
    writer.begin_paragraph(item(0, Marker::Bullet));
    writer.text("a", &Style::default());
    writer.line_break();
    writer.text("- b", &Style::default());
    writer.line_break();
    assert_eq!(writer.finish(), "- a\\\n  \\- b\n");
}

#[test]
fn tables_pad_the_header_and_flatten_what_is_inside() {
    let mut writer = Writer::new();
    writer.begin_table(3);
    row(&mut writer, &["a|b", "c"]);
    writer.begin_row();
    writer.begin_cell();
    writer.begin_paragraph(Block::Heading(1));
    writer.text("one", &Style::default());
    writer.begin_paragraph(item(0, Marker::Bullet));
    writer.text("two", &Style::default());
    writer.begin_table(2);
    row(&mut writer, &["in", "ner"]);
    row(&mut writer, &["x", "y"]);
    writer.end_table();
    writer.end_cell(2);
    writer.end_row();
    row(&mut writer, &["", ""]);
    writer.end_table();
    writer.begin_paragraph(Block::Paragraph);
    writer.text("after", &Style::default());
    assert_eq!(
        writer.finish(),
        "| a\\|b | c | |\n| --- | --- | --- |\n| one<br>- two<br>in \\| ner<br>x \\| y | |\n\nafter\n"
    );
}

#[test]
fn spans_reach_to_the_edge_of_the_table_only() {
    let mut writer = Writer::new();
    writer.begin_table(2);
    writer.begin_row();
    writer.begin_cell();
    writer.text("wide", &Style::default());
    writer.end_cell(u64::MAX);
    writer.end_row();
    writer.end_table();
    assert_eq!(writer.finish(), "| wide | |\n| --- | --- |\n");
}

#[test]
fn boxes_and_quotes_follow_their_paragraph() {
    let mut writer = Writer::new();
    writer.begin_paragraph(Block::Paragraph);
    writer.text("before", &Style::default());
    writer.begin_box();
    writer.text("in the box", &Style::default());
    writer.end_box();
    writer.quote("remark".to_owned());
    writer.text(" and behind", &Style::default());
    assert_eq!(writer.finish(), "before and behind\n\nin the box\n\n> remark\n");
}

#[test]
fn long_paragraphs_are_handed_on_in_pieces() {
    let mut writer = Writer::new();
    let mut out = String::new();
    writer.begin_paragraph(Block::Paragraph);
    for _ in 0..40_000 {
        writer.text("wo", &bold());
        writer.text("rd ", &bold());
        if let Some(text) = writer.take_ready(32 << 10) {
            out.push_str(&text);
        }
    }
    assert!(out.len() > 100_000, "most of it was handed on");
    out.push_str(&writer.finish());
    assert_eq!(out.trim_end(), format!("**{}**", vec!["word"; 40_000].join(" ")));
}

#[test]
fn calls_in_any_order_do_no_harm() {
    let mut writer = Writer::new();
    writer.end_cell(1);
    writer.end_row();
    writer.end_table();
    writer.end_box();
    writer.begin_row();
    writer.begin_cell();
    writer.text("loose", &Style::default());
    writer.end_paragraph();
    writer.begin_table(1);
    writer.text("in no row", &Style::default());
    writer.begin_table(1);
    writer.text("inner", &Style::default());
    assert_eq!(writer.finish(), "loose\n\n| in no row<br>inner |\n| --- |\n");
}

#[test]
fn empty_tables_and_paragraphs_leave_no_trace() {
    let mut writer = Writer::new();
    writer.begin_paragraph(Block::Heading(1));
    writer.begin_table(2);
    row(&mut writer, &["", " "]);
    writer.end_table();
    assert!(!writer.has_text());
    assert_eq!(writer.finish(), "");
}

/// Does one of the things a converter can do.
fn act(writer: &mut Writer, action: u8, style: &Style) {
    match action {
        0 => writer.begin_paragraph(Block::Paragraph),
        1 => writer.begin_paragraph(Block::Heading(2)),
        2 => writer.begin_paragraph(item(1, Marker::Bullet)),
        3 => writer.begin_paragraph(item(0, Marker::Label("a)".into()))),
        4 => writer.end_paragraph(),
        5 => writer.begin_table(2),
        6 => writer.begin_row(),
        7 => writer.begin_cell(),
        8 => writer.end_cell(3),
        9 => writer.end_row(),
        10 => writer.end_table(),
        11 => writer.begin_box(),
        12 => writer.end_box(),
        13 => writer.quote("word".to_owned()),
        14 => writer.line_break(),
        15 => writer.space(),
        16 => writer.raw("word"),
        17 => writer.picture("word"),
        18 => writer.blocks("word".to_owned()),
        19 => writer.begin_covered_cell(),
        20 => writer.continue_cell(Side::Above),
        21 => writer.continue_cell(Side::Left),
        22 => writer.math("word", style.bold),
        23 => writer.text("(word", style),
        24 => writer.text("word.", style),
        _ => writer.text(" word ", style),
    }
}

proptest! {
    #[test]
    fn no_word_is_lost_whatever_the_order_of_calls(
        form in forms::forms(),
        actions in prop::collection::vec((0..30_u8, any::<[bool; 3]>()), 0..60),
        least in 1..50_usize,
    ) {
        let mut writer = Writer::with(form);
        let mut out = String::new();
        let mut words = 0;
        for (action, [bold, italic, linked]) in actions {
            let link = linked.then(|| "http://x".into());
            act(&mut writer, action, &Style { bold, italic, link, ..Style::default() });
            words += usize::from(matches!(action, 13 | 16..=18) || action > 21);
            out.push_str(&writer.take_ready(least).unwrap_or_default());
        }
        out.push_str(&writer.finish());
        let written = out.matches("word").count();
        if form.merged_cells == MergedCells::Repeat {
            prop_assert!(written >= words, "{}", out);
        } else {
            prop_assert_eq!(written, words, "{}", out);
        }
        prop_assert!(!out.contains("\n\n\n"), "{:?}", out);
    }

    #[test]
    fn any_text_is_written_on_the_lines_it_has(text in "\\PC{0,40}") {
        let written = plain(&text);
        prop_assert!(!written.contains('\n'));
        let visible = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
        prop_assert_eq!(visible(&written), visible(&text));
    }
}
