//! What Ultravox has of an agency, and whether both sides agree.

use super::finding::Findings;
use super::subject::{Checkup, Subject};
use crate::domain::CredentialKey;
use crate::providers::Account;
use crate::providers::ultravox::{issues, without_secrets};

pub(super) async fn check(checkup: &Checkup, subject: &Subject) -> Findings {
    let mut found = subject.findings();
    let credentials = &subject.credentials;
    let Some(account) = Account::of(subject.agency.id, &credentials.values) else {
        let key = CredentialKey::UltravoxApiKey;
        // One that cannot be opened has its line already.
        if credentials.any_unopened(std::iter::once(key)) {
            return found;
        }
        if credentials.telephony_configured {
            found.doubtful(
                "its carrier was imported into Ultravox, and no ultravox_api_key is stored any more",
                "store ultravox_api_key, to see whether both sides agree",
            );
        } else {
            found.right("Ultravox is not used: no ultravox_api_key is stored");
        }
        return found;
    };
    let whole = match checkup.outside.ultravox.whole(&account).await {
        Ok(whole) => without_secrets(whole, &account.secrets),
        Err(error) => {
            found.wrong(
                format!("Ultravox did not say what it has: {error}"),
                "see that ultravox_api_key is right and that Ultravox is up, then look again",
            );
            return found;
        }
    };
    let issues = issues(&whole, &credentials.values);
    if issues.is_empty() {
        found.right("Ultravox has what is stored");
    }
    for issue in issues {
        found.wrong(issue.what, issue.mend);
    }
    found
}
