//! Somebody else's server on loopback: it answers as a story says, and remembers what it was asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// With its query.
    pub path: String,
    /// By their names in small letters.
    pub headers: HashMap<String, String>,
    pub body: String,
}

impl Asked {
    /// The body as a form.
    pub fn form(&self) -> HashMap<String, String> {
        url::form_urlencoded::parse(self.body.as_bytes())
            .into_owned()
            .collect()
    }
}

/// The status, a `Location`, and the body.
pub type Says = (u16, Option<String>, String);

pub struct Stand {
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Stand {
    pub async fn answering(says: impl Fn(&Asked) -> Says + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (says, noted) = (Arc::new(says), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (says, noted) = (Arc::clone(&says), Arc::clone(&noted));
                tokio::spawn(async move { serve(stream, &*says, &noted).await });
            }
        });
        Self { url, asked }
    }

    /// What it was asked at paths that begin so.
    pub fn asked(&self, path: &str) -> Vec<Asked> {
        let asked = self.asked.lock().expect("the list");
        let at = |asked: &&Asked| asked.path.starts_with(path);
        asked.iter().filter(at).cloned().collect()
    }
}

async fn serve(
    stream: TcpStream,
    says: &(dyn Fn(&Asked) -> Says + Sync),
    noted: &Mutex<Vec<Asked>>,
) {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
        return;
    }
    let path = line.split(' ').nth(1).expect("a path").to_owned();
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.expect("a header");
        let Some((name, value)) = line.trim().split_once(':') else {
            break;
        };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers
        .get("content-length")
        .and_then(|length| length.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await.expect("a body");
    let body = String::from_utf8(body).expect("text");
    let asked = Asked {
        path,
        headers,
        body,
    };
    let (status, location, body) = says(&asked);
    noted.lock().expect("the list").push(asked);
    let location = location
        .map(|to| format!("Location: {to}\r\n"))
        .unwrap_or_default();
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{location}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    // Whoever asked may have hung up.
    let _ = stream.write_all(head.as_bytes()).await;
}
