//! Reaching one of the servers that an address names: the first that lets us in, and takes writes
//! where that is asked for. One that hangs, or whose machine is gone, holds up nobody for long.

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

/// How long a server may be silent before the next one is tried too.
const HEAD_START: Duration = Duration::from_millis(200);

/// What `connect` makes of the first server that it reaches.
///
/// # Errors
/// The latest one, unless there was one before that `tells_more`.
pub(super) async fn reach<T, E, F>(
    config: &Config,
    connect: impl Fn(Config) -> F,
    tells_more: impl Fn(&E) -> bool,
) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    let mut hosts = each(config).into_iter();
    let mut trying = FuturesUnordered::new();
    let mut before = None;
    loop {
        trying.extend(hosts.next().map(&connect));
        let tried = if hosts.len() == 0 {
            trying.next().await
        } else {
            match tokio::time::timeout(HEAD_START, trying.next()).await {
                Ok(tried) => tried,
                Err(_) => continue,
            }
        };
        match tried {
            Some(Ok(reached)) => return Ok(reached),
            Some(Err(error)) => {
                let error = match before.take() {
                    Some(before) if tells_more(&before) => before,
                    _ => error,
                };
                if hosts.len() == 0 && trying.is_empty() {
                    return Err(error);
                }
                before = Some(error);
            }
            // It names no server.
            None => return connect(config.clone()).await,
        }
    }
}

/// The same address for each of its servers alone.
fn each(config: &Config) -> Vec<Config> {
    let (hosts, addresses) = (config.get_hosts(), config.get_hostaddrs());
    let ports = config.get_ports();
    let alone = |index: usize| {
        let mut one = without_hosts(config);
        match hosts.get(index) {
            Some(Host::Tcp(name)) => drop(one.host(name)),
            Some(Host::Unix(folder)) => drop(one.host_path(folder)),
            None => {}
        }
        if let Some(address) = addresses.get(index) {
            one.hostaddr(*address);
        }
        if let Some(port) = ports.get(index).or(ports.first()) {
            one.port(*port);
        }
        one
    };
    (0..hosts.len().max(addresses.len())).map(alone).collect()
}

fn without_hosts(config: &Config) -> Config {
    let mut bare = Config::new();
    if let Some(user) = config.get_user() {
        bare.user(user);
    }
    if let Some(password) = config.get_password() {
        bare.password(password);
    }
    if let Some(name) = config.get_dbname() {
        bare.dbname(name);
    }
    if let Some(options) = config.get_options() {
        bare.options(options);
    }
    if let Some(name) = config.get_application_name() {
        bare.application_name(name);
    }
    if let Some(limit) = config.get_connect_timeout() {
        bare.connect_timeout(*limit);
    }
    if let Some(limit) = config.get_tcp_user_timeout() {
        bare.tcp_user_timeout(*limit);
    }
    if let Some(interval) = config.get_keepalives_interval() {
        bare.keepalives_interval(interval);
    }
    if let Some(retries) = config.get_keepalives_retries() {
        bare.keepalives_retries(retries);
    }
    bare.keepalives(config.get_keepalives())
        .keepalives_idle(config.get_keepalives_idle())
        .ssl_mode(config.get_ssl_mode())
        .ssl_negotiation(config.get_ssl_negotiation())
        .target_session_attrs(config.get_target_session_attrs())
        .channel_binding(config.get_channel_binding())
        .load_balance_hosts(config.get_load_balance_hosts());
    bare
}

#[cfg(test)]
mod tests {
    use super::{each, reach};
    use tokio_postgres::Config;
    use tokio_postgres::config::Host;

    const SETTINGS: &str = "application_name=x&connect_timeout=3&tcp_user_timeout=4&keepalives=0\
         &keepalives_idle=5&keepalives_interval=6&keepalives_retries=7&options=-c%20jit%3Doff\
         &sslmode=require&sslnegotiation=direct&target_session_attrs=read-write\
         &channel_binding=require&load_balance_hosts=random";

    fn config(hosts: &str) -> Config {
        let url = format!("postgres://me:pw@{hosts}/board?{SETTINGS}");
        url.parse().unwrap()
    }

    fn name(config: &Config) -> String {
        match config.get_hosts() {
            [Host::Tcp(name)] => name.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_server_is_reached_with_all_that_the_address_says() {
        let alone = each(&config("one:1,two,three:3"));
        assert_eq!(alone, [config("one:1"), config("two"), config("three:3")]);
    }

    #[tokio::test]
    async fn a_server_that_says_nothing_holds_up_nobody() {
        let connect = async |config: Config| match name(&config).as_str() {
            "hangs" => std::future::pending().await,
            "refuses" => Err("refused"),
            other => Ok(other.to_owned()),
        };
        for hosts in [
            "hangs,refuses,serves",
            "refuses,hangs,serves",
            "serves,hangs",
        ] {
            let reached = reach(&config(hosts), connect, |_| false).await;
            assert_eq!(reached, Ok("serves".to_owned()), "{hosts}");
        }
    }

    #[tokio::test]
    async fn of_several_errors_the_one_that_tells_more_is_told() {
        let connect = async |config: Config| Err::<(), _>(name(&config));
        for hosts in ["gone,standby", "standby,gone"] {
            let error = reach(&config(hosts), connect, |error| error == "standby").await;
            assert_eq!(error, Err("standby".to_owned()), "{hosts}");
        }
    }
}
