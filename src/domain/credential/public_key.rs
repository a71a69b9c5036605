//! Telnyx's public keys: raw Ed25519 points in base64.

use super::CredentialError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The `y` coordinates of the curve's points of order 8, little-endian, without the sign bit.
/// Computed from the curve's equation.
const ORDER_EIGHT: [[u8; 32]; 2] = [
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
];

/// Reads one public key: standard base64 of 32 bytes.
///
/// A point of small order is refused here, once, so that whoever verifies signatures need not ask:
/// under such a key one signature fits many messages, and anyone can make it.
pub fn parse_public_key(text: &str) -> Result<[u8; 32], CredentialError> {
    let bytes = STANDARD
        .decode(text.trim())
        .map_err(|_| CredentialError::NotAPublicKey)?;
    let key: [u8; 32] = bytes
        .try_into()
        .map_err(|_| CredentialError::NotAPublicKey)?;
    let mut y = key;
    if let Some(last) = y.last_mut() {
        *last &= 0x7f;
    }
    if has_small_order(&y) {
        return Err(CredentialError::WeakPublicKey);
    }
    Ok(key)
}

/// Whether the point of this `y` has order 1, 2, 4 or 8. Those of order 1, 2 and 4 have y = 1, -1
/// and 0, which may also be written without reduction modulo p.
fn has_small_order(y: &[u8; 32]) -> bool {
    let [first, middle @ .., last] = y;
    let filled_with = |byte: u8| middle.iter().all(|b| *b == byte);
    match (first, last) {
        (0x00 | 0x01, 0x00) if filled_with(0x00) => true,
        (0xec..=0xee, 0x7f) if filled_with(0xff) => true,
        _ => ORDER_EIGHT.contains(y),
    }
}

#[cfg(test)]
mod tests {
    use super::{ORDER_EIGHT, parse_public_key};
    use crate::domain::{CredentialError, CredentialKey, check_credential};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    /// The first test vector of RFC 8032.
    const KEY: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

    #[test]
    fn one_key_or_several_are_accepted() {
        let key = CredentialKey::TelnyxPublicKey;
        assert_eq!(check_credential(key, KEY), Ok(None));
        assert_eq!(check_credential(key, &format!("{KEY}, {KEY}")), Ok(None));
        assert_eq!(parse_public_key(KEY).unwrap()[0], 0xd7);
    }

    #[test]
    fn each_entry_must_be_base64_of_32_bytes() {
        let pem_like = STANDARD.encode([7; 44]);
        for wrong in ["hush", pem_like.as_str(), &STANDARD.encode([7; 31])] {
            let value = format!("{KEY},{wrong}");
            let refused = check_credential(CredentialKey::TelnyxPublicKey, &value);
            assert_eq!(refused, Err(CredentialError::NotAPublicKey));
        }
    }

    #[test]
    fn a_key_under_which_anyone_could_sign_is_refused() {
        let ends = |first, middle, last| {
            let mut y = [middle; 32];
            (y[0], y[31]) = (first, last);
            y
        };
        let small = [
            ends(0x00, 0x00, 0x00),
            ends(0x01, 0x00, 0x00),
            ends(0xec, 0xff, 0x7f),
            ends(0xed, 0xff, 0x7f),
            ends(0xee, 0xff, 0x7f),
        ];
        for y in small.into_iter().chain(ORDER_EIGHT) {
            let mut negative = y;
            negative[31] |= 0x80;
            for point in [y, negative] {
                let refused = parse_public_key(&STANDARD.encode(point));
                assert_eq!(refused, Err(CredentialError::WeakPublicKey), "{point:x?}");
            }
        }
    }
}
