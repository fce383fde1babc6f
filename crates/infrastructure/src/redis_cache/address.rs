//! Where Redis is, from its URL.

use std::path::PathBuf;

use redis::{
    Client, ClientTlsConfig, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, RedisResult,
    TlsCertificates,
};

use super::RedisCacheError;

const SENTINEL_PORT: u16 = 26379;

/// PEM files for `rediss` URLs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// Who signs the server's certificate; the machine's own authorities where there is none.
    pub ca: Option<PathBuf>,
    /// The certificate and key that this client shows.
    pub identity: Option<(PathBuf, PathBuf)>,
}

impl TlsFiles {
    fn read(&self) -> Result<Option<TlsCertificates>, RedisCacheError> {
        if *self == Self::default() {
            return Ok(None);
        }
        let read = |path: &PathBuf| {
            std::fs::read(path).map_err(|source| RedisCacheError::File {
                path: path.clone(),
                source,
            })
        };
        let client_tls = match &self.identity {
            Some((cert, key)) => Some(ClientTlsConfig {
                client_cert: read(cert)?,
                client_key: read(key)?,
            }),
            None => None,
        };
        let root_cert = self.ca.as_ref().map(read).transpose()?;
        Ok(Some(TlsCertificates {
            client_tls,
            root_cert,
        }))
    }
}

pub(super) enum Address {
    /// `redis://` and `rediss://`.
    Server(ConnectionInfo),
    /// `redis+sentinel://USER:PASSWORD@SENTINEL,SENTINEL/MASTER?db=0&sentinel_username=…&sentinel_password=…`, and the
    /// same with `rediss+sentinel://`.
    Sentinels {
        sentinels: Vec<ConnectionInfo>,
        master: String,
        /// How the master is reached, but for its address.
        like: ConnectionInfo,
    },
    /// `redis+cluster://USER:PASSWORD@NODE,NODE` and the same with `rediss+cluster://`.
    Cluster {
        seeds: Vec<ConnectionInfo>,
        like: ConnectionInfo,
    },
}

impl Address {
    pub(super) fn parse(url: &str, tls: &TlsFiles) -> Result<Self, RedisCacheError> {
        let tls = tls.read()?;
        let info = |url: &str| info(url, tls.as_ref());
        let Some(parts) = Parts::of(url)? else {
            return Ok(Self::Server(info(url)?));
        };
        let first = parts
            .hosts
            .first()
            .ok_or(RedisCacheError::Url("a host is missing"))?;
        let at = |host: &str| format!("{}://{}{host}", parts.scheme, parts.user);
        if parts.is_cluster {
            if !parts.path.is_empty() || parts.has_query {
                return Err(RedisCacheError::Url("a cluster's URL ends with its hosts"));
            }
            let seeds = parts.hosts.iter().map(|host| info(&at(host)));
            return Ok(Self::Cluster {
                seeds: seeds.collect::<RedisResult<_>>()?,
                like: info(&at(first))?,
            });
        }
        if parts.path.is_empty() || parts.path.contains('/') {
            return Err(RedisCacheError::Url(
                "the path names the master that sentinels watch",
            ));
        }
        let sentinel = |host: &&str| -> RedisResult<ConnectionInfo> {
            let info = info(&format!("{}://{}", parts.scheme, with_port(host)))?;
            let mut settings = info.redis_settings().clone();
            if let Some(name) = &parts.sentinel_username {
                settings = settings.set_username(name);
            }
            if let Some(password) = &parts.sentinel_password {
                settings = settings.set_password(password);
            }
            Ok(info.set_redis_settings(settings))
        };
        Ok(Self::Sentinels {
            sentinels: parts.hosts.iter().map(sentinel).collect::<RedisResult<_>>()?,
            master: parts.path.to_owned(),
            like: info(&format!("{}/{}", at(first), parts.db))?,
        })
    }
}

/// What a URL of several hosts says.
struct Parts<'a> {
    scheme: &'a str,
    is_cluster: bool,
    /// Up to and with the `@`; may be empty.
    user: String,
    hosts: Vec<&'a str>,
    path: &'a str,
    has_query: bool,
    db: u16,
    sentinel_username: Option<String>,
    sentinel_password: Option<String>,
}

impl<'a> Parts<'a> {
    /// `None` for a single server's.
    fn of(url: &'a str) -> Result<Option<Self>, RedisCacheError> {
        let (scheme, rest) = url
            .split_once("://")
            .ok_or(RedisCacheError::Url("a scheme is missing"))?;
        let (scheme, is_cluster) = match scheme.split_once('+') {
            Some((scheme @ ("redis" | "rediss"), "sentinel")) => (scheme, false),
            Some((scheme @ ("redis" | "rediss"), "cluster")) => (scheme, true),
            None if matches!(scheme, "redis" | "rediss") => return Ok(None),
            _ => return Err(RedisCacheError::Url("this scheme is unknown")),
        };
        let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = before.split_once('/').unwrap_or((before, ""));
        let (user, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let mut parts = Self {
            scheme,
            is_cluster,
            user: if user.is_empty() {
                String::new()
            } else {
                format!("{user}@")
            },
            hosts: hosts.split(',').collect(),
            path,
            has_query: !query.is_empty(),
            db: 0,
            sentinel_username: None,
            sentinel_password: None,
        };
        if parts.hosts.iter().any(|host| host.is_empty()) {
            return Err(RedisCacheError::Url("a host is missing"));
        }
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "db" => {
                    let db = value.parse();
                    parts.db = db.map_err(|_| RedisCacheError::Url("db is a number"))?;
                }
                "sentinel_username" => parts.sentinel_username = Some(value.into_owned()),
                "sentinel_password" => parts.sentinel_password = Some(value.into_owned()),
                _ => return Err(RedisCacheError::Url("there is a parameter that is unknown")),
            }
        }
        Ok(Some(parts))
    }
}

fn with_port(host: &str) -> String {
    // An IPv6 address stands in brackets.
    let has_port = host.rsplit(']').next().is_some_and(|rest| rest.contains(':'));
    if has_port {
        host.to_owned()
    } else {
        format!("{host}:{SENTINEL_PORT}")
    }
}

fn info(url: &str, tls: Option<&TlsCertificates>) -> RedisResult<ConnectionInfo> {
    match tls {
        Some(tls) if url.starts_with("rediss:") => {
            let client = Client::build_with_tls(url, tls.clone())?;
            Ok(client.get_connection_info().clone())
        }
        _ => url.into_connection_info(),
    }
}

/// The same with another address.
pub(super) fn at(like: &ConnectionInfo, host: String, port: u16) -> ConnectionInfo {
    let addr = match like.addr() {
        ConnectionAddr::TcpTls {
            insecure, tls_params, ..
        } => ConnectionAddr::TcpTls {
            host,
            port,
            insecure: *insecure,
            tls_params: tls_params.clone(),
        },
        _ => ConnectionAddr::Tcp(host, port),
    };
    like.clone().set_addr(addr)
}

pub(super) fn host(info: &ConnectionInfo) -> Option<&str> {
    match info.addr() {
        ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. } => Some(host),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

    use super::*;

    fn parse(url: &str) -> Result<Address, RedisCacheError> {
        Address::parse(url, &TlsFiles::default())
    }

    fn tcp(host: &str, port: u16) -> ConnectionAddr {
        ConnectionAddr::Tcp(host.into(), port)
    }

    #[test]
    fn sentinels_their_master_and_both_kinds_of_credentials_are_read() {
        let url = "redis+sentinel://ann:p%40ss@h1,[::1],h2:5000/shop?db=3&sentinel_password=other";
        let Address::Sentinels {
            sentinels,
            master,
            like,
        } = parse(url).unwrap()
        else {
            panic!("not sentinels")
        };
        let addresses: Vec<_> = sentinels.iter().map(|info| info.addr().clone()).collect();
        assert_eq!(addresses, [tcp("h1", 26379), tcp("::1", 26379), tcp("h2", 5000)]);
        for sentinel in &sentinels {
            let settings = sentinel.redis_settings();
            assert_eq!((settings.username(), settings.password()), (None, Some("other")));
        }
        assert_eq!(master, "shop");
        let moved = at(&like, "h9".into(), 1);
        assert_eq!(moved.addr(), &tcp("h9", 1));
        let settings = moved.redis_settings();
        assert_eq!(
            (settings.username(), settings.password(), settings.db()),
            (Some("ann"), Some("p@ss"), 3)
        );
    }

    #[test]
    fn a_cluster_with_tls_is_read() {
        let Address::Cluster { seeds, like } = parse("rediss+cluster://:word@h1,h2:7001").unwrap() else {
            panic!("not a cluster")
        };
        assert_eq!(seeds.len(), 2);
        let ConnectionAddr::TcpTls { host, port, .. } = at(&like, "h9".into(), 7).addr().clone() else {
            panic!("without TLS")
        };
        assert_eq!((host.as_str(), port), ("h9", 7));
        assert_eq!(like.redis_settings().password(), Some("word"));
    }

    #[test]
    fn what_is_missing_or_too_much_is_refused() {
        for url in [
            "redis",
            "http://h",
            "redis+sentinel://h1",
            "redis+sentinel:///shop",
            "redis+sentinel://h1,/shop",
            "redis+sentinel://h1/shop/2",
            "redis+sentinel://h1/shop?dbs=1",
            "redis+sentinel://h1/shop?db=x",
            "redis+cluster://h1/0",
            "redis+cluster://h1?db=1",
            "http+cluster://h1",
        ] {
            assert!(parse(url).is_err(), "{url}");
        }
        assert!(matches!(parse("redis://h1/2"), Ok(Address::Server(_))));
    }
}
