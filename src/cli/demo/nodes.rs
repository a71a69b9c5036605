//! Several servers on one PostgreSQL behind a balancer: any of them may be killed, by a key or from
//! outside, and comes back after some seconds.

use super::DemoError;
use super::balancer::{Balancer, balance};
use super::folder::Folder;
use super::identity::Identity;
use super::keys::Keys;
use super::port::{listen, port_of};
use super::server::{Server, Setting};
use crate::cli::args::DemoArgs;
use crate::clock::{Clock, Tick};
use crate::config::{Config, DatabaseUrl};
use futures_util::future::select_all;
use std::net::TcpListener;
use std::process::ExitStatus;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How long a node that died stays away.
const AWAY: Duration = Duration::from_secs(4);
/// How long they may take to be ready on a slow machine.
const UP: Duration = Duration::from_secs(60);

/// Running nodes; they die with this.
pub(super) struct Nodes {
    servers: Vec<Server>,
    balancer: Balancer,
    clock: Clock,
}

/// What the nodes have in common.
pub(super) struct Cluster<'a> {
    pub(super) args: &'a DemoArgs,
    pub(super) folder: &'a Folder,
    pub(super) config: &'a Config,
    pub(super) identity: &'a Identity,
}

/// Refuses what several nodes cannot share.
pub(super) fn must_be_shared(args: &DemoArgs, database: &DatabaseUrl) -> Result<(), DemoError> {
    match database {
        DatabaseUrl::Sqlite { .. } if args.nodes > 1 => Err(DemoError::OneNodeOnly),
        _ => Ok(()),
    }
}

impl Cluster<'_> {
    /// Servers that have not been started, each on a free port near the demo's.
    pub(super) fn servers(&self) -> Result<(Vec<Server>, Vec<u16>), DemoError> {
        let mut taken = Vec::new();
        let mut after = self.config.listener.port;
        for _ in 0..self.args.nodes {
            let listener = listen(after.saturating_add(1))?;
            after = port_of(&listener)?;
            // Held until all are found: each server binds its own, again after each death.
            taken.push((listener, after));
        }
        let ports: Vec<u16> = taken.iter().map(|(_, port)| *port).collect();
        let servers = (1..).zip(&ports).map(|(number, port)| {
            let setting = Setting {
                port: *port,
                log: self.folder.node_log(number),
            };
            Server::new(self.args, self.folder, self.config, self.identity, setting)
        });
        let servers = servers.collect::<Result<_, _>>()?;
        Ok((servers, ports))
    }

    /// Starts them, and a balancer that has the demo's own port.
    pub(super) async fn open(
        &self,
        listener: TcpListener,
        clock: &Clock,
    ) -> Result<Nodes, DemoError> {
        let (mut servers, ports) = self.servers()?;
        for server in &mut servers {
            server.start()?;
        }
        let balancer = balance(listener, ports, self.config.listener.port, clock)?;
        let mut nodes = Nodes {
            servers,
            balancer,
            clock: clock.clone(),
        };
        nodes.are_ready().await?;
        Ok(nodes)
    }
}

impl Nodes {
    async fn are_ready(&mut self) -> Result<(), DemoError> {
        let mut ready = self.balancer.ready();
        tokio::select! {
            _ = ready.wait_for(|ready| ready.iter().all(|ready| *ready)) => return Ok(()),
            _ = any_dies(&mut self.servers) => {}
            () = self.clock.sleep(UP) => {}
        }
        let ready = self.balancer.ready().borrow().clone();
        let late = self.servers.iter().zip(ready).find(|(_, ready)| !ready);
        match late {
            Some((server, _)) => Err(server.failed("is not ready".to_owned())),
            None => Ok(()),
        }
    }

    /// Who they are, for whoever wants to kill one.
    pub(super) fn processes(&self) -> Vec<u32> {
        self.servers.iter().filter_map(Server::process).collect()
    }

    /// Kills whose key is pressed and brings back whoever died, until `stop`; says what happens.
    pub(super) async fn keep(
        mut self,
        mut keys: Option<Keys>,
        says: mpsc::Sender<String>,
        stop: CancellationToken,
    ) -> Self {
        let mut ready = self.balancer.ready();
        ready.mark_changed();
        let mut back: Vec<Option<Tick>> = vec![None; self.servers.len()];
        loop {
            let due = back.iter().flatten().min().copied();
            let said = tokio::select! {
                () = stop.cancelled() => return self,
                pressed = next_key(&mut keys) => match self.place_of(pressed) {
                    Some(node) => self.kill(node, &mut back).await,
                    None => continue,
                },
                (node, status) = any_dies(&mut self.servers) => self.died(node, status, &mut back),
                () = until(&self.clock, due) => self.bring_back(&mut back),
                Ok(()) = ready.changed() => self.states(),
            };
            // At the end nobody prints any more.
            let _ = says.send(said).await;
        }
    }

    /// The node whose key that is.
    fn place_of(&self, key: char) -> Option<usize> {
        let number = usize::try_from(key.to_digit(10)?).ok()?;
        let node = number.checked_sub(1)?;
        self.servers
            .get(node)
            .filter(|server| server.is_started())?;
        Some(node)
    }

    async fn kill(&mut self, node: usize, back: &mut [Option<Tick>]) -> String {
        let number = node + 1;
        if let Some(server) = self.servers.get_mut(node)
            && let Err(error) = server.kill().await
        {
            return error.to_string();
        }
        self.is_away(node, back);
        format!("Node {number} is killed with -9: {}", self.states())
    }

    fn died(&mut self, node: usize, status: ExitStatus, back: &mut [Option<Tick>]) -> String {
        self.is_away(node, back);
        let number = node + 1;
        format!("Node {number} has died ({status}): {}", self.states())
    }

    fn is_away(&mut self, node: usize, back: &mut [Option<Tick>]) {
        self.balancer.is_down(node);
        if let Some(back) = back.get_mut(node) {
            *back = Some(self.clock.tick().plus(AWAY));
        }
    }

    fn bring_back(&mut self, back: &mut [Option<Tick>]) -> String {
        let now = self.clock.tick();
        for (server, back) in self.servers.iter_mut().zip(back) {
            if back.is_some_and(|due| due <= now) {
                *back = None;
                if let Err(error) = server.start() {
                    return error.to_string();
                }
            }
        }
        self.states()
    }

    /// Each node's state, in a line.
    fn states(&self) -> String {
        let ready = self.balancer.ready();
        let ready = ready.borrow();
        let states = (1..).zip(&self.servers).zip(ready.iter());
        let states = states.map(
            |((number, server), ready)| match (server.process(), ready) {
                (Some(process), true) => format!("{number} lives (process {process})"),
                (Some(_), false) => format!("{number} starts"),
                (None, _) => format!("{number} is dead"),
            },
        );
        let states: Vec<String> = states.collect();
        format!("nodes: {}", states.join(", "))
    }

    /// Tells them to stop, and waits for it.
    pub(super) async fn end(mut self) {
        for server in &self.servers {
            server.is_told_to_stop();
        }
        for server in &mut self.servers {
            server.has_ended().await;
        }
    }
}

async fn next_key(keys: &mut Option<Keys>) -> char {
    if let Some(keys) = keys
        && let Some(key) = keys.pressed.recv().await
    {
        return key;
    }
    std::future::pending().await
}

async fn until(clock: &Clock, due: Option<Tick>) {
    match due {
        Some(due) => clock.until(due).await,
        None => std::future::pending().await,
    }
}

/// The next of them that ends without having been killed by us.
async fn any_dies(servers: &mut [Server]) -> (usize, ExitStatus) {
    let ends = servers.iter_mut().map(|server| Box::pin(server.dies()));
    let (status, node, _) = select_all(ends).await;
    (node, status)
}
