//! Waiting with a deadline. Nothing here waits for a fixed time.

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
