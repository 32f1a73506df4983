//! Plain text, merged cells and tracked changes.

use proptest::prelude::*;

use super::*;
use crate::options::TextForm;

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
        "A *title*\n\nsee <this> [1][7]\n# two\u{ad}\u{fffd}[a [cat]]\n\n[Comment: hm]\n\n- one\n\n  3) three x^2\n\na|b\tc\n\td e\n"
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

/// Every form there is.
pub(super) fn forms() -> impl Strategy<Value = Form> {
    let text = prop::sample::select(TextForm::ALL);
    let merged_cells = prop::sample::select(MergedCells::ALL);
    (text, merged_cells).prop_map(|(text, merged_cells)| Form { text, merged_cells })
}

/// Rows of a table of four columns; each cell is of its own, or goes on the one on its left or above.
fn grids() -> impl Strategy<Value = Vec<[u8; 4]>> {
    prop::collection::vec(prop::array::uniform4(0..4_u8), 1..6)
}

/// Writes the grid so that merged cells are rectangles, as documents have them: a block is a cell, the cells on its
/// right, and whole rows below it.
fn write_grid(writer: &mut Writer, grid: &[[u8; 4]], covering: bool) {
    writer.begin_table(4);
    // Whether each column of the row above goes on the one on its left.
    let mut above = [false; 4];
    for (at, row) in grid.iter().enumerate() {
        writer.begin_row();
        // The row either goes on all blocks above or begins new ones.
        let down = at > 0 && row[0] == 1;
        let joined: [bool; 4] =
            std::array::from_fn(|column| if down { above[column] } else { column > 0 && row[column] > 1 });
        let mut column = 0;
        while column < 4 {
            let columns = 1 + joined.iter().skip(column + 1).take_while(|joined| **joined).count();
            let wide = columns as u64;
            if down && covering {
                for _ in 0..columns {
                    writer.begin_covered_cell();
                    writer.end_cell(1);
                }
            } else {
                writer.begin_cell();
                if down {
                    writer.continue_cell(Side::Above);
                } else {
                    writer.text("word", &Style::default());
                }
                writer.end_cell(wide);
                for _ in 1..if covering { columns } else { 1 } {
                    writer.begin_covered_cell();
                    writer.end_cell(1);
                }
            }
            column += columns;
        }
        writer.end_row();
        above = joined;
    }
    writer.end_table();
}

/// Returns the sum of the areas of all cells, which is that of the table.
fn area(html: &str) -> usize {
    let number = |cell: &str, name: &str| {
        let value = cell.split_once(name).and_then(|(_, rest)| rest.split('"').nth(1)?.parse().ok());
        value.unwrap_or(1_usize)
    };
    let cells = html.split("<t").filter(|cell| cell.starts_with(['d', 'h']));
    cells.map(|cell| number(cell, "colspan") * number(cell, "rowspan")).sum()
}

proptest! {
    #[test]
    fn marks_are_closed_whatever_the_order_of_calls(
        form in forms(),
        actions in prop::collection::vec((0..30_u8, any::<[bool; 5]>()), 0..60),
    ) {
        let mut writer = Writer::with(form);
        for (action, [bold, italic, strike, inserted, deleted]) in actions {
            let link = (bold && strike).then(|| "http://x".into());
            act(&mut writer, action, &Style { bold, italic, strike, inserted, deleted, link });
        }
        let out = writer.finish();
        let count = |mark: &str| out.matches(mark).count();
        if form.text == TextForm::Plain {
            prop_assert!(!out.contains(['\\', '*', '~', '|', '<', '!']), "{}", out);
            prop_assert_eq!((count("[+"), count("[-")), (count("+]"), count("-]")), "{}", out);
            return Ok(());
        }
        prop_assert_eq!((count("<ins>"), count("<del>")), (count("</ins>"), count("</del>")), "{}", out);
        prop_assert_eq!((count("*") % 2, count("~~") % 2, count("[")), (0, 0, count("]")), "{}", out);
        prop_assert_eq!((count("<t"), count("<table>")), (count("</t"), count("</table>")), "{}", out);
    }

    #[test]
    fn merged_tables_are_rectangles(grid in grids(), covering in any::<bool>()) {
        let table = |merged_cells| {
            let mut writer = Writer::with(merging(merged_cells));
            write_grid(&mut writer, &grid, covering);
            (writer.merged(), writer.finish())
        };
        let (merged, repeated) = table(MergedCells::Repeat);
        prop_assert_eq!(merged, 0);
        for line in repeated.lines() {
            prop_assert_eq!(line.matches("| ").count(), 4, "{}", repeated);
        }
        let (merged, html) = table(MergedCells::Html);
        prop_assert_eq!(merged, 0);
        if html.starts_with("<table>") {
            prop_assert_eq!(area(&html), 4 * grid.len(), "{}", html);
        } else {
            prop_assert_eq!(&html, &repeated);
        }
        let (merged, empty) = table(MergedCells::Empty);
        prop_assert_eq!(merged > 0, html.starts_with("<table>"), "{}", empty);
    }

    #[test]
    fn plain_text_says_what_the_text_says(text in "[!-~]{1,40}") {
        let mut writer = Writer::with(PLAIN);
        writer.text(&text, &bold());
        prop_assert_eq!(writer.finish(), format!("{text}\n"));
    }
}
