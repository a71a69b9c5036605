//! (being built)
use std::path::PathBuf;
#[derive(Clone, Debug)]
pub enum DatabaseUrl {
    Sqlite { path: PathBuf },
    Postgres(PostgresUrl),
}
#[derive(Clone)]
pub struct PostgresUrl {
    pub config: tokio_postgres::Config,
    pub tls: TlsMode,
    pub root_cert: Option<PathBuf>,
    pub display: String,
}
impl std::fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.display)
    }
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMode {
    Disable,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}
