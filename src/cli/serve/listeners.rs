//! The sockets that a server listens on, bound before anything else is done.

use crate::app::Listeners;
use crate::cli::CliError;
use crate::config::Config;
use socket2::SockRef;
use std::net::{TcpListener, ToSocketAddrs};

/// Connections that wait to be accepted. The standard library's 128 would turn agents away when
/// all of an office's boards come back at once; the kernel cuts it to its own limit.
const BACKLOG: i32 = 4096;

/// Binds what the settings ask for.
pub(super) fn bind(config: &Config) -> Result<Listeners, CliError> {
    let (host, port) = (config.listener.host.as_str(), config.listener.port);
    // As people write it: an IPv6 address stands in brackets before a port.
    let address = if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    };
    let metrics = config.telemetry.metrics_addr;
    Ok(Listeners {
        public: listen((host, port), &address, "API_PORT", "API_HOST")?,
        metrics: metrics
            .map(|at| {
                let setting = "CALLBOARD_METRICS_ADDR";
                listen(at, &at.to_string(), setting, setting)
            })
            .transpose()?,
    })
}

fn listen(
    at: impl ToSocketAddrs,
    address: &str,
    port_setting: &'static str,
    host_setting: &'static str,
) -> Result<TcpListener, CliError> {
    use std::io::ErrorKind::{AddrInUse, PermissionDenied};
    let listener = TcpListener::bind(at).and_then(|listener| {
        SockRef::from(&listener).listen(BACKLOG)?;
        Ok(listener)
    });
    listener.map_err(|error| CliError::Listen {
        address: address.to_owned(),
        setting: match error.kind() {
            AddrInUse | PermissionDenied => port_setting,
            _ => host_setting,
        },
        error,
    })
}

#[cfg(test)]
mod tests {
    use super::bind;
    use crate::cli::testing::config_in;
    use std::net::TcpListener;
    use std::path::Path;

    #[test]
    fn a_taken_port_is_named_with_its_address_and_the_setting_to_change() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut config = config_in(Path::new("/nowhere"));
        config.listener.port = taken.local_addr().unwrap().port();
        config.telemetry.metrics_addr = None;
        let refused = bind(&config).unwrap_err().to_string();
        let address = taken.local_addr().unwrap().to_string();
        assert!(refused.contains(&address), "{refused}");
        assert!(
            refused.contains("set API_PORT to another port"),
            "{refused}"
        );
    }

    #[test]
    fn a_taken_metrics_port_names_its_own_setting() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut config = config_in(Path::new("/nowhere"));
        config.listener.port = 0;
        config.telemetry.metrics_addr = Some(taken.local_addr().unwrap());
        let refused = bind(&config).unwrap_err().to_string();
        assert!(refused.contains("set CALLBOARD_METRICS_ADDR"), "{refused}");
    }

    #[test]
    fn an_address_of_another_machine_names_the_host() {
        let mut config = config_in(Path::new("/nowhere"));
        config.listener.host = "192.0.2.1".into();
        let refused = bind(&config).unwrap_err().to_string();
        assert!(
            refused.contains("no such address; set API_HOST"),
            "{refused}"
        );
    }
}
