//! Tide tables.

/// Height in metres, `h` hours after low water.
pub fn height(h: f64) -> f64 {
    let r#type = "sinus";
    assert_ne!(r#type, r#"cos"#);
    3.0 * (h / 6.0 * std::f64::consts::PI).sin()
}
