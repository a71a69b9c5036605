//! Parameters of PostgreSQL addresses that other programs read: what is meant by them here.

/// What other programs' addresses hold, and what is meant by it here.
const FOREIGN: [(&str, &str); 10] = [
    (
        "pgbouncer",
        "which other programs write at the address of a transaction pooler: leave it out, and use \
         the session pooler or the direct address, port 5432",
    ),
    (
        "ssl",
        "which is written sslmode=require here, or sslmode=disable",
    ),
    (
        "sslaccept",
        "which is written sslmode=verify-full here, or sslmode=require",
    ),
    (
        "uselibpqcompat",
        "which node-postgres alone reads: leave it out",
    ),
    (
        "schema",
        "which Prisma alone reads: leave it out, our tables are in the schema callboard",
    ),
    ("connection_limit", "which Prisma alone reads: leave it out"),
    ("pool_timeout", "which Prisma alone reads: leave it out"),
    (
        "preparethreshold",
        "which JDBC alone reads: leave it out, and use an address that is no \
         transaction pooler's",
    ),
    (
        "sslcert",
        "a certificate of the client, which callboard does not send: leave it out",
    ),
    (
        "sslkey",
        "a key of the client, which callboard does not use: leave it out",
    ),
];

/// Refuses such a parameter in a sentence of its own.
pub(super) fn refuse_foreign(pair: &str) -> Result<(), String> {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    if (name, value) == ("sslmode", "no-verify") {
        return Err(
            "sslmode=no-verify, which is node-postgres's: it is written sslmode=require \
                    here, which does not check the certificate either"
                .to_owned(),
        );
    }
    let foreign = FOREIGN.iter();
    let mut foreign = foreign.filter(|(known, _)| name.eq_ignore_ascii_case(known));
    match foreign.next() {
        Some((_, meant)) if is_word(value) => Err(format!("{name}={value}, {meant}")),
        Some((_, meant)) => Err(format!("{name}, {meant}")),
        None => Ok(()),
    }
}

/// Only a word is repeated: anything else may be part of a password.
fn is_word(value: &str) -> bool {
    matches!(
        value,
        "true" | "false" | "1" | "0" | "strict" | "accept_invalid_certs"
    )
}

#[cfg(test)]
mod tests {
    use crate::config::PostgresUrl;

    #[test]
    fn what_other_programs_write_gets_a_sentence_of_its_own() {
        for (query, said) in [
            (
                "pgbouncer=true",
                "the session pooler or the direct address, port 5432",
            ),
            (
                "ssl=true",
                "ssl=true, which is written sslmode=require here",
            ),
            ("sslmode=no-verify", "it is written sslmode=require here"),
            (
                "connection_limit=1",
                "connection_limit=1, which Prisma alone reads",
            ),
            ("schema=hunter2", "schema, which Prisma alone reads"),
            ("prepareThreshold=0", "no transaction pooler's"),
        ] {
            for more in ["", "&sslmode=require"] {
                let found = PostgresUrl::parse(&format!("me@h/b?{query}{more}")).unwrap_err();
                assert!(
                    found.contains(said) && !found.contains("hunter2"),
                    "{found}"
                );
            }
        }
    }
}
