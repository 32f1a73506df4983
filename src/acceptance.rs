//! stub
use crate::model::profile::LengthUnit;
use crate::model::*;
#[derive(Debug, thiserror::Error)]
#[error("the target `{target}` does not serve `{consumer}`")]
pub struct NotServed {
    pub target: String,
    pub consumer: Consumer,
}
#[derive(Debug, Clone)]
pub struct Acceptance {}
#[derive(Debug)]
pub enum Route {
    AsIs {
        media_type: MediaType,
        append: Option<&'static str>,
    },
    NeedsConversion(Violation),
}
impl Acceptance {
    pub fn new(_: &Profile, _: Consumer) -> Result<Self, NotServed> {
        Ok(Self {})
    }
    pub fn wants_utf8(&self) -> bool {
        true
    }
    pub fn route(&self, _name: &str, media_type: &MediaType, is_text: bool) -> Route {
        if is_text {
            Route::AsIs {
                media_type: MediaType::TEXT_PLAIN,
                append: None,
            }
        } else if media_type.as_str() == "application/pdf" || media_type.top_level() == "image" {
            Route::AsIs {
                media_type: media_type.clone(),
                append: None,
            }
        } else {
            Route::NeedsConversion(Violation::new(Code::UnsupportedFormat, "no"))
        }
    }
    pub fn clean_name(&self, name: &str) -> Result<(FileName, bool), Violation> {
        FileName::parse(name.replace(|c: char| c.is_control() || c == '/', "_"))
            .map(|n| {
                let c = n.as_str() != name;
                (n, c)
            })
            .map_err(|e| Violation::new(Code::BadFileName, e.to_string()))
    }
    pub fn check(&self, _: &FileName, _: &MediaType, _: u64, _: u64) -> Vec<Violation> {
        vec![]
    }
}
pub fn shorten(name: &str, max: usize, _unit: LengthUnit) -> String {
    if name.len() <= max {
        name.to_owned()
    } else {
        name.chars()
            .rev()
            .take(60)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect()
    }
}
