//! How many tokens a file has and what it costs to use it: an estimate from type and size, never a count.
//!
//! The rules are those that the platforms' documents give (about 3.5 characters a token, 28 pixels square a token of a
//! picture, 1,500 to 3,000 tokens and one picture a page); what they leave open is taken at the dearer end. Each
//! estimate names its rule, and docs/budgets.md explains them.

use crate::model::budget::{Charges, Usd};
use crate::model::prices::Price;
use crate::model::{Body, MediaType, Payload};

/// Tokens of a text for each thousand that older models make of it, where no model is known: as newer models count.
const NEWER_PER_MILLE: u64 = 1_300;
/// The most tokens of a picture, where no model is known.
const NEWER_IMAGE: u64 = 4_784;
/// Pixels of a square that is one token.
const PATCH: u64 = 28;
/// Tokens of the text of a page.
const PAGE_TEXT: [u64; 3] = [1_500, 2_250, 3_000];
/// Tokens of a page's picture where standard resolution is the most.
const PAGE_IMAGE: u64 = 1_568;
/// Bytes of a page, where nobody has counted them: a page of text is smaller, a scan larger.
const PAGE_BYTES: u64 = 50_000;

/// Extensions of tables and data.
const DENSE: &[&str] = &["csv", "tsv", "json", "xml"];

/// What is known of a file besides its type and size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Known {
    /// Its pages.
    pub pages: Option<u64>,
    /// Width and height of a picture, in pixels.
    pub pixels: Option<(u64, u64)>,
    /// Whether its name says that it is a table or data, whatever its type says: platforms take them as plain text.
    pub is_dense: bool,
}

impl Known {
    /// Returns what can be known of a payload without reading it again.
    #[must_use]
    pub fn of(payload: &Payload) -> Self {
        let pixels = match &payload.body {
            Body::Bytes(bytes) => pixels(bytes),
            Body::File(_) | Body::Spilled(_) => None,
        };
        Self { pixels, pages: payload.pages, is_dense: is_dense(payload.file_name.as_str()) }
    }
}

/// Tells by a file's name whether it is a table or data: numbers and punctuation, not prose.
#[must_use]
pub fn is_dense(name: &str) -> bool {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension).unwrap_or_default();
    DENSE.iter().any(|dense| dense.eq_ignore_ascii_case(extension))
}

/// How many tokens a file probably has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// No fewer than this, most likely.
    pub least: u64,
    /// What budgets count.
    pub tokens: u64,
    /// No more than this, most likely.
    pub most: u64,
    /// The rule.
    pub heuristic: &'static str,
}

/// Estimates the tokens of a file. With the price of a model, as that model counts.
#[must_use]
pub fn tokens(media_type: &MediaType, size_bytes: u64, known: &Known, price: Option<&Price>) -> Estimate {
    let per_mille = price.map_or(NEWER_PER_MILLE, |price| price.tokens_per_mille);
    let image = price.map_or(NEWER_IMAGE, |price| price.image_tokens);
    match media_type.as_str() {
        "application/pdf" => pages(size_bytes, known.pages, image),
        "image/jpeg" | "image/png" | "image/gif" | "image/webp" => picture(known.pixels, image),
        // Numbers and punctuation make about twice as many tokens as prose.
        "text/csv" | "text/tab-separated-values" | "application/json" | "application/xml" | "text/xml" => {
            by_bytes(size_bytes, [35, 20, 10], per_mille, "dense-text-2.0")
        }
        _ if media_type.top_level() == "text" && known.is_dense => {
            by_bytes(size_bytes, [35, 20, 10], per_mille, "dense-text-2.0")
        }
        _ if media_type.top_level() == "text" => by_bytes(size_bytes, [40, 35, 10], per_mille, "text-3.5"),
        _ => by_bytes(size_bytes, [80, 40, 10], 1_000, "bytes-4"),
    }
}

/// Returns what a file takes of the budgets. Without a price it costs nothing that could be told.
#[must_use]
pub fn charges(
    media_type: &MediaType,
    size_bytes: u64,
    known: &Known,
    price: Option<(&Price, u32)>,
) -> Charges {
    let estimate = tokens(media_type, size_bytes, known, price.map(|(price, _)| price));
    let cost = price.map(|(price, references)| price.cost(estimate.tokens, references));
    Charges {
        files: 1,
        bytes: size_bytes,
        tokens: estimate.tokens,
        cost_micro_usd: cost.map_or(0, Usd::micros),
    }
}

/// `tenths` are the bytes of a token in tenths: for the least, the probable and the most tokens.
fn by_bytes(size_bytes: u64, tenths: [u64; 3], per_mille: u64, heuristic: &'static str) -> Estimate {
    let count = |tenths: u64| {
        let tokens = (u128::from(size_bytes) * u128::from(per_mille)).div_ceil(u128::from(tenths) * 100);
        u64::try_from(tokens).unwrap_or(u64::MAX)
    };
    let [least, tokens, most] = tenths.map(count);
    // No token is less than a byte.
    Estimate { least, tokens: tokens.min(size_bytes), most: most.min(size_bytes), heuristic }
}

fn pages(size_bytes: u64, pages: Option<u64>, image: u64) -> Estimate {
    let heuristic = if pages.is_some() { "pdf-pages" } else { "pdf-bytes" };
    let pages = pages.unwrap_or_else(|| size_bytes.div_ceil(PAGE_BYTES));
    let [least, tokens, most] = PAGE_TEXT;
    let of = |page: u64| pages.saturating_mul(page);
    Estimate {
        least: of(least),
        tokens: of(tokens + PAGE_IMAGE.min(image)),
        most: of(most + image),
        heuristic,
    }
}

fn picture(pixels: Option<(u64, u64)>, most: u64) -> Estimate {
    let Some((width, height)) = pixels else {
        return Estimate { least: 1, tokens: most, most, heuristic: "image-largest" };
    };
    // A larger one is scaled down until it takes no more than the most.
    let tokens = width.div_ceil(PATCH).saturating_mul(height.div_ceil(PATCH)).clamp(1, most);
    Estimate { least: tokens, tokens, most: tokens, heuristic: "image-28px" }
}

/// Reads width and height from the beginning of a picture, where PNG, GIF, JPEG and WebP say them.
#[must_use]
pub fn pixels(head: &[u8]) -> Option<(u64, u64)> {
    let big = |at: usize| Some(u64::from(u16::from_be_bytes([*head.get(at)?, *head.get(at + 1)?])));
    let little = |at: usize| Some(u64::from(u16::from_le_bytes([*head.get(at)?, *head.get(at + 1)?])));
    let found = if head.starts_with(b"\x89PNG\r\n\x1a\n") {
        (big(16)? << 16 | big(18)?, big(20)? << 16 | big(22)?)
    } else if head.starts_with(b"GIF8") {
        (little(6)?, little(8)?)
    } else if head.starts_with(b"\xff\xd8") {
        jpeg(head)?
    } else if head.starts_with(b"RIFF") && head.get(8..12)? == b"WEBP" {
        webp(head)?
    } else {
        return None;
    };
    (found.0 > 0 && found.1 > 0).then_some(found)
}

/// The frame header of JPEG (ITU-T T.81, B.2.2), behind any number of other segments.
fn jpeg(head: &[u8]) -> Option<(u64, u64)> {
    let big = |at: usize| Some(u16::from_be_bytes([*head.get(at)?, *head.get(at + 1)?]));
    let mut at = 2;
    loop {
        let marker = *head.get(at + 1)?;
        match (*head.get(at)?, marker) {
            (0xff, 0xff) => at += 1,
            (0xff, 0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf) => {
                return Some((u64::from(big(at + 7)?), u64::from(big(at + 5)?)));
            }
            (0xff, _) => at += 2 + usize::from(big(at + 2)?),
            _ => return None,
        }
    }
}

/// The three forms of WebP (RFC 9649, section 2).
fn webp(head: &[u8]) -> Option<(u64, u64)> {
    let little = |at: usize| Some(u64::from(u16::from_le_bytes([*head.get(at)?, *head.get(at + 1)?])));
    let three = |at: usize| Some(little(at)? | u64::from(*head.get(at + 2)?) << 16);
    match head.get(12..16)? {
        b"VP8X" => Some((three(24)? + 1, three(27)? + 1)),
        b"VP8L" => {
            let bits = little(21)? | little(23)? << 16;
            Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        b"VP8 " => Some((little(26)? & 0x3fff, little(28)? & 0x3fff)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::prices::Prices;

    fn estimate(media_type: &str, size_bytes: u64, known: Known) -> (u64, u64, u64, &'static str) {
        let Estimate { least, tokens, most, heuristic } =
            tokens(&media_type.parse().unwrap(), size_bytes, &known, None);
        (least, tokens, most, heuristic)
    }

    #[test]
    fn each_type_has_its_rule() {
        let pages = Known { pages: Some(10), ..Known::default() };
        let picture = |width, height| Known { pixels: Some((width, height)), ..Known::default() };
        let dense = Known { is_dense: true, ..Known::default() };
        for (media_type, size, known, expected) in [
            ("text/plain", 2_000, dense, (743, 1_300, 2_000, "dense-text-2.0")),
            ("application/pdf", 1, Known { pages: Some(1), ..dense }, (1_500, 3_818, 7_784, "pdf-pages")),
            ("text/plain", 3_500, Known::default(), (1_138, 1_300, 3_500, "text-3.5")),
            ("text/markdown", 0, Known::default(), (0, 0, 0, "text-3.5")),
            ("text/csv", 2_000, Known::default(), (743, 1_300, 2_000, "dense-text-2.0")),
            ("application/json", 1, Known::default(), (1, 1, 1, "dense-text-2.0")),
            ("application/zip", 4_000, Known::default(), (500, 1_000, 4_000, "bytes-4")),
            ("application/pdf", 1, pages, (15_000, 38_180, 77_840, "pdf-pages")),
            ("application/pdf", 100_001, Known::default(), (4_500, 11_454, 23_352, "pdf-bytes")),
            ("image/png", 1, picture(28, 29), (2, 2, 2, "image-28px")),
            ("image/png", 1, picture(100_000, 100_000), (4_784, 4_784, 4_784, "image-28px")),
            ("image/webp", 1, Known::default(), (1, 4_784, 4_784, "image-largest")),
        ] {
            assert_eq!(estimate(media_type, size, known), expected, "{media_type}");
        }
        assert_eq!(estimate("text/plain", u64::MAX, Known::default()).2, u64::MAX);
    }

    #[test]
    fn a_name_says_that_it_is_a_table_or_data() {
        for name in ["a.csv", "book.xlsx.Q1_Sales.CSV", "a.tsv", "a.json", "a.b.xml", ".csv"] {
            assert!(is_dense(name), "{name}");
        }
        for name in ["a.txt", "csv", "", "a.csv.txt", "a.", "a.jsonx", "a.csv "] {
            assert!(!is_dense(name), "{name}");
        }
    }

    #[test]
    fn a_model_counts_in_its_own_way_and_has_its_price() {
        let prices = Prices::built_in().unwrap();
        let old = prices.of("claude-sonnet-4-5").unwrap();
        let charged = charges(&MediaType::TEXT_PLAIN, 3_500_000, &Known::default(), Some((old, 2)));
        let expected = Charges { files: 1, bytes: 3_500_000, tokens: 1_000_000, cost_micro_usd: 6_000_000 };
        assert_eq!(charged, expected);
        assert_eq!(tokens(&"image/png".parse().unwrap(), 1, &Known::default(), Some(old)).tokens, 1_568);
        let unpriced = charges(&MediaType::TEXT_PLAIN, 3_500_000, &Known::default(), None);
        assert_eq!((unpriced.tokens, unpriced.cost_micro_usd), (1_300_000, 0));
    }

    #[test]
    fn pictures_say_how_large_they_are() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\x02\0\0\0\x03";
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\xc2\0\x11\x08\0\x05\x01\0";
        let vp8x = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x09\0\0\x13\0\0";
        let vp8l = b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\x09\xc0\x04\0";
        let vp8 = b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x0a\0\x14\0";
        for (head, expected) in [
            (&png[..], Some((258, 3))),
            (b"GIF89a\x02\x01\x05\0", Some((258, 5))),
            (jpeg, Some((256, 5))),
            (vp8x, Some((10, 20))),
            (vp8l, Some((10, 20))),
            (vp8, Some((10, 20))),
            (&png[..20], None),
            (b"GIF89a\0\0\0\0", None),
            (b"\xff\xd8\xff\xe0\0\0", None),
            (b"\xff\xd8ab", None),
            (b"", None),
        ] {
            assert_eq!(pixels(head), expected, "{head:?}");
        }
    }
}
