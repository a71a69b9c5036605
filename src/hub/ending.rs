//! How sockets end.

use bytes::Bytes;

/// The end of a socket, as a value: whoever orders it need not know what it says.
#[derive(Clone, Debug)]
pub struct Ending {
    /// The last frames, of which the last closes.
    pub last: Vec<Bytes>,
    /// The close code.
    pub code: u16,
    /// What waits is dropped first, since a slow reader would not get to the end otherwise.
    pub at_once: bool,
}

/// The ends that the hub itself orders.
#[derive(Clone, Debug)]
pub struct Endings {
    /// Of a socket that had no room.
    pub slow: Ending,
    /// Of one whose agency's numbering began again.
    pub renewed: Ending,
}
