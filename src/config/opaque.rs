//! Settings that nothing can check, since any text may be right: whatever was pasted is taken.

use super::{About, Finding, Settings};
use crate::domain::oddity;
use secrecy::{ExposeSecret, SecretString};

/// What is odd about those of the settings, as they were written. No value is shown.
pub(super) fn odd_values(settings: &Settings) -> Vec<Finding> {
    let secret = |value: &'_ Option<SecretString>| -> Option<String> {
        let value = value.as_ref().map(ExposeSecret::expose_secret);
        value.map(str::to_owned)
    };
    let (auth, database) = (&settings.auth, &settings.database);
    let agency = &settings.agency_defaults;
    let values = [
        ("SUPABASE_JWT_SECRET", secret(&auth.supabase_jwt_secret)),
        ("DB_NAME", database.db_name.clone()),
        ("DB_USER", database.db_user.clone()),
        ("DB_PASSWORD", secret(&database.db_password)),
        ("TELNYX_API_KEY", secret(&agency.telnyx_api_key)),
        (
            "TELNYX_APPLICATION_ID",
            agency.telnyx_application_id.clone(),
        ),
        ("TELNYX_SIP_USERNAME", agency.telnyx_sip_username.clone()),
        ("TELNYX_SIP_PASSWORD", secret(&agency.telnyx_sip_password)),
        ("TELNYX_CALLER_ID", agency.telnyx_caller_id.clone()),
        ("ULTRAVOX_API_KEY", secret(&agency.ultravox_api_key)),
    ];
    let odd = values.into_iter().filter_map(|(name, value)| {
        let value = value.filter(|value| !value.trim().is_empty())?;
        let odd = oddity(&value)?;
        Some(Finding {
            about: About::Settings,
            is_wrong: false,
            fact: format!("{name} {}", odd.fact),
            mend: odd.mend.to_owned(),
        })
    });
    odd.collect()
}
