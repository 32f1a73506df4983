//! Shapes: what they are on the slide, and whether they are shown.

use std::rc::Rc;

use crate::options::HiddenContent;
use crate::xml::Tag;

use super::super::placeholders::{Kind, Placeholder};
use super::super::properties::is_on;
use super::{Open, Step, Walker};
use crate::ooxml::description;

/// A shape, picture, frame or group being read.
#[derive(Debug, Default)]
pub(super) struct Shape {
    pub(super) placeholder: Option<Placeholder>,
    /// Where a click on the shape leads.
    pub(super) link: Option<Rc<str>>,
    alt: Option<String>,
    is_picture: bool,
    /// Whether it shows an embedded object.
    pub(super) is_object: bool,
    /// Whether it plays a sound or film.
    has_media: bool,
    is_hidden: bool,
    /// Whether it is left out, with all that it holds.
    pub(super) is_dropped: bool,
    content_before: u64,
}

impl Shape {
    pub(super) fn is_title(&self) -> bool {
        self.is(Kind::Title)
    }

    /// Tells whether it is the date, footer or number of the page.
    pub(super) fn is_edge(&self) -> bool {
        self.is(Kind::Edge) || self.is_number()
    }

    pub(super) fn is_number(&self) -> bool {
        self.is(Kind::Number)
    }

    fn is(&self, kind: Kind) -> bool {
        self.placeholder.is_some_and(|placeholder| placeholder.kind == kind)
    }
}

impl Walker<'_, '_> {
    pub(super) fn start_shape(&mut self, tag: Tag<'_>) -> Step {
        let is_picture = matches!(tag.local(), b"pic" | b"contentPart");
        self.shapes.push(Shape { is_picture, content_before: self.content, ..Shape::default() });
        Step::Into(Open::Shape)
    }

    /// Reads what tells one shape from another: name, placeholder, media.
    pub(super) fn describe_shape(&mut self, tag: Tag<'_>) {
        let Some(shape) = self.shapes.last_mut() else {
            return;
        };
        match tag.local() {
            b"cNvPr" => {
                if shape.is_picture {
                    shape.alt = description::of(tag, b"descr");
                }
                if is_on(tag, b"hidden") {
                    shape.is_hidden = true;
                    shape.is_dropped = self.deck.options.hidden_content == HiddenContent::Exclude;
                    self.deck.tally.hidden_dropped += u64::from(shape.is_dropped);
                }
            }
            b"ph" => {
                let placeholder = Placeholder::of(tag);
                shape.placeholder = Some(placeholder);
            }
            b"hlinkClick" => {
                let id = tag.value(b"id").unwrap_or_default();
                shape.link = self.links.hyperlink(&id).map(Rc::clone);
            }
            b"audioFile" | b"videoFile" | b"wavAudioFile" | b"quickTimeFile" | b"audioCd" => {
                shape.has_media = true;
            }
            _ => {}
        }
    }

    pub(super) fn end_shape(&mut self) {
        let Some(shape) = self.shapes.pop() else {
            return;
        };
        if shape.is_title() {
            self.page.end_title();
        }
        if shape.is_edge() {
            self.page.end_edge();
        }
        if shape.is_dropped {
            return;
        }
        if shape.is_hidden && self.content > shape.content_before {
            self.deck.tally.hidden += 1;
        }
        if shape.has_media {
            self.deck.tally.embedded += 1;
        }
        // The picture of an object only stands for it.
        let of_object = self.shapes.last().is_some_and(|outer| outer.is_object);
        if shape.is_picture && !of_object {
            self.deck.tally.pictures += u64::from(!shape.has_media);
            if let Some(alt) = shape.alt {
                self.content += alt.len() as u64;
                self.page.writer().picture(&alt);
                self.page.writer().end_paragraph();
            }
        }
    }
}
