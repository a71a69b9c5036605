//! The boards' sockets: how many, how they began and how they ended.

use super::Metrics;
use super::catalog::Catalog;
use super::label::label;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

label! {
    /// How a `connect` was answered.
    ConnectAnswer is "answer" {
        /// A snapshot, since the client had no position.
        Fresh = "fresh",
        /// A snapshot, since the numbering began again.
        EpochChanged = "epoch_changed",
        /// A snapshot, since the position is beyond retention.
        TooOld = "too_old",
        /// A snapshot, since the position lies in the future.
        Ahead = "ahead",
        /// What was missed since the position.
        Resumed = "resumed",
        /// An error and a close.
        Refused = "refused",
    }
}

/// The close codes of `ws::close`, and those that every WebSocket knows. A client may send any
/// other, which must not make a series each.
const CLOSE_CODES: [u16; 16] = [
    1000, 1001, 1005, 1006, 1009, 1011, 1012, 1013, 4000, 4001, 4002, 4003, 4004, 4500, 4501, 4502,
];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WithCode {
    code: String,
}

impl WithCode {
    fn of(code: u16) -> Self {
        let known = CLOSE_CODES.contains(&code);
        Self {
            code: if known {
                code.to_string()
            } else {
                "other".to_owned()
            },
        }
    }
}

pub(super) struct Sockets {
    open: Gauge,
    connects: Family<ConnectAnswer, Counter>,
    closes: Family<WithCode, Counter>,
    bytes_sent: Counter,
    draining: Gauge,
}

impl Sockets {
    pub(super) fn register(catalog: &mut Catalog) -> Self {
        let closes = catalog.counter_by_open("socket_closes", "Sockets closed, by close code");
        for code in CLOSE_CODES {
            drop(closes.get_or_create(&WithCode::of(code)));
        }
        Self {
            open: catalog.gauge("sockets", "Sockets open now"),
            connects: catalog.counter_by("connects", "Connects, by how they were answered"),
            closes,
            bytes_sent: catalog.counter("outbox_bytes_sent", "Bytes handed to sockets"),
            draining: catalog.gauge(
                "draining",
                "1 from when this node was told to stop: it is not ready, and sends its sockets elsewhere",
            ),
        }
    }
}

/// A socket that counts as open until this is dropped, however its task ends.
#[derive(Debug)]
#[must_use = "the socket counts as open only as long as this is kept"]
pub struct OpenSocket(Gauge);

impl Drop for OpenSocket {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    /// A socket was opened; it counts until the returned value is dropped.
    pub fn socket_opened(&self) -> OpenSocket {
        let open = self.0.sockets.open.clone();
        open.inc();
        OpenSocket(open)
    }

    /// A socket was closed with this code, by whichever side; 1006 when it just ended.
    pub fn socket_closed(&self, code: u16) {
        let closes = &self.0.sockets.closes;
        closes.get_or_create(&WithCode::of(code)).inc();
    }

    /// A client's `connect` was answered.
    pub fn connect_answered(&self, answer: ConnectAnswer) {
        self.0.sockets.connects.get_or_create(&answer).inc();
    }

    /// This node was told to stop.
    pub fn drains(&self) {
        self.0.sockets.draining.set(1);
    }

    /// So many bytes left an outbox for its socket.
    pub fn outbox_sent(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.0.sockets.bytes_sent.inc_by(bytes);
    }
}

#[cfg(test)]
mod tests {
    use crate::telemetry::Metrics;

    #[test]
    fn a_socket_counts_as_open_until_its_task_is_gone() {
        let metrics = Metrics::new();
        let socket = metrics.socket_opened();
        assert!(metrics.encode().unwrap().contains("callboard_sockets 1\n"));
        drop(socket);
        assert!(metrics.encode().unwrap().contains("callboard_sockets 0\n"));
    }

    #[test]
    fn clients_cannot_make_series_with_codes_of_their_own() {
        let metrics = Metrics::new();
        let before = metrics.encode().unwrap().lines().count();
        for code in 3000..3100 {
            metrics.socket_closed(code);
        }
        metrics.socket_closed(4000);
        let text = metrics.encode().unwrap();
        assert_eq!(text.lines().count(), before + 1);
        assert!(text.contains(r#"callboard_socket_closes_total{code="other"} 100"#));
        assert!(text.contains(r#"callboard_socket_closes_total{code="4000"} 1"#));
    }
}
