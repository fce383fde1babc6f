//! Redis over TLS, with authorities, certificates and users of the test's own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use application::cache::CacheStore;
use infrastructure::redis_cache::{RedisCache, RedisOptions, TlsFiles};
use tempfile::TempDir;

use super::eventually;
use super::server::{RedisServer, free_port};

/// An authority and what it signs.
struct Authority {
    folder: TempDir,
}

const NEW_KEY: [&str; 6] = [
    "req",
    "-nodes",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
];

impl Authority {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let of_its_own = [
            "-x509", "-subj", "/CN=test", "-keyout", "ca.key", "-out", "ca.pem",
        ];
        openssl(folder.path(), &[&NEW_KEY[..], &of_its_own].concat());
        Self { folder }
    }

    fn sign(&self, name: &str) {
        let folder = self.folder.path();
        std::fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1\n").unwrap();
        let (key, request, certificate) = (
            format!("{name}.key"),
            format!("{name}.csr"),
            format!("{name}.pem"),
        );
        let asks = ["-subj", "/CN=test", "-keyout", &key, "-out", &request];
        openssl(folder, &[&NEW_KEY[..], &asks].concat());
        let signs = [
            "x509",
            "-req",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-extfile",
            "names",
        ];
        openssl(
            folder,
            &[&signs[..], &["-in", &request, "-out", &certificate]].concat(),
        );
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn path(&self, name: &str) -> String {
        self.file(name).to_str().unwrap().to_owned()
    }
}

fn openssl(folder: &Path, arguments: &[&str]) {
    let done = Command::new("openssl")
        .args(arguments)
        .current_dir(folder)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(done.success(), "openssl {arguments:?}");
}

async fn reaches(url: &str, tls: TlsFiles) -> bool {
    let options = RedisOptions {
        prefix: "test:".to_owned(),
        tls,
        ..RedisOptions::default()
    };
    RedisCache::new(url, &options).unwrap().probe().await.is_ok()
}

#[tokio::test]
async fn authorities_certificates_and_users_are_those_that_are_named() {
    let authority = Authority::new();
    authority.sign("server");
    authority.sign("client");
    let port = free_port().to_string();
    let server = RedisServer::start_with(&[
        "--tls-port",
        &port,
        "--tls-cert-file",
        &authority.path("server.pem"),
        "--tls-key-file",
        &authority.path("server.key"),
        "--tls-ca-cert-file",
        &authority.path("ca.pem"),
        "--tls-auth-clients",
        "yes",
    ])
    .await;
    server.user("shop", &["~test:*", "&test:*", "+@all"]).await;
    let url = |user: &str| format!("rediss://{user}@127.0.0.1:{port}");
    let files = TlsFiles {
        ca: Some(authority.file("ca.pem")),
        identity: Some((authority.file("client.pem"), authority.file("client.key"))),
    };
    eventually("it is reached", || async {
        reaches(&url("shop:secret"), files.clone()).await.then_some(())
    })
    .await;
    assert!(!reaches(&url("shop:wrong"), files.clone()).await);
    let anonymous = TlsFiles {
        identity: None,
        ..files.clone()
    };
    assert!(
        !reaches(&url("shop:secret"), anonymous).await,
        "shows no certificate"
    );
    let trusting = TlsFiles { ca: None, ..files };
    assert!(
        !reaches(&url("shop:secret"), trusting).await,
        "signed by a stranger"
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let tls = TlsFiles {
        ca: Some("/nowhere/ca.pem".into()),
        ..TlsFiles::default()
    };
    let options = RedisOptions {
        tls,
        ..RedisOptions::default()
    };
    let error = RedisCache::new("rediss://h", &options).err().unwrap();
    assert_eq!(error.to_string(), "/nowhere/ca.pem cannot be read");
}
