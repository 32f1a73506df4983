//! What authors say of pictures: their alternative text.

use crate::xml::Tag;

/// Returns the description in the attribute `name`, else in `title`, if it is more than the name of a file.
pub(crate) fn of(tag: Tag<'_>, name: &[u8]) -> Option<String> {
    let found = |name: &[u8]| tag.value(name).filter(|text| says_something(text.trim()));
    found(name).or_else(|| found(b"title")).map(std::borrow::Cow::into_owned)
}

fn says_something(text: &str) -> bool {
    !text.is_empty() && !is_file_name(text)
}

/// Tells whether a description is only the name of the file the picture came from, as office programs fill it in.
fn is_file_name(text: &str) -> bool {
    const EXTENSIONS: [&str; 12] =
        ["png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "wmf", "emf", "svg", "webp", "jpe"];
    text.rsplit_once('.')
        .is_some_and(|(_, extension)| EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known)))
}
