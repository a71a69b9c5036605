//! Waiting with a deadline. Nothing waits for a fixed time.

use std::time::Duration;

/// How long anything may take before the story is broken. Generous, since it is never used up.
const PATIENCE: Duration = Duration::from_secs(20);

/// What `wait` brings, or a panic that says what was waited for.
pub async fn soon<T>(what: &str, wait: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, wait).await {
        Ok(value) => value,
        Err(_) => panic!("waited in vain for {what}"),
    }
}

/// Leaves the processor to others before one looks again at what another process does.
pub async fn look_again() {
    tokio::time::sleep(Duration::from_millis(5)).await;
}
