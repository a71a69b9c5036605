//! The servers that one PostgreSQL address names: several are a primary and its standbys, of which
//! only the primary is of use to us, whichever that is.

use tokio_postgres::Config;
use tokio_postgres::config::TargetSessionAttrs;

const READ_WRITE: &str = "target_session_attrs=read-write";

/// A parameter of libpq's as tokio-postgres reads it in an address.
pub(super) fn as_read(pair: &str) -> String {
    match pair.strip_prefix("host=") {
        Some(hosts) => format!("host={}", hosts.replace(',', "&host=")),
        None if pair == "target_session_attrs=primary" => READ_WRITE.to_owned(),
        None => pair.to_owned(),
    }
}

/// Sees that hosts and ports match, and that no standby passes for the primary.
pub(super) fn settle(config: &mut Config) -> Result<(), String> {
    let (hosts, addresses) = (config.get_hosts().len(), config.get_hostaddrs().len());
    let (servers, ports) = (hosts.max(addresses), config.get_ports().len());
    if servers == 0 {
        return Err("an address without a host".to_owned());
    }
    if hosts > 0 && addresses > 0 && hosts != addresses {
        return Err(format!(
            "host names {hosts} and hostaddr {addresses} (write as many of each)"
        ));
    }
    if ports > 1 && ports != servers {
        return Err(format!(
            "{servers} hosts and {ports} ports (write HOST1:PORT1,HOST2:PORT2, or one port for all)"
        ));
    }
    if config.get_target_session_attrs() == TargetSessionAttrs::ReadOnly {
        return Err(format!(
            "target_session_attrs=read-only, where callboard could not write (write {READ_WRITE})"
        ));
    }
    if servers > 1 {
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::postgres::PostgresUrl;
    use tokio_postgres::config::TargetSessionAttrs;

    #[test]
    fn of_several_servers_only_one_that_takes_writes_will_do() {
        for (rest, wanted) in [
            ("me@one/b", TargetSessionAttrs::Any),
            (
                "me@one/b?target_session_attrs=read-write",
                TargetSessionAttrs::ReadWrite,
            ),
            (
                "me@one/b?target_session_attrs=primary",
                TargetSessionAttrs::ReadWrite,
            ),
            ("me@one:1,two:2/b", TargetSessionAttrs::ReadWrite),
            (
                "me@one,two/b?target_session_attrs=any",
                TargetSessionAttrs::ReadWrite,
            ),
        ] {
            let config = PostgresUrl::parse(rest).unwrap().config;
            assert_eq!(config.get_target_session_attrs(), wanted, "{rest}");
        }
    }

    #[test]
    fn hosts_and_ports_that_do_not_match_are_counted() {
        for (rest, found) in [
            ("me@one:1,two:2/b?port=3", "2 hosts and 3 ports"),
            ("/b?host=one,two,three&port=1,2", "3 hosts and 2 ports"),
            (
                "/b?host=one,two&hostaddr=10.0.0.1",
                "host names 2 and hostaddr 1",
            ),
            (
                "me@one/b?target_session_attrs=read-only",
                "target_session_attrs=read-only",
            ),
        ] {
            let error = PostgresUrl::parse(rest).unwrap_err();
            assert!(error.starts_with(found), "{error}");
        }
        assert!(PostgresUrl::parse("/b?host=one,two&port=1").is_ok());
    }
}
