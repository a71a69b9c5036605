//! A load balancer before several nodes, as the files in `static/ops` set it up.

use super::patience::{look_again, soon};
use super::process::Process;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

pub struct Balancer {
    pub url: String,
    /// Whether a line of its log tells of a webhook that it failed itself: what a node answers and what
    /// the carrier does not wait for are not the balancer's.
    failed: fn(&str) -> bool,
    _program: Child,
    folder: TempDir,
}

impl Balancer {
    /// nginx, which learns of a node's end by the request that fails.
    pub async fn nginx(nodes: &[Process; 3]) -> Self {
        let file = include_str!("../../../static/ops/nginx-nodes.conf");
        let failed = |line: &str| line.starts_with("502 POST") || line.starts_with("504 POST");
        Self::start(file, "8080", nodes, failed, |file| {
            let folder = folder_of(file).display();
            // What belongs to the machine's own nginx is left alone, and no worker outlives its master.
            let own = format!(
                "pid {folder}/pid; error_log stderr; daemon off; master_process off;
                 http {{
                 log_format told \"$status $request_method\"; access_log /dev/stdout told;
                 client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
                 fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
                 scgi_temp_path {folder}/scgi;"
            );
            let mut command = Command::new(found("/usr/sbin/nginx", "nginx"));
            command.arg("-p").arg(folder_of(file)).arg("-c").arg(file);
            (vec![("http {", own)], command)
        })
        .await
    }

    /// HAProxy, which asks each node twice a second whether it is ready.
    pub async fn haproxy(nodes: &[Process; 3]) -> Self {
        let file = include_str!("../../../static/ops/haproxy-nodes.cfg");
        // Its word on how a session ended begins with who ended it: nobody, or the client.
        let failed = |line: &str| {
            let ended = line.split_once(" POST ").map(|(_, ended)| ended);
            ended.is_some_and(|ended| !ended.starts_with(['-', 'C', 'c']))
        };
        Self::start(file, "127.0.0.1:8080", nodes, failed, |file| {
            let mut command = Command::new(found("/usr/sbin/haproxy", "haproxy"));
            command.arg("-db").arg("-f").arg(file);
            let own = [
                // As many as a machine with a low limit lets it have.
                (
                    "maxconn 16384",
                    "maxconn 400\n log stdout format raw local0",
                ),
                (
                    "defaults",
                    "defaults\n log global\n log-format \"%ST %HM %ts\"",
                ),
            ];
            let own = own.map(|(place, own)| (place, own.to_owned()));
            (own.into(), command)
        })
        .await
    }

    /// The webhooks that it failed itself.
    pub fn failures(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.folder.path().join("log")).expect("a log");
        let failures = log.lines().filter(|line| (self.failed)(line));
        failures.map(str::to_owned).collect()
    }

    async fn start(
        file: &str,
        listens: &str,
        nodes: &[Process; 3],
        failed: fn(&str) -> bool,
        program: impl FnOnce(&Path) -> (Vec<(&'static str, String)>, Command),
    ) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = free.local_addr().expect("a port").to_string();
        drop(free);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("balancer");
        let (own, mut command) = program(&path);
        let mut file = file.replacen(listens, &address, 1);
        for (place, own) in own {
            assert!(file.contains(place), "{place} is not in the file");
            file = file.replacen(place, &own, 1);
        }
        for (there, node) in ["3001", "3002", "3003"].into_iter().zip(nodes) {
            let there = format!("127.0.0.1:{there}");
            assert!(file.contains(&there), "{there} is not in the file");
            file = file.replace(&there, &node.address());
        }
        std::fs::write(&path, file).expect("its file");
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(folder.path().join("log"))
            .expect("a log");
        let program = command
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("the balancer; tests/install brings it");
        let listening = async {
            while TcpStream::connect(&address).await.is_err() {
                look_again().await;
            }
        };
        soon("the balancer", listening).await;
        Self {
            url: format!("http://{address}"),
            failed,
            _program: program,
            folder,
        }
    }
}

/// Debian puts servers where an ordinary user's PATH does not look.
fn found(path: &'static str, name: &'static str) -> &'static str {
    if Path::new(path).exists() { path } else { name }
}

fn folder_of(file: &Path) -> &Path {
    file.parent().expect("a folder")
}
