//! Refusals that are final: whoever is refused so does not try again by itself.

use super::Metrics;
use super::catalog::Catalog;
use super::label::{Label, label};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use std::fmt;

label! {
    /// Why someone was refused for good.
    Refused is "reason" {
        /// A webhook that holds no event.
        NoData = "no_data",
        /// A webhook that is no call: not JSON, or without a handle that can be used.
        Malformed = "malformed",
        /// A webhook of API v1.
        ApiV1 = "api_v1",
        /// A TeXML callback.
        Texml = "texml",
        /// A webhook without the headers of a signature.
        SignatureMissing = "signature_missing",
        /// A webhook whose timestamp is too far from this server's clock.
        SignatureStale = "signature_stale",
        /// A webhook that no public key of its agency fits.
        SignatureWrong = "signature_wrong",
        /// A webhook of an agency without a public key.
        NoPublicKey = "no_public_key",
        /// A webhook of an agency that is not there.
        NoAgency = "no_agency",
        /// No token.
        TokenMissing = "token_missing",
        /// A token that cannot be read, or of an algorithm that is not accepted.
        TokenMalformed = "token_malformed",
        /// A token of a kind for which nothing is configured.
        TokenNotConfigured = "token_not_configured",
        /// A token that is signed with another key.
        TokenSignature = "token_signature",
        /// A token from another issuer.
        TokenIssuer = "token_issuer",
        /// A token that is no signed-in user's.
        TokenUser = "token_user",
        /// A token that has expired, is not valid yet or never expires.
        TokenExpired = "token_expired",
        /// A token of somebody whose second factor has not been shown, or a wrong code.
        SecondFactor = "second_factor",
        /// An address or a password that is wrong.
        Credentials = "credentials",
        /// Too many tries to sign in.
        SignInTooOften = "sign_in_too_often",
        /// A refresh token that nobody has, or whose session is over.
        RefreshToken = "refresh_token",
        /// A refresh token that was used before: its session has ended.
        RefreshReused = "refresh_token_reused",
        /// A link that was used, has run out or never was.
        Link = "link",
        /// A password that is no good, or an address that is not or that somebody has.
        NewAccount = "new_account",
        /// A change that would leave an agency without an owner.
        LastOwner = "last_owner",
        /// A way to sign in that this server does not have.
        NoSuchWay = "no_such_way",
        /// A browser that comes back from an identity provider and has not begun there.
        SignInState = "sign_in_state",
        /// An identity provider that is away, or let nobody through.
        IdentityProvider = "identity_provider",
        /// An identity provider's token that is not to be believed.
        IdentityToken = "identity_token",
        /// Somebody known to the identity provider whom the settings do not let in.
        NotAllowed = "not_allowed",
        /// A user who belongs to no agency.
        NoAgencyUser = "not_an_agency_user",
        /// A user whose role does not allow it.
        Role = "role",
        /// A key for programs that no agency has, or not any more.
        KeyUnknown = "key_unknown",
        /// A key that does not have the right.
        KeyRight = "key_right",
        /// A key that was taken back while it was in use.
        KeyGone = "key_gone",
        /// A page of an origin that is not allowed.
        Origin = "origin",
        /// A path below `/api/telnyx` where there is nothing.
        Path = "path",
        /// A method that the path does not have.
        Method = "method",
        /// A body that is not JSON by its content type.
        ContentType = "content_type",
        /// A body that is too large.
        TooLarge = "too_large",
        /// A request that cannot be understood.
        BadRequest = "bad_request",
        /// No proper upgrade to a WebSocket.
        Upgrade = "upgrade",
        /// A socket that breaks the protocol.
        Protocol = "protocol",
        /// A connection for which there is no file descriptor left.
        Descriptors = "descriptors",
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

pub(super) struct Refusals {
    by_reason: Family<Refused, Counter>,
}

impl Refusals {
    pub(super) fn register(catalog: &mut Catalog) -> Self {
        let help = "Refusals after which nobody tries again by itself, by their reason";
        Self {
            by_reason: catalog.counter_by("refusals", help),
        }
    }
}

impl Metrics {
    /// Someone was refused for good.
    pub fn refused_for(&self, reason: Refused) {
        self.0.refusals.by_reason.get_or_create(&reason).inc();
    }
}
