//! A server process of its own: this program again, told by its arguments to serve. It takes one
//! order per line and answers each with one line, so that its CPU and memory are the server's alone.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The first argument of a program that is to serve.
const SERVE: &str = "serve-for-a-benchmark";

/// The arguments of a server; none when this is the benchmark itself.
pub fn orders() -> Option<Vec<String>> {
    let mut arguments = env::args().skip(1);
    (arguments.next().as_deref() == Some(SERVE)).then(|| arguments.collect())
}

/// Answers each line that comes, until there are no more.
pub fn obey(mut answer: impl FnMut(&str) -> String) {
    for line in std::io::stdin().lines() {
        let said = answer(&line.expect("a line"));
        if !said.is_empty() {
            println!("{said}");
        }
    }
}

/// A server, seen from the benchmark. It ends when this is dropped.
pub struct Server {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Server {
    pub fn start(arguments: &[&str]) -> Self {
        let program = env::current_exe().expect("this program");
        let mut child = Command::new(program)
            .arg(SERVE)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let orders = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("its answers"));
        Self {
            child,
            orders,
            answers,
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as `kill -9` does.
    pub fn kill(mut self) {
        self.child.kill().expect("a process");
        self.child.wait().expect("its end");
    }

    pub fn tell(&mut self, order: &str) {
        let orders = self.orders.as_mut().expect("a server that listens");
        writeln!(orders, "{order}").expect("a server that lives");
    }

    pub fn hear(&mut self) -> String {
        let mut line = String::new();
        let read = self.answers.read_line(&mut line).expect("an answer");
        assert!(read > 0, "the server has ended");
        line.trim_end().to_owned()
    }

    pub fn ask(&mut self, order: &str) -> String {
        self.tell(order);
        self.hear()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.orders.take());
        let _ = self.child.wait();
    }
}
