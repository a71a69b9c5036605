//! What Telnyx has of an agency: the application that its webhooks come from.

use super::finding::Findings;
use super::subject::{Checkup, Subject, webhook_url};
use crate::carriers::telnyx::Application;
use crate::carriers::{About, CarrierError};
use crate::domain::{AgencyId, Carrier, CredentialKey};
use crate::providers::Account;
use secrecy::ExposeSecret;
use url::Url;

/// Most applications that are looked up for one agency.
const MOST: usize = 5;

pub(super) async fn check(checkup: &Checkup, subject: &Subject) -> Findings {
    let mut found = subject.findings();
    let key = CredentialKey::TelnyxApiKey;
    let ours = subject.profile.connection_ids(Carrier::Telnyx);
    if ours.is_empty() {
        found.doubtful(
            "neither telnyx_connection_ids nor telnyx_application_id is there: webhooks of every \
             connection of the account count as its calls, and the application cannot be looked up",
            "store the Call Control application's id as telnyx_connection_ids",
        );
    }
    let Some(api_key) = subject.credentials.get(key) else {
        if !subject.credentials.any_unopened(std::iter::once(key)) {
            found.doubtful(
                "there is no telnyx_api_key: calls show, and cannot be answered from the board",
                "make one in the Telnyx portal (Keys & Credentials, API Keys) and store it",
            );
        }
        return found;
    };
    let account = Account::new(subject.agency.id, api_key.clone());
    for id in ours.iter().take(MOST) {
        match checkup.outside.telnyx.application(&account, id).await {
            Ok(Some(application)) => judge(id, &application, checkup, subject, &mut found),
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
    judge_voice_application(&account, checkup, subject, &mut found).await;
    found
}

fn told(error: &CarrierError, found: &mut Findings) {
    let mend = if error.is_about(About::Key) {
        "store the right telnyx_api_key: `callboard credentials set` with telnyx_api_key=-"
    } else {
        "see that TELNYX_API_BASE can be reached from here, and run this again"
    };
    let fact = format!("its application at Telnyx cannot be looked up: {error}");
    found.wrong(fact, mend);
}

fn judge(
    id: &str,
    application: &Application,
    checkup: &Checkup,
    subject: &Subject,
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
    if !url.is_some_and(|url| is_ours(url, checkup, subject)) {
        let fact = match url {
            Some(_) => "sends its webhooks elsewhere",
            None => "has no webhook URL",
        };
        let mend = format!("set its webhook URL to {}", webhook_url(checkup, subject));
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

/// What the URL says, compared as the router does: the plain path and the agency's own lead here,
/// with or without a slash at the end. What stands in the URL is not printed: it may hold a password.
fn is_ours(url: &str, checkup: &Checkup, subject: &Subject) -> bool {
    leads_to(url, &checkup.config.listener.base_url, subject.agency.id)
}

fn leads_to(url: &str, base: &Url, agency: AgencyId) -> bool {
    let Ok(theirs) = Url::parse(url) else {
        return false;
    };
    let plain = format!("{}/telnyx/webhook", base.path().trim_end_matches('/'));
    let Some(rest) = theirs.path().strip_prefix(&plain) else {
        return false;
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let is_own = || rest.strip_prefix('/').and_then(|id| id.parse().ok()) == Some(agency);
    theirs.origin() == base.origin() && (rest.is_empty() || is_own())
}

/// Ultravox is given `telnyx_application_id`, and takes a TeXML application there.
async fn judge_voice_application(
    account: &Account,
    checkup: &Checkup,
    subject: &Subject,
    found: &mut Findings,
) {
    let stored = |key| subject.credentials.get(key);
    let Some(id) = stored(CredentialKey::TelnyxApplicationId) else {
        return;
    };
    if stored(CredentialKey::UltravoxApiKey).is_none() {
        return;
    }
    match checkup
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

#[cfg(test)]
mod tests {
    use super::leads_to;
    use crate::domain::AgencyId;
    use uuid::Uuid;

    #[test]
    fn a_webhooks_address_is_compared_as_the_router_does() {
        let agency = AgencyId(Uuid::from_u128(0xa9e));
        let base = "https://calls.example.com/api".parse().unwrap();
        let own = format!("https://calls.example.com/api/telnyx/webhook/{agency}");
        let loud = own.to_uppercase().replace(
            "HTTPS://CALLS.EXAMPLE.COM/API/TELNYX/WEBHOOK",
            "https://calls.example.com/api/telnyx/webhook",
        );
        for url in [
            "https://calls.example.com/api/telnyx/webhook",
            "https://calls.example.com/api/telnyx/webhook/",
            "https://calls.example.com:443/api/telnyx/webhook?from=telnyx",
            "HTTPS://Calls.Example.Com/api/telnyx/webhook",
            &own,
            &format!("{own}/"),
            &loud,
        ] {
            assert!(leads_to(url, &base, agency), "{url}");
        }
        for url in [
            "https://calls.example.com/api/telnyx/webhook//",
            "https://calls.example.com//api/telnyx/webhook",
            "https://calls.example.com/api/telnyx/webhooks",
            "https://calls.example.com/api/Telnyx/webhook",
            "https://calls.example.com/telnyx/webhook",
            "https://calls.example.com/api/telnyx/webhook/00000000-0000-0000-0000-000000000001",
            "https://calls.example.com/api/telnyx/webhook/x",
            "http://calls.example.com/api/telnyx/webhook",
            "https://calls.example.com:8443/api/telnyx/webhook",
            "https://elsewhere.example/api/telnyx/webhook",
            "",
        ] {
            assert!(!leads_to(url, &base, agency), "{url}");
        }
        let below = "https://example.com/calls/api/".parse().unwrap();
        assert!(leads_to(
            "https://example.com/calls/api/telnyx/webhook/",
            &below,
            agency
        ));
    }
}
