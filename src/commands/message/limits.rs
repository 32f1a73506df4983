//! The platform's limits for one request. Each finding names the page of the platform's documents that sets the rule.

use std::io::Read;

use super::stored::Stored;
use crate::cli::MessageArgs;
use crate::model::digest::Hasher;
use crate::model::prices::{Price, Prices};
use crate::model::source::OpenedFile;
use crate::model::{Block, MediaType};
use crate::stages::estimate::{self, Known};

/// The largest body, in bytes: 32 MB (api/overview), read as the smaller unit.
pub(super) const MAX_BODY_BYTES: u64 = 32_000_000;
/// PDF pages in a request, and where the context is below a million tokens (build-with-claude/pdf-support).
const MAX_PAGES: [u64; 2] = [600, 100];
/// Pictures in a request, and where the context is 200,000 tokens (build-with-claude/vision).
const MAX_IMAGES: [usize; 2] = [600, 100];
/// Pixels of a side, and pictures beyond which it may have so many only (build-with-claude/vision).
const MAX_SIDE: u64 = 8_000;
const MANY_IMAGES: usize = 20;
const MAX_SIDE_OF_MANY: u64 = 2_000;
/// Bytes of a picture whose base64 form has 10 MB (build-with-claude/vision).
const MAX_IMAGE_BYTES: u64 = 7_500_000;
/// The largest picture on this machine that is opened, and where its frame must begin.
const MAX_LOCAL_BYTES: u64 = 64 << 20;
const HEAD_BYTES: usize = 1 << 20;
/// What the rules say.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// What the platform refuses, or may.
    pub(super) refusals: Vec<String>,
    pub(super) warnings: Vec<String>,
}

/// Judges a body of so many bytes.
///
/// `prices` say from how many tokens on the model caches; they are needed for `--cache` only.
pub(super) fn judge(
    args: &MessageArgs,
    files: &[Stored],
    body_bytes: usize,
    prices: Option<&Prices>,
) -> Judged {
    let mut judged = Judged::default();
    if body_bytes as u64 > MAX_BODY_BYTES {
        let text = format!("the body has {body_bytes} bytes, over {MAX_BODY_BYTES} (api/overview)");
        judged.refusals.push(text);
    }
    judged.pages(files);
    judged.images(files);
    if args.citations && !files.iter().any(|file| file.block == Block::Document) {
        judged.warnings.push("there is no document to cite (build-with-claude/citations)".to_owned());
    }
    if let (Some(_), Some(prices)) = (args.cache, prices) {
        judged.cache(&args.model, files, prices);
    }
    judged
}

impl Judged {
    /// Pages are as the run counted them. A PDF whose pages nobody counted has one at least.
    fn pages(&mut self, files: &[Stored]) {
        let is_pdf =
            |file: &&Stored| file.block == Block::Document && file.media_type.starts_with("application/pdf");
        let pdfs = || files.iter().filter(is_pdf);
        let pages = pdfs().fold(0u64, |sum, file| sum.saturating_add(file.pages.unwrap_or(1).max(1)));
        let unknown = pdfs().filter(|file| file.pages.is_none()).count();
        let least = if unknown > 0 { "at least " } else { "" };
        let [most, fewer] = MAX_PAGES;
        if pages > most {
            self.refusals.push(format!(
                "the PDFs have {least}{pages} pages, over {most} (build-with-claude/pdf-support)"
            ));
            return;
        }
        if pages > fewer {
            self.warnings.push(format!(
                "the PDFs have {least}{pages} pages, over the {fewer} of models with a context below 1M tokens \
                 (build-with-claude/pdf-support)"
            ));
        }
        if unknown > 0 {
            self.warnings.push(format!(
                "the pages of {unknown} PDF(s) are unknown; a request may have {most}, or {fewer} where the model's \
                 context is below 1M tokens (build-with-claude/pdf-support)"
            ));
        }
    }

    fn images(&mut self, files: &[Stored]) {
        let images: Vec<_> = files.iter().filter(|file| file.block == Block::Image).collect();
        let count = images.len();
        let [most, fewer] = MAX_IMAGES;
        if count > most {
            self.refusals.push(format!("{count} pictures, over {most} (build-with-claude/vision)"));
        } else if count > fewer {
            self.warnings.push(format!(
                "{count} pictures, over the {fewer} of models with a context of 200k (build-with-claude/vision)"
            ));
        }
        let side = if count > MANY_IMAGES { MAX_SIDE_OF_MANY } else { MAX_SIDE };
        let mut unknown = 0;
        for image in images {
            if image.size_bytes > MAX_IMAGE_BYTES {
                let text = "over 10 MB as base64 (build-with-claude/vision)";
                self.warnings.push(format!("`{}` has {} bytes, {text}", image.title, image.size_bytes));
            }
            match pixels(image) {
                Some((width, height)) if width.max(height) > side => {
                    let many = if side == MAX_SIDE { "" } else { " among more than 20 pictures" };
                    self.refusals.push(format!(
                        "`{}` has {width}x{height} pixels, over {side} a side{many} (build-with-claude/vision)",
                        image.title
                    ));
                }
                Some(_) => {}
                None => unknown += 1,
            }
        }
        if unknown > 0 {
            self.warnings.push(format!(
                "the pixels of {unknown} picture(s) are unknown, as the sent bytes are not here; a side may have {side} \
                 (build-with-claude/vision)"
            ));
        }
    }

    /// What is too short is silently not cached.
    fn cache(&mut self, model: &str, files: &[Stored], prices: &Prices) {
        let price = prices.of(model);
        let Some(least) = price.and_then(|price| price.min_cacheable) else {
            let text = format!("from how many tokens on `{model}` caches is not known here");
            return self.warnings.push(text);
        };
        let of_prompt = files.iter().filter(|file| file.block != Block::ContainerUpload);
        let most = of_prompt.map(|file| tokens(file, price)).fold(0, u64::saturating_add);
        if most < least {
            self.warnings.push(format!(
                "nothing will be cached: the files have at most about {most} tokens, `{model}` caches from {least} on \
                 (build-with-claude/prompt-caching)"
            ));
        }
    }
}

/// Returns the most tokens that a file may have.
fn tokens(file: &Stored, price: Option<&Price>) -> u64 {
    let Ok(media_type) = file.media_type.parse::<MediaType>() else { return file.size_bytes };
    let known = Known { pages: file.pages, pixels: None, is_dense: file.is_dense };
    estimate::tokens(&media_type, file.size_bytes, &known, price).most
}

/// Reads width and height from the file that was sent, if it is still here.
pub(in crate::commands) fn pixels(image: &Stored) -> Option<(u64, u64)> {
    let (paths, digest) = image.local.as_ref()?;
    paths.iter().find_map(|path| {
        let (opened, file) = OpenedFile::open(path, true).ok()?;
        if opened.size_bytes() != image.size_bytes || opened.size_bytes() > MAX_LOCAL_BYTES {
            return None;
        }
        let mut bytes = Vec::new();
        file.take(MAX_LOCAL_BYTES).read_to_end(&mut bytes).ok()?;
        let mut hasher = Hasher::default();
        hasher.update(&bytes);
        if hasher.finish() != *digest {
            return None;
        }
        estimate::pixels(&bytes[..bytes.len().min(HEAD_BYTES)])
    })
}
