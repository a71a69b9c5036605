//! What a webhook is answered with.

/// What the sender of a webhook is told, decided in the transaction that takes the webhook in: a
/// carrier that waits to be told what to do with the call hears it here. Each carrier writes it in
/// its own way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reply {
    /// It is kept; there is nothing to be done about it.
    #[default]
    Accepted,
}
