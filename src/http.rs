//! A thin blocking HTTP client. It knows no API.

pub mod multipart;
