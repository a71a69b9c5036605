//! Stories about the settings as a whole.

use super::testing::{config, settings};
use super::{DatabaseUrl, Settings};
use clap::{Args, Command};

#[test]
fn nothing_set_is_a_set_up_that_starts() {
    let config = Settings::default().validate().unwrap();
    assert_eq!(config.database.to_string(), "sqlite://callboard.db");
    assert!(config.encryption_key.is_none());
}

#[test]
fn the_guides_file_is_understood_as_it_is() {
    let config = config([
        ("TELNYX_API_KEY", "your_telnyx_api_key_here"),
        ("TELNYX_SIP_USERNAME", "your_sip_username"),
        ("TELNYX_SIP_PASSWORD", "your_sip_password"),
        ("TELNYX_SIP_SERVER", "rtc.telnyx.com"),
        ("TELNYX_CALLER_ID", "+1234567890"),
        ("DB_HOST", "localhost"),
        ("DB_PORT", "5432"),
        ("DB_NAME", "your_database_name"),
        ("DB_USER", "postgres"),
        ("DB_PASSWORD", "your_password"),
        ("API_PORT", "3001"),
        ("API_BASE_URL", "http://localhost:3001/api"),
    ]);
    assert_eq!(
        config.agency_defaults.telnyx_caller_id.as_deref(),
        Some("+1234567890")
    );
    assert_eq!(config.providers.sip_server, "rtc.telnyx.com");
    let DatabaseUrl::Postgres(url) = config.database else {
        panic!("{}", config.database)
    };
    assert_eq!(
        url.display,
        "postgres://postgres@localhost:5432/your_database_name"
    );
}

#[test]
fn every_mistake_is_told_at_once_one_per_line() {
    let error = settings([
        ("API_PORT", "80a"),
        ("DATABASE_URL", "mysql://h/b"),
        ("TELNYX_PUBLIC_KEY", "AAEC"),
        ("CALLBOARD_RETENTION_DAYS", "0"),
        ("REDIS_URL", "redis:h"),
        ("CALLBOARD_LOG", "xml"),
    ])
    .validate()
    .unwrap_err()
    .to_string();
    let names: Vec<&str> = error
        .lines()
        .filter_map(|line| line.split(':').next())
        .collect();
    let expected = [
        "API_PORT",
        "DATABASE_URL",
        "REDIS_URL",
        "TELNYX_PUBLIC_KEY",
        "CALLBOARD_RETENTION_DAYS",
        "CALLBOARD_LOG",
    ];
    assert_eq!(names, expected, "{error}");
}

#[test]
fn no_secret_is_ever_shown() {
    let key = "aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMmh1bnQ=";
    let set = [
        ("DATABASE_URL", "postgres://me:hunter2@h/b"),
        ("DB_PASSWORD", "hunter2"),
        ("SUPABASE_JWT_SECRET", "hunter2"),
        ("REDIS_URL", "redis://me:hunter2@h"),
        ("TELNYX_API_KEY", "hunter2"),
        ("TELNYX_SIP_PASSWORD", "hunter2"),
        ("ULTRAVOX_API_KEY", "hunter2"),
        ("CALLBOARD_ENCRYPTION_KEY", key),
    ];
    let shown = format!(
        "{:?} {:?} {}",
        settings(set),
        config(set),
        config(set).database
    );
    assert!(
        !shown.contains("hunter2") && !shown.contains(key),
        "{shown}"
    );
    let shown = config(set)
        .findings()
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(" ");
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn secrets_in_the_environment_stay_out_of_the_help() {
    let command = Settings::augment_args(Command::new("settings"));
    let shown: Vec<&str> = command
        .get_arguments()
        .filter(|arg| !arg.is_hide_env_values_set())
        .filter_map(|arg| arg.get_env()?.to_str())
        .filter(|name| {
            [
                "SECRET",
                "PASSWORD",
                "API_KEY",
                "ENCRYPTION",
                "DATABASE_URL",
                "REDIS",
            ]
            .iter()
            .any(|word| name.contains(word))
        })
        .collect();
    assert_eq!(shown, Vec::<&str>::new());
}

/// The variables of `static/docs/contract.md`, and the folder of the page.
const VARIABLES: &str = "API_HOST API_PORT API_BASE_URL CALLBOARD_STATIC_DIR CALLBOARD_DRAIN_DELAY_S \
    DATABASE_URL DB_HOST DB_PORT DB_NAME DB_USER DB_PASSWORD SUPABASE_JWT_SECRET SUPABASE_URL SUPABASE_JWT_ISSUER \
    SUPABASE_ANON_KEY CALLBOARD_ACCOUNTS \
    OIDC_ISSUER OIDC_CLIENT_ID OIDC_CLIENT_SECRET OIDC_ALLOWED \
    TELNYX_API_KEY TELNYX_PUBLIC_KEY TELNYX_APPLICATION_ID TELNYX_SIP_USERNAME \
    TELNYX_SIP_PASSWORD TELNYX_CALLER_ID ULTRAVOX_API_KEY TELNYX_SIP_SERVER TELNYX_API_BASE \
    ULTRAVOX_API_BASE ULTRAVOX_TELEPHONY_ENDPOINT CALLBOARD_ENCRYPTION_KEY SMTP_URL MAIL_FROM \
    CALLBOARD_ALLOWED_ORIGINS CALLBOARD_TRUSTED_PROXIES CALLBOARD_RECORDING \
    CALLBOARD_TRANSFER_REFUSED CALLBOARD_CALLS_PER_AGENT CALLBOARD_CALL_LIMIT_HOURS CALLBOARD_PRESENCE CALLBOARD_RETENTION_DAYS CALLBOARD_CALLS_KEPT_DAYS \
    CALLBOARD_CALL_LOGS_KEPT_DAYS \
    CALLBOARD_MAX_SOCKETS_PER_USER CALLBOARD_MAX_SOCKETS_PER_AGENCY CALLBOARD_RELAY REDIS_URL RUST_LOG \
    CALLBOARD_LOG CALLBOARD_METRICS_ADDR";

#[test]
fn every_variable_of_the_contract_is_a_setting_with_a_flag_and_a_sentence() {
    let command = Settings::augment_args(Command::new("settings"));
    let mut names = Vec::new();
    for arg in command.get_arguments() {
        let id = arg.get_id();
        assert!(arg.get_long().is_some() && arg.get_help().is_some(), "{id}");
        assert!(
            arg.is_global_set() && arg.get_help_heading().is_some(),
            "{id}"
        );
        names.extend(arg.get_env().and_then(|name| name.to_str()));
    }
    assert_eq!(names, VARIABLES.split_whitespace().collect::<Vec<_>>());
}
