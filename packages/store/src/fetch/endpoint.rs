//! Where we may connect: the addresses come from a public chain, so they are not trusted.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Longest endpoint text that is looked at, in bytes.
const MAX_TEXT: usize = 256;

/// What the operator allows and how patient we are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetPolicy {
    /// Development only: plain http to loopback addresses, whoever names them.
    pub allow_http_loopback: bool,
    /// Endpoints the operator wrote down: these may have private addresses, and plain http on loopback.
    pub listed: BTreeSet<String>,
    /// Time to connect.
    pub connect: Duration,
    /// Time without a single byte.
    pub no_progress: Duration,
    /// Slowest acceptable transfer in bytes a second, beyond `no_progress`.
    pub slowest: u64,
}

impl Default for NetPolicy {
    fn default() -> Self {
        Self {
            allow_http_loopback: false,
            listed: BTreeSet::new(),
            connect: Duration::from_secs(3),
            no_progress: Duration::from_secs(10),
            slowest: 32 * 1024,
        }
    }
}

impl NetPolicy {
    /// The default, with plain http on loopback: local networks and tests.
    #[must_use]
    pub fn local() -> Self {
        Self {
            allow_http_loopback: true,
            ..Self::default()
        }
    }

    /// How long a transfer of at most `bytes` may take in all.
    #[must_use]
    pub(crate) fn whole(&self, bytes: usize) -> Duration {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let transfer = bytes.checked_div(self.slowest).unwrap_or(0);
        let waits = self.connect.saturating_add(self.no_progress);
        waits.saturating_add(Duration::from_secs(transfer))
    }
}

/// A checked address of a worker or gateway: scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Endpoint {
    /// Without a slash at the end.
    pub(crate) base: String,
    /// Whether the operator listed it.
    pub(crate) listed: bool,
}

/// Why an endpoint is not asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Not a URL of a host.
    #[error("got the endpoint {0:?}, want https://host or https://host:port and nothing after it")]
    Form(String),
    /// Plain http.
    #[error(
        "got the endpoint {0}, want https (plain http only on loopback, with the development flag or listed)"
    )]
    NotHttps(String),
    /// A private, loopback or otherwise special address.
    #[error(
        "got the endpoint {0} with an address that is not public; list it in the configuration if it is meant"
    )]
    NotPublic(String),
}

impl Endpoint {
    pub(crate) fn parse(text: &str, policy: &NetPolicy) -> Result<Self, EndpointError> {
        let form = || EndpointError::Form(text.chars().take(MAX_TEXT).collect());
        let url = Url::parse(text)
            .ok()
            .filter(|_| text.len() <= MAX_TEXT)
            .ok_or_else(form)?;
        let bare = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
            && matches!(url.path(), "" | "/");
        let host = url.host_str().filter(|_| bare).ok_or_else(form)?;
        let base = url.as_str().trim_end_matches('/').to_owned();
        let listed = policy
            .listed
            .iter()
            .any(|known| known.trim_end_matches('/') == base);
        let loopback = is_loopback(host);
        let allowed = listed || (policy.allow_http_loopback && loopback);
        match url.scheme() {
            "https" => {}
            "http" if loopback && allowed => {}
            "http" => return Err(EndpointError::NotHttps(base)),
            _ => return Err(form()),
        }
        let public = literal(host).is_none_or(is_public);
        if public || allowed {
            return Ok(Self { base, listed });
        }
        Err(EndpointError::NotPublic(base))
    }
}

fn literal(host: &str) -> Option<IpAddr> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok()
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || literal(host).is_some_and(|address| address.is_loopback())
}

/// Whether an address is one that anybody on the internet may serve from.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    let special = v4.is_private()
        || v4.is_loopback()
        || v4.is_link_local()
        || v4.is_multicast()
        || v4.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b)) // carrier NAT, RFC 6598
        || (a == 192 && b == 0 && c == 0) // protocol assignments
        || (a == 198 && (b == 18 || b == 19)); // benchmarks, RFC 2544
    !special
}

/// Global unicast (2000::/3) without the ranges that embed or stand for IPv4 addresses.
fn is_public_v6(v6: Ipv6Addr) -> bool {
    let [first, second, ..] = v6.segments();
    let global = first & 0xe000 == 0x2000;
    let special = first == 0x2002 // 6to4
        || (first == 0x2001 && second < 0x0200) // Teredo and other assignments
        || (first == 0x2001 && second == 0x0db8); // documentation
    global && !special
}

/// Resolves a name and keeps the public addresses only, so that a name on the chain cannot point into
/// the operator's own network, whatever it resolves to at that moment.
#[derive(Debug)]
pub(crate) struct PublicOnly {
    pub(crate) allow_loopback: bool,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_loopback = self.allow_loopback;
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0))
                .await?
                .filter(|found| {
                    is_public(found.ip()) || (allow_loopback && found.ip().is_loopback())
                })
                .collect();
            if found.is_empty() {
                return Err(EndpointError::NotPublic(host).into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
