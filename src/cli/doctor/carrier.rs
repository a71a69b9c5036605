//! What Telnyx has of an agency: the application that its webhooks come from.

use super::agencies::{Desk, Patient};
use super::finding::Findings;
use super::webhooks::webhook_url;
use crate::domain::CredentialKey;
use crate::providers::telnyx::{Account, Application, CommandError};
use secrecy::ExposeSecret;
use url::Url;

/// Most applications that are looked up for one agency.
const MOST: usize = 5;

pub(super) async fn look(desk: &Desk, patient: &Patient) -> Findings {
    let mut found = patient.findings();
    let key = CredentialKey::TelnyxApiKey;
    let ours = &patient.profile.connection_ids;
    if ours.is_empty() {
        found.doubtful(
            "neither telnyx_connection_ids nor telnyx_application_id is there: webhooks of every \
             connection of the account count as its calls, and the application cannot be looked up",
            "store the Call Control application's id as telnyx_connection_ids",
        );
    }
    let Some(api_key) = patient.credentials.get(key) else {
        if !patient.credentials.any_unopened(std::iter::once(key)) {
            found.doubtful(
                "there is no telnyx_api_key: calls show, and cannot be answered from the board",
                "make one in the Telnyx portal (Keys & Credentials, API Keys) and store it",
            );
        }
        return found;
    };
    let account = Account {
        agency: patient.agency.id,
        api_key: api_key.clone(),
    };
    for id in ours.iter().take(MOST) {
        match desk.outside.telnyx.application(&account, id).await {
            Ok(Some(application)) => judge(id, &application, desk, patient, &mut found),
            Ok(None) => found.wrong(
                format!("Telnyx knows no Call Control application {id} in this account"),
                "copy the id from the Telnyx portal (Voice, Programmable Voice), and store the \
                 key of the same account",
            ),
            Err(error) => {
                told(&error, &mut found);
                return found;
            }
        }
    }
    judge_voice_application(&account, desk, patient, &mut found).await;
    found
}

fn told(error: &CommandError, found: &mut Findings) {
    let mend = match error {
        CommandError::Refused {
            status: 401 | 403, ..
        } => "store the right telnyx_api_key: `callboard credentials set` with telnyx_api_key=-",
        _ => "see that TELNYX_API_BASE can be reached from here, and run this again",
    };
    let fact = format!("its application at Telnyx cannot be looked up: {error}");
    found.wrong(fact, mend);
}

fn judge(
    id: &str,
    application: &Application,
    desk: &Desk,
    patient: &Patient,
    found: &mut Findings,
) {
    let mut all_is_well = true;
    let mut wrong = |fact: &str, mend: String| {
        all_is_well = false;
        found.wrong(format!("application {id} at Telnyx {fact}"), mend);
    };
    if !application.is_active {
        wrong("is not active", "switch it on in the Telnyx portal".into());
    }
    if application.webhook_api_version != "2" {
        wrong(
            "sends webhooks of API v1, which are refused",
            "set its webhook API version to \"API v2\" in the Telnyx portal".into(),
        );
    }
    let url = application.webhook_event_url.as_deref();
    if !url.is_some_and(|url| is_ours(url, desk, patient)) {
        let fact = match url {
            Some(_) => "sends its webhooks elsewhere",
            None => "has no webhook URL",
        };
        let mend = format!("set its webhook URL to {}", webhook_url(desk, patient));
        wrong(fact, mend);
    }
    if !application.has_outbound_profile {
        wrong(
            "has no outbound voice profile, without which no call reaches an agent's phone",
            "choose one for it in the Telnyx portal (Outbound)".into(),
        );
    }
    if all_is_well {
        found.right(format!(
            "application {id} at Telnyx is active, sends API v2 webhooks here and may call out"
        ));
    }
}

/// The plain path and the agency's own both lead here. What stands in the URL is not printed: it
/// may hold a password.
fn is_ours(url: &str, desk: &Desk, patient: &Patient) -> bool {
    let base = desk.config.listener.base_url.as_str();
    let plain = format!("{}/telnyx/webhook", base.trim_end_matches('/'));
    let own = format!("{plain}/{}", patient.agency.id);
    let read = |text: &str| Url::parse(text.trim_end_matches('/')).ok();
    let theirs = read(url);
    theirs.is_some() && (theirs == read(&plain) || theirs == read(&own))
}

/// Ultravox is given `telnyx_application_id`, and takes a TeXML application there.
async fn judge_voice_application(
    account: &Account,
    desk: &Desk,
    patient: &Patient,
    found: &mut Findings,
) {
    let stored = |key| patient.credentials.get(key);
    let Some(id) = stored(CredentialKey::TelnyxApplicationId) else {
        return;
    };
    if stored(CredentialKey::UltravoxApiKey).is_none() {
        return;
    }
    match desk
        .outside
        .telnyx
        .application(account, id.expose_secret())
        .await
    {
        Ok(Some(_)) => found.wrong(
            "telnyx_application_id is a Call Control application, whose webhooks are the board's; \
             Ultravox takes it as its applicationSid, which must be a TeXML application",
            "store the TeXML application as telnyx_application_id and the Call Control one in \
             telnyx_connection_ids; a phone number has one of the two",
        ),
        Ok(None) => found.right(
            "telnyx_application_id is no Call Control application, and Ultravox wants a TeXML one; \
             a phone number has one of the two: either the board rings, or Ultravox answers",
        ),
        Err(error) => told(&error, found),
    }
}
