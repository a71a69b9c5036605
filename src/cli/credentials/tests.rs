use super::{Set, list};
use crate::cli::CliError;
use crate::cli::args::{ListCredentials, SetCredentials};
use crate::cli::testing::Desk;
use crate::domain::{Agency, AgencyId, CredentialError, CredentialKey};
use uuid::Uuid;

const OURS: AgencyId = AgencyId(Uuid::from_u128(1));
const LIST: ListCredentials = ListCredentials { agency: OURS };

async fn desk_with_agency() -> Desk {
    let desk = Desk::new().await;
    let agency = Agency {
        id: OURS,
        name: "Ours".into(),
        is_default: false,
    };
    let added = desk.store.add_agency(agency, "e".into(), desk.clock.now());
    added.await.unwrap();
    desk
}

fn args(pairs: &[&str]) -> SetCredentials {
    SetCredentials {
        agency: OURS,
        pairs: pairs.iter().map(|pair| (*pair).into()).collect(),
    }
}

async fn set(desk: &mut Desk, pairs: &[&str], stdin: &str) -> Result<(), CliError> {
    let set = Set::read(&args(pairs), &desk.config, &mut stdin.as_bytes())?;
    set.store(&desk.store, &desk.config, &desk.clock, &mut desk.out)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_stored_sealed_and_listed_by_their_beginnings() {
    let mut desk = desk_with_agency().await;
    let pairs = [
        "telnyx_application_id=1684641123236054244",
        "telnyx_api_key=-",
    ];
    let stdin = "KEY0123456789ABCDEF0123456789ABCDEF_abcdefghijklmnopqrstuv\r\n";
    set(&mut desk, &pairs, stdin).await.unwrap();
    desk.said();
    list(&desk.store, LIST, &desk.config, &desk.clock, &mut desk.out)
        .await
        .unwrap();
    assert_eq!(
        desk.said(),
        "KEY                    VALUE\n\
         telnyx_api_key         KEY0…\n\
         telnyx_application_id  1684…\n"
    );
    let sealed = desk.store.agencies().await.unwrap().remove(0);
    assert!(sealed.credentials.iter().all(|one| one.version == 1));
    assert!(!format!("{sealed:?}").contains("KEY0"), "{sealed:?}");

    set(&mut desk, &["telnyx_api_key=NEW0123456789ABCDEF"], "")
        .await
        .unwrap();
    desk.said();
    list(&desk.store, LIST, &desk.config, &desk.clock, &mut desk.out)
        .await
        .unwrap();
    assert!(desk.said().contains("telnyx_api_key         NEW0…\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_wrong_credential_stops_them_all_and_each_is_named() {
    let mut desk = desk_with_agency().await;
    let pairs = [
        "telnyx_api_key=KEY0123456789",
        "hunter2=x",
        "ultravox_api_key= ",
    ];
    let refused = set(&mut desk, &pairs, "").await.unwrap_err();
    let CliError::Credentials(errors) = &refused else {
        panic!("{refused}")
    };
    let blank = CredentialError::Blank(CredentialKey::UltravoxApiKey);
    assert_eq!(errors, &[CredentialError::UnknownKey, blank]);
    assert!(!refused.to_string().contains("hunter2"));
    let sealed = desk.store.agencies().await.unwrap().remove(0);
    assert!(sealed.credentials.is_empty());

    let twice = ["telnyx_api_key=a", "telnyx_api_key=b"];
    let refused = set(&mut desk, &twice, "").await.unwrap_err();
    assert!(matches!(
        refused,
        CliError::Twice(CredentialKey::TelnyxApiKey)
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_key_a_credential_is_named_and_says_why_it_stays_closed() {
    let mut desk = desk_with_agency().await;
    set(&mut desk, &["telnyx_api_key=KEY0123456789"], "")
        .await
        .unwrap();
    desk.said();
    let kept = desk.config.encryption_key.take();
    let refused = set(&mut desk, &["telnyx_api_key=KEY1"], "")
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains("openssl rand -base64 32"),
        "{refused}"
    );

    let closed = list(&desk.store, LIST, &desk.config, &desk.clock, &mut desk.out).await;
    assert!(matches!(closed, Err(CliError::Unopened(1))));
    let line = desk.said();
    assert!(line.contains("telnyx_api_key  cannot be opened: CALLBOARD_ENCRYPTION_KEY"));

    let another = "/////////////////////////////////////////wE=";
    desk.config.encryption_key = Some(another.into());
    let refused = set(&mut desk, &["ultravox_api_key=x"], "")
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains("which is not at hand"),
        "{refused}"
    );

    desk.config.encryption_key = kept;
    list(&desk.store, LIST, &desk.config, &desk.clock, &mut desk.out)
        .await
        .unwrap();
}
