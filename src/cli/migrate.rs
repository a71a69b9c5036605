//! `callboard migrate`: apply the migrations, or only check.

use super::args::MigrateArgs;
use super::words::{count, line};
use super::{CliError, Out, database};
use crate::clock::Clock;
use crate::config::{Config, DatabaseUrl};

/// Applies what is missing; with `--check` only says whether anything is, and changes nothing.
pub(super) async fn run(
    args: MigrateArgs,
    config: &Config,
    clock: &Clock,
    out: Out<'_>,
) -> Result<(), CliError> {
    let database = &config.database;
    if args.check {
        let missing = missing(config).await?;
        if missing != Some(0) {
            return Err(CliError::NotMigrated(missing));
        }
        return line(out, &format!("{database}: no migration is missing"));
    }
    let store = database::connect(config).await?;
    match database::migrate(&store, config, clock).await? {
        0 => line(out, &format!("{database}: no migration was missing")),
        applied => {
            let applied = count(applied, "migration");
            line(out, &format!("{database}: {applied} applied"))
        }
    }
}

/// How many migrations are missing; `None` when there is not even a database.
async fn missing(config: &Config) -> Result<Option<usize>, CliError> {
    // Opening an SQLite file makes it, and a check must leave nothing behind.
    if matches!(&config.database, DatabaseUrl::Sqlite { path } if !path.exists()) {
        return Ok(None);
    }
    let store = database::connect(config).await?;
    Ok(Some(store.pending_migrations().await?))
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::cli::CliError;
    use crate::cli::args::MigrateArgs;
    use crate::cli::testing::{config_in, said};
    use crate::clock::Clock;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_check_tells_what_is_missing_and_makes_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let config = config_in(folder.path());
        let clock = Clock::system();
        let mut out = Vec::new();
        let check = MigrateArgs { check: true };
        let missing = run(check, &config, &clock, &mut out).await.unwrap_err();
        assert!(matches!(missing, CliError::NotMigrated(None)), "{missing}");
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);

        let apply = MigrateArgs::default();
        run(apply, &config, &clock, &mut out).await.unwrap();
        assert!(said(&mut out).ends_with(" applied\n"));
        run(check, &config, &clock, &mut out).await.unwrap();
        assert!(said(&mut out).ends_with("no migration is missing\n"));
        run(apply, &config, &clock, &mut out).await.unwrap();
        assert!(said(&mut out).ends_with("no migration was missing\n"));
    }
}
