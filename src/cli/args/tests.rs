//! Stories about the command line, the environment and the `.env` file.

use super::{
    AgencyCommand, Cli, Command, CredentialError, CredentialValue, CredentialsCommand, UserCommand,
};
use crate::config::load_dotenv;
use crate::domain::Role;
use clap::{CommandFactory, Parser};
use std::path::Path;
use std::process;

const ID: &str = "0193a5f0-0000-7000-8000-000000000001";

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(std::iter::once("callboard").chain(line.split_whitespace()))
}

fn command(line: &str) -> Command {
    parse(line)
        .unwrap_or_else(|error| panic!("{error}"))
        .into_parts()
        .1
}

fn refused(line: &str) -> String {
    parse(line).unwrap_err().to_string()
}

#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn the_help_begins_with_what_it_is_and_what_to_try() {
    let help = Cli::command()
        .term_width(100)
        .render_long_help()
        .to_string();
    let first: Vec<&str> = help.lines().take(6).collect();
    assert!(
        first[0].starts_with("A live inbound-call board: Telnyx webhooks in"),
        "{help}"
    );
    assert!(
        first.join("\n").contains("callboard demo")
            && first.join("\n").contains("callboard doctor")
    );
    for shown in [
        "[env: DATABASE_URL]",
        "[default: sqlite://callboard.db]",
        "--max-sockets-per-agency",
    ] {
        assert!(help.contains(shown), "{shown} is not in\n{help}");
    }
    let short = Cli::command().render_help().to_string();
    assert!(
        !short.contains("--telnyx-api-key") && short.contains("callboard --help"),
        "{short}"
    );
}

#[test]
fn with_no_command_it_serves_and_only_serve_may_be_insecure() {
    let Command::Serve(serve) = command("") else {
        panic!()
    };
    assert!(!serve.insecure_unsigned_webhooks);
    let Command::Serve(serve) = command("serve --insecure-unsigned-webhooks") else {
        panic!()
    };
    assert!(serve.insecure_unsigned_webhooks);
    assert!(refused("--insecure-unsigned-webhooks").contains("unexpected argument"));
}

#[test]
fn a_setting_may_stand_before_or_after_the_command() {
    for line in [
        "--api-port 8080 doctor",
        "doctor --api-port 8080",
        "user list --api-port 8080",
    ] {
        let settings = parse(line).unwrap().settings;
        assert_eq!(
            settings.listener.api_port.as_deref(),
            Some("8080"),
            "{line}"
        );
    }
}

#[test]
fn every_command_of_the_contract_is_understood() {
    for line in [
        "demo --data d --port 4000 --calls-per-minute 60 --database sqlite://x.db",
        "demo --once",
        "demo --torture --seed 7 --seconds 30",
        "demo --nodes 3 --database postgres://h/d",
        "simulate --webhook http://localhost:3001/api/telnyx/webhook --private-key k --rate 5",
        "watch --url ws://localhost:3001/ws --token t --conformance",
        "verify",
        "migrate --check",
        "epoch renew",
        "agency list --json",
        "user remove --id 0193a5f0-0000-7000-8000-000000000001",
        "credentials rotate",
        "token --user 0193a5f0-0000-7000-8000-000000000001 --ttl 90s",
        "doctor",
        "doctor --agency 0193a5f0-0000-7000-8000-000000000001",
    ] {
        command(line);
    }
}

#[test]
fn what_cannot_be_meant_is_refused_with_the_reason() {
    assert!(refused("demo --once --torture").contains("cannot be used with"));
    assert!(refused("demo --seconds 5").contains("--torture"));
    assert!(refused("demo --nodes 0").contains("1..=9"));
    assert!(refused("demo --port 0").contains("1..=65535"));
    assert!(
        refused("simulate --webhook localhost:3001 --private-key k")
            .contains("http:// or https://")
    );
    assert!(refused(&format!("token --user {ID} --ttl 5")).contains("write 90s, 30m, 1h or 2d"));
    assert!(refused("watch --url http://h --token=").contains("callboard token --user"));
    assert!(refused("user remove --id anna").contains("anna"));
    assert!(
        refused(&format!("user add --agency {ID} --id {ID} --role boss")).contains("agency_member")
    );
}

#[test]
fn people_and_agencies_are_read_into_types() {
    let Command::Agency(AgencyCommand::Create(create)) = command("agency create --name Ours")
    else {
        panic!()
    };
    assert_eq!((create.name.as_str(), create.id), ("Ours", None));
    let line = format!("user add --agency {ID} --id {ID} --role agency_admin --sip-username anna");
    let Command::User(UserCommand::Add(add)) = command(&line) else {
        panic!()
    };
    assert_eq!(add.role, Role::Admin);
    assert_eq!(add.id.to_string(), ID);
    assert_eq!(add.sip_username.as_deref(), Some("anna"));
    let Command::Token(token) = command(&format!("token --user {ID}")) else {
        panic!()
    };
    assert_eq!(token.ttl.as_secs(), 3600);
}

fn credentials(pairs: &str) -> Result<Vec<super::Credential>, CredentialError> {
    let line = format!("credentials set --agency {ID} {pairs}");
    let Command::Credentials(CredentialsCommand::Set(set)) = command(&line) else {
        panic!()
    };
    assert!(!format!("{set:?}").contains("hunter2"));
    set.credentials()
}

#[test]
fn a_credential_is_given_or_comes_from_stdin() {
    let read = credentials("telnyx_public_key=aGk= telnyx_api_key=-").unwrap();
    let CredentialValue::Given(value) = &read[0].value else {
        panic!()
    };
    assert_eq!(secrecy::ExposeSecret::expose_secret(value), "aGk=");
    assert_eq!(read[1].key, "telnyx_api_key");
    assert!(matches!(read[1].value, CredentialValue::Stdin));
}

#[test]
fn a_credential_without_a_key_is_counted_and_not_repeated() {
    let error = credentials("telnyx_api_key=x hunter2").unwrap_err();
    assert_eq!(error, CredentialError::NotAPair(2));
    assert_eq!(
        credentials("a=- b=-").unwrap_err(),
        CredentialError::StdinTwice
    );
}

#[test]
fn a_token_on_the_command_line_is_not_shown() {
    let cli = parse("watch --url http://h --token hunter2 --telnyx-api-key hunter2").unwrap();
    assert!(!format!("{cli:?}").contains("hunter2"));
}

/// The environment belongs to the process, and the test's own is shared: so this one parses in a
/// process that its parent below starts with a folder and an environment of its own.
#[test]
#[ignore = "the child process of the stories below"]
fn child_says_what_it_was_told() {
    load_dotenv().unwrap();
    let line = std::fs::read_to_string("command-line").unwrap();
    let settings = parse(&line).unwrap().settings;
    let config = settings.validate().unwrap();
    println!(
        "told: {} {} {}",
        config.listener.port,
        config.database,
        config.agency_defaults.telnyx_caller_id.unwrap_or_default(),
    );
}

fn told(folder: &Path, line: &str, environment: &[(&str, &str)]) -> String {
    std::fs::write(folder.join("command-line"), line).unwrap();
    let output = process::Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "cli::args::tests::child_says_what_it_was_told",
            "--ignored",
            "--nocapture",
        ])
        .current_dir(folder)
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let told = said.lines().find_map(|line| line.split_once("told: "));
    told.unwrap_or_else(|| panic!("{said}")).1.to_owned()
}

#[test]
fn flags_win_over_the_environment_which_wins_over_the_file_which_wins_over_defaults() {
    let folder = tempfile::tempdir().unwrap();
    let of = |line, environment: &[(&str, &str)]| told(folder.path(), line, environment);
    assert_eq!(of("", &[]), "3001 sqlite://callboard.db ");
    std::fs::write(folder.path().join(".env"), "API_PORT=3002\nNODE_ENV=x\n").unwrap();
    assert!(of("", &[]).starts_with("3002 "));
    assert!(
        of("", &[("API_PORT", "")]).starts_with("3002 "),
        "nothing is not a value"
    );
    assert!(of("", &[("API_PORT", "3003")]).starts_with("3003 "));
    assert!(of("--api-port 3004", &[("API_PORT", "3003")]).starts_with("3004 "));
    assert!(of("doctor --api-port 3004", &[("API_PORT", "3003")]).starts_with("3004 "));
}

#[test]
fn the_guides_file_starts_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let file = "# Telnyx Configuration\nTELNYX_API_KEY=your_telnyx_api_key_here\n\
        TELNYX_SIP_USERNAME=your_sip_username\nTELNYX_SIP_PASSWORD=your_sip_password\n\
        TELNYX_SIP_SERVER=rtc.telnyx.com\nTELNYX_CALLER_ID=+1234567890\n\n# Database\n\
        DB_HOST=localhost\nDB_PORT=5432\nDB_NAME=your_database_name\nDB_USER=postgres\n\
        DB_PASSWORD=your_password\n\n# API\nAPI_PORT=3001\n\
        API_BASE_URL=http://localhost:3001/api\n";
    std::fs::write(folder.path().join(".env"), file).unwrap();
    assert_eq!(
        told(folder.path(), "serve", &[]),
        "3001 postgres://postgres@localhost:5432/your_database_name +1234567890"
    );
}
