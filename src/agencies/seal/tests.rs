use super::{Keyring, SealError, WrappedKey};
use crate::domain::{AgencyId, CredentialKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

const HERE: AgencyId = AgencyId(Uuid::from_u128(1));
const ELSEWHERE: AgencyId = AgencyId(Uuid::from_u128(2));
const KEY: CredentialKey = CredentialKey::TelnyxApiKey;

fn key(byte: u8) -> String {
    STANDARD.encode([byte; 32])
}

fn ring(setting: &str) -> Keyring {
    Keyring::parse(&SecretString::from(setting)).unwrap()
}

fn secret() -> SecretString {
    SecretString::from("KEY0123hush")
}

#[test]
fn a_sealed_value_opens_again_at_its_place() {
    let ring = ring(&key(1));
    let (data_key, wrapped) = ring.new_data_key(HERE).unwrap();
    let sealed = data_key.seal(HERE, KEY, 7, &secret()).unwrap();

    let reopened = ring.open_data_key(HERE, &wrapped).unwrap();
    let value = reopened.open(HERE, KEY, 7, &sealed).unwrap();
    assert_eq!(value.expose_secret(), "KEY0123hush");
}

#[test]
fn the_same_value_is_never_sealed_the_same_way() {
    let (data_key, _) = ring(&key(1)).new_data_key(HERE).unwrap();
    let sealed = || data_key.seal(HERE, KEY, 1, &secret()).unwrap();
    assert_ne!(sealed(), sealed());
}

#[test]
fn a_row_moved_to_another_agency_key_or_version_does_not_open() {
    let (data_key, _) = ring(&key(1)).new_data_key(HERE).unwrap();
    let sealed = data_key.seal(HERE, KEY, 1, &secret()).unwrap();
    let moved = [
        data_key.open(ELSEWHERE, KEY, 1, &sealed),
        data_key.open(HERE, CredentialKey::UltravoxApiKey, 1, &sealed),
        data_key.open(HERE, KEY, 2, &sealed),
    ];
    for outcome in moved {
        assert_eq!(outcome.unwrap_err(), SealError::Altered);
    }
}

#[test]
fn a_data_key_moved_to_another_agency_does_not_open() {
    let ring = ring(&key(1));
    let (_, wrapped) = ring.new_data_key(HERE).unwrap();
    let outcome = ring.open_data_key(ELSEWHERE, &wrapped);
    assert_eq!(outcome.unwrap_err(), SealError::Altered);
}

#[test]
fn another_agencys_data_key_does_not_open_a_value() {
    let ring = ring(&key(1));
    let (one, _) = ring.new_data_key(HERE).unwrap();
    let (other, _) = ring.new_data_key(HERE).unwrap();
    let sealed = one.seal(HERE, KEY, 1, &secret()).unwrap();
    assert_eq!(
        other.open(HERE, KEY, 1, &sealed).unwrap_err(),
        SealError::Altered
    );
}

#[test]
fn a_flipped_bit_anywhere_does_not_open() {
    let ring = ring(&key(1));
    let (data_key, wrapped) = ring.new_data_key(HERE).unwrap();
    let sealed = data_key.seal(HERE, KEY, 1, &secret()).unwrap();
    for bit in 0..STANDARD.decode(&sealed).unwrap().len() * 8 {
        assert!(data_key.open(HERE, KEY, 1, &flipped(&sealed, bit)).is_err());
    }
    for bit in 0..STANDARD.decode(&wrapped.0).unwrap().len() * 8 {
        let flipped = WrappedKey(flipped(&wrapped.0, bit));
        assert!(ring.open_data_key(HERE, &flipped).is_err());
    }
}

fn flipped(sealed: &str, bit: usize) -> String {
    let mut bytes = STANDARD.decode(sealed).unwrap();
    bytes[bit / 8] ^= 1 << (bit % 8);
    STANDARD.encode(bytes)
}

#[test]
fn what_was_never_sealed_is_called_malformed() {
    let ring = ring(&key(1));
    let (data_key, _) = ring.new_data_key(HERE).unwrap();
    for text in ["", "KEY0123", "not base64!", &STANDARD.encode([1; 10])] {
        assert_eq!(
            data_key.open(HERE, KEY, 1, text).unwrap_err(),
            SealError::Malformed
        );
        let wrapped = WrappedKey(text.to_owned());
        assert_eq!(
            ring.open_data_key(HERE, &wrapped).unwrap_err(),
            SealError::Malformed
        );
    }
}

#[test]
fn the_wrong_keyring_says_which_key_is_missing() {
    let former = ring(&key(1));
    let (_, wrapped) = former.new_data_key(HERE).unwrap();
    let error = ring(&key(2)).open_data_key(HERE, &wrapped).unwrap_err();
    assert_eq!(error, SealError::UnknownKey(former.first.id()));
}

#[test]
fn during_a_rotation_all_keys_open_and_the_first_seals() {
    let (former, both) = (ring(&key(1)), ring(&format!("{}, {}", key(2), key(1))));
    let (data_key, wrapped) = former.new_data_key(HERE).unwrap();
    let sealed = data_key.seal(HERE, KEY, 1, &secret()).unwrap();
    assert!(!both.is_current(&wrapped).unwrap());

    let rewrapped = both.rewrap(HERE, &wrapped).unwrap();
    assert!(both.is_current(&rewrapped).unwrap());
    assert!(
        both.is_current(&both.new_data_key(HERE).unwrap().1)
            .unwrap()
    );

    let afterwards = ring(&key(2)).open_data_key(HERE, &rewrapped).unwrap();
    let value = afterwards.open(HERE, KEY, 1, &sealed).unwrap();
    assert_eq!(value.expose_secret(), "KEY0123hush");
}

#[test]
fn a_setting_that_is_no_key_is_refused_by_its_position() {
    let parse = |setting: &str| Keyring::parse(&SecretString::from(setting)).unwrap_err();
    assert_eq!(parse(" , "), SealError::NoKey);
    assert_eq!(parse("hush"), SealError::NotAKey { position: 1 });
    let short = format!("{},{}", key(1), STANDARD.encode([1; 16]));
    assert_eq!(parse(&short), SealError::NotAKey { position: 2 });
}

#[test]
fn neither_errors_nor_debug_show_a_key() {
    let setting = format!("{},{}", key(1), "hush");
    let error = Keyring::parse(&SecretString::from(setting)).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hush"));

    let ring = ring(&key(1));
    let (data_key, _) = ring.new_data_key(HERE).unwrap();
    let shown = format!("{ring:?} {data_key:?}");
    assert!(
        !shown.contains(&key(1)) && !shown.contains("1, 1, 1"),
        "{shown}"
    );
}
