//! Reaching PostgreSQL with the certainty that its URL asks for.
//!
//! tokio-postgres knows disable, prefer and require; who checks the certificate, and against what,
//! is decided here, as libpq does: `verify-ca` checks the chain, `verify-full` the name too, and
//! `require` with a root certificate checks the chain as well.

use super::hosts;
use super::overheard::{Listening, Overheard};
use crate::config::{PostgresUrl, TlsMode};
use diesel_async::AsyncPgConnection;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore,
    SignatureScheme,
};
use std::path::Path;
use std::sync::Arc;
use tokio_postgres::config::{Host, SslMode, SslNegotiation};
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Connects to the server of `url`, and listens for the codes of its errors.
///
/// # Errors
/// Says, without the password, why not.
pub(super) async fn connect(url: &PostgresUrl) -> Result<(AsyncPgConnection, Overheard), String> {
    let codes = Overheard::default();
    let tls = match url.tls {
        TlsMode::Disable => None,
        _ if url.config.get_hosts().iter().all(is_file)
            && url.config.get_hostaddrs().is_empty() =>
        {
            None
        }
        _ => Some(MakeRustlsConnect::new(client_config(url)?)),
    };
    let required = !matches!(url.tls, TlsMode::Disable | TlsMode::Prefer);
    let connect = |config: Config| {
        let listening = Listening {
            tls: tls.clone(),
            required,
            codes: codes.clone(),
        };
        connect_to(config, listening)
    };
    let connection = hosts::reach(&url.config, connect, |_| false).await?;
    Ok((connection, codes))
}

fn is_file(host: &Host) -> bool {
    matches!(host, Host::Unix(_))
}

/// Connects to one server.
async fn connect_to(mut config: Config, listening: Listening) -> Result<AsyncPgConnection, String> {
    if config.get_hosts().is_empty() {
        // An address alone is its own name.
        for address in config.get_hostaddrs().to_vec() {
            config.host(address.to_string());
        }
    }
    let connected = if config.get_hosts().iter().all(is_file) {
        // There is no TLS on a socket file, and so no place to listen: of the errors on it only
        // those are known that diesel names.
        let (client, connection) = config
            .ssl_mode(SslMode::Disable)
            .connect(NoTls)
            .await
            .map_err(deepest)?;
        AsyncPgConnection::try_from_client_and_connection(client, connection).await
    } else {
        let (client, connection) = config
            .ssl_mode(SslMode::Require)
            .ssl_negotiation(SslNegotiation::Direct)
            .connect(listening)
            .await
            .map_err(deepest)?;
        AsyncPgConnection::try_from_client_and_connection(client, connection).await
    };
    connected.map_err(|error| error.to_string())
}

/// tokio-postgres says "error connecting to server" and keeps the reason to itself.
fn deepest(error: tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

pub(super) fn client_config(url: &PostgresUrl) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let checks_chain = match url.tls {
        TlsMode::VerifyCa | TlsMode::VerifyFull => true,
        TlsMode::Require => url.root_cert.is_some(),
        TlsMode::Disable | TlsMode::Prefer => false,
    };
    let verifier: Arc<dyn ServerCertVerifier> = if checks_chain {
        let chain: Arc<dyn ServerCertVerifier> = match &url.root_cert {
            Some(path) => WebPkiServerVerifier::builder_with_provider(
                Arc::new(read_roots(path)?),
                Arc::clone(&provider),
            )
            .build()
            .map_err(|error| error.to_string())?,
            None => Arc::new(
                rustls_platform_verifier::Verifier::new(Arc::clone(&provider))
                    .map_err(|error| error.to_string())?,
            ),
        };
        let any_name = url.tls != TlsMode::VerifyFull;
        Arc::new(Lenient {
            chain: Some(chain),
            any_name,
            provider,
        })
    } else {
        Arc::new(Lenient {
            chain: None,
            any_name: true,
            provider,
        })
    };
    Ok(builder
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth())
}

/// The authorities in a PEM file.
///
/// # Errors
/// Says what is wrong with it.
pub(crate) fn read_roots(path: &Path) -> Result<RootCertStore, String> {
    let unreadable = |why: String| {
        format!(
            "sslrootcert: {} cannot be used: {why}; give a PEM file of certificates",
            path.display()
        )
    };
    let pem = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| unreadable(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unreadable("it holds no certificate".into()));
    }
    Ok(roots)
}

/// Checks as much as the mode asks for: the chain or nothing of it, with the name or without.
#[derive(Debug)]
struct Lenient {
    chain: Option<Arc<dyn ServerCertVerifier>>,
    any_name: bool,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let Some(chain) = &self.chain else {
            return Ok(ServerCertVerified::assertion());
        };
        let verdict =
            chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match verdict {
            // The name is checked last, so this error means that the chain is good.
            Err(TlsError::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.any_name => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
