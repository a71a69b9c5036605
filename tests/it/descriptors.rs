//! A server whose file descriptors are used up answers all the same.

use crate::support::World;
use crate::support::http::next_answer;
use crate::support::node::client;
use crate::support::patience::soon;
use crate::support::process::Process;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// A connection on which something was asked and answered, and the answer's beginning.
async fn asks(server: &Process) -> (TcpStream, String) {
    let address = server.url.trim_start_matches("http://");
    let mut stream = soon("a connection", TcpStream::connect(address))
        .await
        .unwrap();
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    let answer = next_answer(&mut stream).await;
    (stream, answer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_beyond_the_last_descriptor_are_told_at_once_and_served_when_others_leave() {
    let world = World::on_sqlite().await.by_the_machines_clock();
    let server = Process::start_with_descriptors(&world, 160).await;
    let mut held = Vec::new();
    let full = loop {
        let (stream, answer) = asks(&server).await;
        if !answer.starts_with("HTTP/1.1 200 ") {
            break answer;
        }
        held.push(stream);
        assert!(held.len() < 160, "more clients than descriptors");
    };
    assert!(held.len() > 40, "{} clients", held.len());
    assert!(full.starts_with("HTTP/1.1 503 "), "{full}");
    let (head, body) = full.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("\r\nRetry-After: 2\r\n") && head.contains("\r\nConnection: close\r\n"));
    assert!(
        head.ends_with(&format!("\r\nContent-Length: {}", body.len())),
        "{full}"
    );
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert!(body["error"].is_string());

    // Whoever was there first is served on.
    let first = &mut held[0];
    first
        .write_all(b"GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    let answer = next_answer(first).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");

    drop(held);
    let http = client();
    let served = async {
        loop {
            let answer = http.get(format!("{}/readyz", server.url)).send().await;
            if answer.is_ok_and(|answer| answer.status() == 200) {
                return;
            }
        }
    };
    soon("room again", served).await;
    assert!(
        server.log().contains("Connection refused (descriptors): "),
        "{}",
        server.log()
    );
    assert!(!server.log().contains("ERROR"), "{}", server.log());
}
