//! What a reader of GitHub's Markdown would take for something else than what was written.

use super::*;

#[test]
fn a_price_is_no_formula() {
    let write = |pieces: &[(&str, bool)]| {
        let mut writer = Writer::new();
        for (piece, is_formula) in pieces {
            if *is_formula {
                writer.math(piece, false);
            } else {
                writer.text(piece, &Style::default());
            }
        }
        writer.finish().trim_end().to_owned()
    };
    for (text, expected) in [
        ("$5 and $6", "$5 and $6"),
        ("$5-$6", "$5-$6"),
        ("5 $ or 6 $", "5 $ or 6 $"),
        ("$HOME/$USER", "$HOME/\\$USER"),
        ("$$x$$", "\\$$x\\$\\$"),
    ] {
        assert_eq!(write(&[(text, false)]), expected);
    }
    assert_eq!(write(&[("$5 for ", false), ("x^2", true)]), "\\$5 for $x^2$");
    assert_eq!(write(&[("x", true), (" for $5", false)]), "$x$ for $5");
    assert_eq!(
        write(&[("a", true), (" $5 \\$ ", false), ("b", true), (" $6, ", false), ("c", true)]),
        "$a$ \\$5 \\\\\\$ $b$ \\$6, $c$"
    );
}

#[test]
fn a_norm_does_not_end_its_cell() {
    let mut writer = Writer::single_line(Form::default());
    writer.math("\\|x\\|+|y|\\\\|z|", false);
    assert_eq!(writer.finish(), "$\\Vert x\\Vert +\\vert y\\vert \\\\\\vert z\\vert$");
}

#[test]
fn a_list_that_begins_anew_is_another_list() {
    let number = |level, number| item(level, Marker::Number { number, delimiter: '.' });
    let text = write(&[(number(0, 1), "a"), (number(0, 2), "b"), (number(0, 1), "c"), (number(0, 2), "d")]);
    assert_eq!(text, "1. a\n2. b\n\n<!-- -->\n\n1. c\n2. d\n");
    let text = write(&[(number(0, 1), "a"), (number(1, 1), "b"), (number(1, 4), "c"), (number(0, 2), "d")]);
    assert_eq!(text, "1. a\n   1. b\n\n   <!-- -->\n\n   4. c\n2. d\n");
    let text = write(&[(number(0, 1), "a"), (Block::Paragraph, "b"), (number(0, 1), "c")]);
    assert_eq!(text, "1. a\n\nb\n\n1. c\n", "the paragraph ends the list");
    let mut writer = Writer::with(Form { text: TextForm::Plain, ..Form::default() });
    for _ in 0..2 {
        writer.begin_paragraph(number(0, 1));
        writer.text("a", &Style::default());
        writer.end_paragraph();
    }
    assert_eq!(writer.finish(), "1. a\n1. a\n");
}

#[test]
fn marks_around_punctuation_are_read_as_marks_or_left_out() {
    let none = Style::default;
    for (pieces, expected) in [
        (vec![("a", none()), ("!", bold()), ("b", none())], "a!b"),
        (vec![("(", none()), ("!", bold()), ("b", none())], "(!b"),
        (vec![("a", italic()), ("(b)", bold())], "*a*(**b)**"),
        (vec![("~ ", bold()), ("b", none())], "**\\~** b"),
        (vec![("a ~ b", Style { strike: true, ..none() })], "~~a \\~ b~~"),
        (vec![(">", bold()), ("b", none())], "\\>b"),
        (vec![("[", none()), ("^1]", none())], "\\[^1]"),
    ] {
        assert_eq!(paragraph(&pieces), expected);
    }
    let heading = write(&[(Block::Heading(2), "#")]);
    assert_eq!(heading, "## \\#\n");
}

#[test]
fn lines_of_a_paragraph_make_no_table() {
    for (line, expected) in [("|-|-|", "\\|-|-|"), (":-|-", "\\:-|-"), ("-|-", "\\-|-"), ("-5", "-5")] {
        let mut writer = Writer::new();
        writer.text("a | b", &Style::default());
        writer.line_break();
        writer.text(line, &Style::default());
        assert_eq!(writer.finish(), format!("a | b\\\n{expected}\n"));
    }
}
