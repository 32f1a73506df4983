//! Plain text, merged cells and tracked changes.

use super::*;
use crate::options::{MergedCells, TextForm};

const PLAIN: Form = Form { text: TextForm::Plain, merged_cells: MergedCells::Empty };

fn merging(merged_cells: MergedCells) -> Form {
    Form { merged_cells, ..Form::default() }
}

fn cell(writer: &mut Writer, text: &str, columns: u64) {
    writer.begin_cell();
    writer.text(text, &Style::default());
    writer.end_cell(columns);
}

/// A table as word processors say it: a span has no further cells, and a cell says that it goes on the one above.
fn by_continuing(form: Form) -> (String, u64) {
    let mut writer = Writer::with(form);
    writer.begin_table(3);
    writer.begin_row();
    cell(&mut writer, "wide", 2);
    cell(&mut writer, "tall *", 1);
    writer.end_row();
    writer.begin_row();
    cell(&mut writer, "a", 1);
    cell(&mut writer, "b", 1);
    writer.begin_cell();
    writer.continue_cell(Side::Above);
    writer.end_cell(1);
    writer.end_row();
    writer.end_table();
    let merged = writer.merged();
    (writer.finish(), merged)
}

/// The same as presentations and OpenDocument say it: every covered cell is given.
fn by_covering(form: Form) -> (String, u64) {
    let mut writer = Writer::with(form);
    writer.begin_table(3);
    writer.begin_row();
    cell(&mut writer, "wide", 2);
    writer.begin_covered_cell();
    writer.end_cell(1);
    cell(&mut writer, "tall *", 1);
    writer.end_row();
    writer.begin_row();
    cell(&mut writer, "a", 1);
    cell(&mut writer, "b", 1);
    writer.begin_covered_cell();
    writer.end_cell(1);
    writer.end_row();
    writer.end_table();
    let merged = writer.merged();
    (writer.finish(), merged)
}

#[test]
fn merged_cells_are_the_same_however_a_document_says_it() {
    for (merged_cells, expected, merged) in [
        (MergedCells::Empty, "| wide | | tall \\* |\n| --- | --- | --- |\n| a | b | |\n", 2),
        (MergedCells::Repeat, "| wide | wide | tall \\* |\n| --- | --- | --- |\n| a | b | tall \\* |\n", 0),
        (
            MergedCells::Html,
            "<table>\n<tr><th colspan=\"2\">wide</th><th rowspan=\"2\">\n\ntall \\*\n\n</th></tr>\n\
             <tr><td>a</td><td>b</td></tr>\n</table>\n",
            0,
        ),
    ] {
        let expected = (expected.to_owned(), merged);
        assert_eq!(by_continuing(merging(merged_cells)), expected);
        assert_eq!(by_covering(merging(merged_cells)), expected);
    }
}

#[test]
fn a_block_of_merged_cells_counts_once_and_has_one_size() {
    let table = |merged_cells| {
        let mut writer = Writer::with(merging(merged_cells));
        writer.begin_table(3);
        for at in 0..3 {
            writer.begin_row();
            if at == 0 {
                cell(&mut writer, "block", 2);
            } else {
                writer.begin_cell();
                writer.continue_cell(Side::Above);
                writer.end_cell(2);
            }
            cell(&mut writer, "x", 1);
            writer.end_row();
        }
        let merged = writer.merged();
        (writer.finish(), merged)
    };
    assert_eq!(
        table(MergedCells::Empty),
        ("| block | | x |\n| --- | --- | --- |\n| | | x |\n| | | x |\n".to_owned(), 1)
    );
    assert_eq!(
        table(MergedCells::Repeat).0,
        "| block | block | x |\n| --- | --- | --- |\n| block | block | x |\n| block | block | x |\n"
    );
    assert_eq!(
        table(MergedCells::Html).0,
        "<table>\n<tr><th colspan=\"2\" rowspan=\"3\">block</th><th>x</th></tr>\n<tr><td>x</td></tr>\n<tr><td>x</td></tr>\n</table>\n"
    );
}

#[test]
fn tables_without_merged_cells_are_the_same_in_every_form() {
    let table = |form| {
        let mut writer = Writer::with(form);
        writer.begin_paragraph(Block::Paragraph);
        writer.text("before", &Style::default());
        writer.begin_table(2);
        row(&mut writer, &["a|b", "c"]);
        row(&mut writer, &["", ""]);
        row(&mut writer, &["d"]);
        writer.end_table();
        writer.begin_paragraph(Block::Paragraph);
        writer.text("after", &Style::default());
        writer.finish()
    };
    let expected = "before\n\n| a\\|b | c |\n| --- | --- |\n| d |\n\nafter\n";
    for form in [MergedCells::Empty, MergedCells::Repeat, MergedCells::Html] {
        assert_eq!(table(merging(form)), expected);
    }
}

#[test]
fn text_in_a_covered_cell_is_kept() {
    let table = |merged_cells| {
        let mut writer = Writer::with(merging(merged_cells));
        writer.begin_table(2);
        writer.begin_row();
        cell(&mut writer, "one", 2);
        writer.begin_covered_cell();
        writer.text("two", &Style::default());
        writer.end_cell(1);
        writer.end_row();
        writer.finish()
    };
    assert_eq!(table(MergedCells::Repeat), "| one | two |\n| --- | --- |\n");
    assert_eq!(table(MergedCells::Html), "<table>\n<tr><th colspan=\"2\">one<br>two</th></tr>\n</table>\n");
}

#[test]
fn long_values_are_not_repeated() {
    let mut writer = Writer::with(merging(MergedCells::Repeat));
    writer.begin_table(1024);
    writer.begin_row();
    cell(&mut writer, &"word ".repeat(10_000), u64::MAX);
    writer.end_row();
    assert_eq!(writer.merged(), 1);
    assert!(writer.finish().len() < 60_000);
}

#[test]
fn a_held_table_counts_as_held() {
    let mut writer = Writer::with(merging(MergedCells::Html));
    writer.begin_table(2);
    let mut held = 0;
    for _ in 0..1000 {
        row(&mut writer, &["", "x"]);
        held += writer.grown();
        assert_eq!(writer.take_ready(1), None);
    }
    assert!(held > 50_000, "{held}");
}

#[test]
fn block_marks_do_not_count_in_cells_that_stand_in_html() {
    let mut writer = Writer::with(merging(MergedCells::Html));
    writer.begin_table(2);
    writer.begin_row();
    cell(&mut writer, "# no", 2);
    writer.end_row();
    assert_eq!(writer.finish(), "<table>\n<tr><th colspan=\"2\">\n\n\\# no\n\n</th></tr>\n</table>\n");
}

#[test]
fn plain_text_has_no_marks_and_no_escapes() {
    let mut writer = Writer::with(PLAIN);
    writer.begin_paragraph(Block::Heading(2));
    writer.text("A *title*", &Style::default());
    writer.begin_paragraph(Block::Paragraph);
    writer.text("see", &bold());
    writer.text(" <this> ", &link("http://x"));
    writer.text("[1]", &italic());
    writer.note(7);
    writer.line_break();
    writer.text("# two\u{ad}\u{1}", &Style::default());
    writer.picture("a [cat]");
    writer.quote("Comment: hm".to_owned());
    writer.begin_paragraph(item(0, Marker::Bullet));
    writer.text("one", &Style::default());
    writer.begin_paragraph(item(1, Marker::Number { number: 3, delimiter: ')' }));
    writer.text("three", &Style::default());
    writer.math("x^2", true);
    writer.begin_table(3);
    row(&mut writer, &["a|b", "c"]);
    writer.begin_row();
    cell(&mut writer, "", 1);
    writer.begin_cell();
    writer.text("d", &bold());
    writer.line_break();
    writer.text("e", &bold());
    writer.end_cell(1);
    writer.end_row();
    writer.end_table();
    assert_eq!(
        writer.finish(),
        "A *title*\n\nsee <this> [1][7]\n# two\u{fffd}[a [cat]]\n\n[Comment: hm]\n\n- one\n\n  3) threex^2\n\na|b\tc\n\td e\n"
    );
    assert_eq!(note(PLAIN, 7, "one\n\ntwo\n"), "[7] one\n\ntwo\n");
    assert_eq!(PLAIN.part_kind(), crate::PartKind::Text);
}

#[test]
fn changes_are_marked_outside_of_everything_else() {
    let inserted = Style { inserted: true, ..Style::default() };
    let deleted = Style { deleted: true, bold: true, ..Style::default() };
    let linked = Style { inserted: true, ..link("http://x") };
    let pieces = [
        ("a ", Style::default()),
        ("new ", inserted.clone()),
        ("link", linked),
        (" old.", deleted),
        ("b", bold()),
        ("(c)", inserted),
    ];
    assert_eq!(
        paragraph(&pieces),
        "a <ins>new</ins> <ins>[link](http://x)</ins> <del>**old.**</del>**b**<ins>(c)</ins>"
    );
    let mut writer = Writer::with(PLAIN);
    for (text, style) in &pieces {
        writer.text(text, style);
    }
    assert_eq!(writer.finish(), "a [+new link+] [-old.-]b[+(c)+]\n");
}

#[test]
fn formulas_do_not_end_their_cell() {
    let mut writer = Writer::new();
    writer.text("so", &bold());
    writer.math(" |x| ", false);
    writer.begin_table(1);
    writer.begin_row();
    writer.begin_cell();
    writer.math("|x|", true);
    writer.end_cell(1);
    writer.end_table();
    assert_eq!(writer.finish(), "**so**$|x|$\n\n| $\\vert x\\vert$ |\n| --- |\n");
}
