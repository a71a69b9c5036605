//! Rules of the upgrade: subprotocol, origin, and where a token may be.

use super::link::{refused_with, reply, unexpected};
use super::{Finding, Rule, Target, broken};
use callboard_simulator::browser::{
    Browser, BrowserSettings, Endpoint, Message, SUBPROTOCOL, Socket, Upgrade,
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "the subprotocol callboard.v1 is echoed",
        check: |target| Box::pin(subprotocol_is_echoed(target)),
    },
    Rule {
        name: "callboard.v1 is chosen among several subprotocols",
        check: |target| Box::pin(ours_is_chosen(target)),
    },
    Rule {
        name: "a client that offers no subprotocol is served",
        check: |target| Box::pin(none_offered_is_served(target)),
    },
    Rule {
        name: "offering only other subprotocols is refused with 400",
        check: |target| Box::pin(others_are_refused(target)),
    },
    Rule {
        name: "a token in the query string is refused with 400",
        check: |target| Box::pin(token_in_query(target)),
    },
    Rule {
        name: "the server's own origin is allowed",
        check: |target| Box::pin(own_origin(target)),
    },
    Rule {
        name: "the origin null is refused with 403",
        check: |target| Box::pin(origin_is_refused(target, "null")),
    },
    Rule {
        name: "a foreign origin is refused with 403",
        check: |target| Box::pin(origin_is_refused(target, "https://stranger.invalid")),
    },
    Rule {
        name: "a token in the Authorization header serves for connect",
        check: |target| Box::pin(token_in_header(target)),
    },
];

async fn subprotocol_is_echoed(target: Target) -> Result<(), Finding> {
    chooses_ours(target.upgrade()).await
}

async fn ours_is_chosen(target: Target) -> Result<(), Finding> {
    chooses_ours(Upgrade {
        subprotocols: vec!["stranger.v9".to_owned(), SUBPROTOCOL.to_owned()],
        ..target.upgrade()
    })
    .await
}

async fn chooses_ours(upgrade: Upgrade) -> Result<(), Finding> {
    match Socket::open(&upgrade).await?.subprotocol() {
        Some(SUBPROTOCOL) => Ok(()),
        other => broken(format!("the server chose {other:?}")),
    }
}

async fn none_offered_is_served(target: Target) -> Result<(), Finding> {
    let settings = BrowserSettings {
        subprotocol: None,
        ..BrowserSettings::new(target.url, target.token)
    };
    Browser::connect(settings).await?;
    Ok(())
}

async fn others_are_refused(target: Target) -> Result<(), Finding> {
    let upgrade = Upgrade {
        subprotocols: vec!["stranger.v9".to_owned()],
        ..target.upgrade()
    };
    refused_with(400, &upgrade).await
}

/// Tried with a text that is no token: the real one does not belong in a URL, nor in a proxy's log.
async fn token_in_query(target: Target) -> Result<(), Finding> {
    let endpoint: Endpoint = target.url.parse()?;
    for name in ["token", "access_token"] {
        let upgrade = Upgrade {
            url: format!("{endpoint}?{name}=not-a-token"),
            ..target.upgrade()
        };
        refused_with(400, &upgrade).await?;
    }
    Ok(())
}

async fn own_origin(target: Target) -> Result<(), Finding> {
    let endpoint: Endpoint = target.url.parse()?;
    let scheme = if endpoint.is_tls() { "https" } else { "http" };
    let upgrade = Upgrade {
        origin: Some(format!("{scheme}://{}", endpoint.host_and_port())),
        ..target.upgrade()
    };
    Socket::open(&upgrade).await?;
    Ok(())
}

async fn origin_is_refused(target: Target, origin: &str) -> Result<(), Finding> {
    let upgrade = Upgrade {
        origin: Some(origin.to_owned()),
        ..target.upgrade()
    };
    refused_with(403, &upgrade).await
}

async fn token_in_header(target: Target) -> Result<(), Finding> {
    let upgrade = Upgrade {
        bearer: Some(target.token.clone()),
        ..target.upgrade()
    };
    let mut socket = Socket::open(&upgrade).await?;
    socket.say(r#"{"type":"connect"}"#).await?;
    match reply(&mut socket).await? {
        Message::Snapshot(_) => Ok(()),
        other => unexpected("a snapshot", &other),
    }
}
