//! A text as a QR code, drawn as an SVG. No `#` stands in it: clients put it into a `data:` address
//! as it is.

use qrcodegen::{QrCode, QrCodeEcc};
use std::fmt::Write as _;

/// Empty modules around it, as readers expect.
const MARGIN: i32 = 4;

/// The drawing; nothing where the text is too long for one.
pub(super) fn drawn(text: &str) -> Option<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let side = code.size() + 2 * MARGIN;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            let _ = write!(path, "M{},{}h1v1h-1z", x + MARGIN, y + MARGIN);
        }
    }
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" \
         shape-rendering=\"crispEdges\"><rect width=\"{side}\" height=\"{side}\" fill=\"white\"/>\
         <path d=\"{path}\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::drawn;

    #[test]
    fn a_text_becomes_a_square_with_a_margin_and_no_hash() {
        let drawing = drawn("otpauth://totp/callboard:anna?secret=ABCDEFGH").expect("a drawing");
        assert!(drawing.starts_with("<svg xmlns"));
        // The first of the three marks begins behind the margin.
        assert!(drawing.contains("<path d=\"M4,4h1v1h-1zM5,4h1v1h-1z"));
        assert!(!drawing.contains('#'));
        assert_eq!(drawn(&"x".repeat(5000)), None);
    }
}
