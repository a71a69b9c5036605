//! Finding a port to listen on.

use super::DemoError;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};

/// How many ports are tried after the one that was wanted. They stay far below those that the
/// system hands out by itself: a client that keeps trying a port of that range while nobody
/// listens there can be given the very port as its own, connect to itself, and so take it.
const NEXT_PORTS: u16 = 200;

/// A listener on this machine alone, on the port wanted or the next free one.
///
/// # Errors
/// When none of them is free, or the system allows none of them.
pub(super) fn listen(wanted: u16) -> Result<TcpListener, DemoError> {
    let last = wanted.saturating_add(NEXT_PORTS);
    for port in wanted..=last {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            Err(source) => return Err(DemoError::Port { port, source }),
        }
    }
    Err(DemoError::NoPort {
        first: wanted,
        last,
    })
}

/// The port that a listener has.
pub(super) fn port_of(listener: &TcpListener) -> Result<u16, DemoError> {
    let address = listener.local_addr();
    let port = address.map_err(|source| DemoError::Port { port: 0, source })?;
    Ok(port.port())
}

#[cfg(test)]
mod tests {
    use super::{listen, port_of};

    #[test]
    fn a_taken_port_is_passed_over() {
        let first = listen(23_457).unwrap();
        let taken = port_of(&first).unwrap();
        let second = listen(taken).unwrap();
        assert!(port_of(&second).unwrap() > taken);
    }
}
