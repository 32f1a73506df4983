//! `multipart/form-data` (RFC 7578) whose length is known before a byte is sent.
//!
//! The framing is a pure function of names, types and fields, so that acceptance can judge a request's size without
//! making one. The text fields come first and the file last: a server may then read what the file is for before it
//! reads the file. Names go out as raw UTF-8 with `"` as `%22`, as browsers and the platforms' own clients send them
//! (HTML, "multipart/form-data encoding algorithm"); a line break cannot be in a [`FileName`].

use crate::model::{FileName, MediaType};

/// How long every boundary is.
const BOUNDARY_BYTES: usize = 32;

/// The separator between parts. Its length never varies; what it spells must not occur in the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boundary(String);

impl Boundary {
    /// Makes a boundary of 128 random bits: long enough that no content holds it by chance or by plan.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn random() -> std::io::Result<Self> {
        let mut bytes = [0; BOUNDARY_BYTES / 2];
        getrandom::fill(&mut bytes).map_err(|error| std::io::Error::other(error.to_string()))?;
        Ok(Self::from_bytes(bytes))
    }

    /// Makes the boundary that spells `bytes`, for tests that compare whole requests.
    #[must_use]
    pub fn from_bytes(bytes: [u8; BOUNDARY_BYTES / 2]) -> Self {
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A form of text fields and one file.
#[derive(Debug, Clone, Copy)]
pub struct Form<'a> {
    /// The text fields, in order.
    pub fields: &'a [(&'static str, String)],
    /// The name of the file.
    pub file_name: &'a FileName,
    /// The media type of the file.
    pub media_type: &'a MediaType,
}

impl Form<'_> {
    /// Returns what stands before the file's bytes.
    #[must_use]
    pub fn head(&self, boundary: &Boundary) -> String {
        let boundary = boundary.as_str();
        let mut head = String::new();
        for (name, value) in self.fields {
            head.push_str(&field_text(boundary, name, value));
        }
        head.push_str(&file_head(boundary, self.file_name, self.media_type));
        head
    }

    /// Returns what stands after the file's bytes.
    #[must_use]
    pub fn tail(boundary: &Boundary) -> String {
        tail(boundary.as_str())
    }
}

/// Returns the bytes that a form with one file and no fields adds to the file.
#[must_use]
pub fn file_overhead_bytes(file_name: &FileName, media_type: &MediaType) -> u64 {
    let boundary = "-".repeat(BOUNDARY_BYTES);
    length(&file_head(&boundary, file_name, media_type)) + length(&tail(&boundary))
}

/// Returns the bytes that a text field adds to a form.
#[must_use]
pub fn field_bytes(name: &str, value: &str) -> u64 {
    length(&field_text(&"-".repeat(BOUNDARY_BYTES), name, value))
}

fn length(text: &str) -> u64 {
    // A string is never longer than u64 can say.
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

fn field_text(boundary: &str, name: &str, value: &str) -> String {
    format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

fn file_head(boundary: &str, file_name: &FileName, media_type: &MediaType) -> String {
    let file_name = file_name.as_str().replace('"', "%22");
    format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\n\
         Content-Type: {media_type}\r\n\r\n"
    )
}

fn tail(boundary: &str) -> String {
    format!("\r\n--{boundary}--\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn framing_is_what_the_lengths_promise() {
        let name = FileName::parse("réport \"q\".md").unwrap();
        let media_type = MediaType::TEXT_PLAIN;
        let fields = [("purpose", "user_upload".to_owned()), ("metadata", "{\"k\":\"v\"}".to_owned())];
        let form = Form { fields: &fields, file_name: &name, media_type: &media_type };
        let boundary = Boundary::from_bytes([0xab; 16]);
        let head = form.head(&boundary);
        assert_eq!(
            head,
            "--abababababababababababababababab\r\n\
             Content-Disposition: form-data; name=\"purpose\"\r\n\r\nuser_upload\r\n\
             --abababababababababababababababab\r\n\
             Content-Disposition: form-data; name=\"metadata\"\r\n\r\n{\"k\":\"v\"}\r\n\
             --abababababababababababababababab\r\n\
             Content-Disposition: form-data; name=\"file\"; filename=\"réport %22q%22.md\"\r\n\
             Content-Type: text/plain\r\n\r\n"
        );
        let sum: u64 = fields.iter().map(|(name, value)| field_bytes(name, value)).sum();
        let total = length(&head) + length(&Form::tail(&boundary));
        assert_eq!(sum + file_overhead_bytes(&name, &media_type), total);
    }

    #[test]
    fn boundaries_differ_and_have_one_length() {
        let (one, other) = (Boundary::random().unwrap(), Boundary::random().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.as_str().len(), BOUNDARY_BYTES);
    }
}
