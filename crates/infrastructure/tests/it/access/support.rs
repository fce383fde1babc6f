//! Keys made for the test, tokens signed with them, and a server that hands the public ones out.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use application::Clock;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use infrastructure::access::{AuthSettings, JwtVerifier, RefreshPace};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// 2026-01-01T00:00:00Z.
pub(crate) const NOW: i64 = 1_767_225_600;

pub(crate) const SECRET: &str = "test-only secret of more than thirty-two bytes";

/// A clock that stands still.
pub(crate) struct Stopped(pub(crate) i64);

impl Clock for Stopped {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.0, 0).unwrap()
    }
}

/// A private key that lives for one test.
pub(crate) struct TestKey {
    pub(crate) kid: &'static str,
    pub(crate) algorithm: Algorithm,
    pub(crate) private: EncodingKey,
}

impl TestKey {
    pub(crate) fn new(kid: &'static str, algorithm: Algorithm) -> Self {
        let random = SystemRandom::new();
        let private = match algorithm {
            Algorithm::RS256 => {
                let der: Pkcs8V1Der<'_> = KeyPair::generate(KeySize::Rsa2048).unwrap().as_der().unwrap();
                // The library reads PKCS #8 from PEM only.
                let base64 = STANDARD.encode(der.as_ref());
                let pem = format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n");
                EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap()
            }
            Algorithm::ES256 => {
                let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
                EncodingKey::from_ec_der(pkcs8.as_ref())
            }
            Algorithm::EdDSA => {
                EncodingKey::from_ed_der(Ed25519KeyPair::generate_pkcs8v1(&random).unwrap().as_ref())
            }
            other => panic!("no test key for {other:?}"),
        };
        Self {
            kid,
            algorithm,
            private,
        }
    }

    pub(crate) fn jwk(&self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.private, self.algorithm).unwrap();
        jwk.common.key_id = Some(self.kid.to_owned());
        serde_json::to_value(jwk).unwrap()
    }

    pub(crate) fn token(&self, claims: &Value) -> String {
        self.token_as(Some(self.kid), claims)
    }

    pub(crate) fn token_as(&self, kid: Option<&str>, claims: &Value) -> String {
        let mut header = Header::new(self.algorithm);
        header.kid = kid.map(str::to_owned);
        jsonwebtoken::encode(&header, claims, &self.private).unwrap()
    }
}

pub(crate) fn jwks(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

/// Claims that pass, changed by `change`; a null takes a claim away.
pub(crate) fn claims(change: &Value) -> Value {
    let mut claims = json!({
        "iss": "https://id.example", "aud": "catalog", "sub": "ann", "exp": NOW + 600, "nbf": NOW, "scope": "catalog:read",
    });
    for (name, value) in change.as_object().unwrap().clone() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(&name);
        } else {
            claims[name] = value;
        }
    }
    claims
}

pub(crate) fn hs256(secret: &str, claims: &Value) -> String {
    jsonwebtoken::encode(
        &Header::new(Algorithm::HS256),
        claims,
        &EncodingKey::from_secret(secret.as_bytes()),
    )
    .unwrap()
}

pub(crate) fn settings(jwks: Option<&str>, secret: Option<&str>) -> AuthSettings {
    AuthSettings {
        jwks: jwks.map(str::to_owned),
        hs256_secret: secret.map(Into::into),
        issuer: Some("https://id.example".to_owned()),
        audience: Some("catalog".to_owned()),
    }
}

/// Fetches again for every token with an unknown key, and hardly ever in the background.
pub(crate) const EAGER: RefreshPace = RefreshPace {
    every: Duration::from_hours(1),
    at_most_every: Duration::from_millis(1),
};

pub(crate) async fn verifier(settings: &AuthSettings, pace: RefreshPace) -> JwtVerifier {
    let nowhere = std::path::Path::new("/nonexistent");
    JwtVerifier::open_with_pace(settings, nowhere, Arc::new(Stopped(NOW)), pace)
        .await
        .unwrap()
}

/// A web server with one page.
pub(crate) struct JwksServer {
    pub(crate) address: SocketAddr,
    pub(crate) requests: Arc<AtomicUsize>,
    page: Arc<Mutex<(&'static str, String)>>,
    task: JoinHandle<()>,
}

impl JwksServer {
    pub(crate) async fn start(body: String) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), body).await
    }

    pub(crate) async fn start_at(address: SocketAddr, body: String) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let page = Arc::new(Mutex::new(("200 OK", body)));
        let requests = Arc::new(AtomicUsize::new(0));
        let (served, count) = (Arc::clone(&page), Arc::clone(&requests));
        let task = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    request.push(stream.read_u8().await.unwrap());
                }
                let (status, body) = served.lock().unwrap().clone();
                let answer = format!(
                    "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self {
            address,
            requests,
            page,
            task,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/jwks.json", self.address)
    }

    pub(crate) fn serve(&self, body: String) {
        *self.page.lock().unwrap() = ("200 OK", body);
    }

    pub(crate) fn fail(&self, body: String) {
        *self.page.lock().unwrap() = ("500 Broken", body);
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// Takes the server off the network.
    pub(crate) async fn stop(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

/// Asks until the answer is yes; fails after five seconds.
pub(crate) async fn eventually<F: Future<Output = bool>>(mut holds: impl FnMut() -> F) {
    tokio::time::timeout(Duration::from_secs(5), async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("it did not come true within 5 s");
}
