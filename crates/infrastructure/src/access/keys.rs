//! Keys that verify signatures, each with the one algorithm it may be used with.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;

/// A key and the algorithm it is pinned to.
pub(super) struct VerifyingKey {
    kid: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

/// Why a key of a JWKS is left out.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Unusable {
    #[error("symmetric keys are never taken from a JWKS")]
    Symmetric,
    #[error("not a key that verifies signatures")]
    OtherUse,
    #[error("not an RS256, ES256 (P-256) or EdDSA (Ed25519) public key")]
    Unsupported,
}

impl VerifyingKey {
    pub(super) fn from_secret(secret: &[u8]) -> Self {
        Self {
            kid: None,
            algorithm: Algorithm::HS256,
            key: DecodingKey::from_secret(secret),
        }
    }

    fn from_jwk(jwk: &Jwk) -> Result<Self, Unusable> {
        let algorithm = match &jwk.algorithm {
            AlgorithmParameters::OctetKey(_) => return Err(Unusable::Symmetric),
            AlgorithmParameters::RSA(_) => Algorithm::RS256,
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Algorithm::ES256,
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
            _ => return Err(Unusable::Unsupported),
        };
        let common = &jwk.common;
        if common
            .key_algorithm
            .is_some_and(|named| named != KeyAlgorithm::from(algorithm))
        {
            return Err(Unusable::Unsupported);
        }
        let signs = common
            .public_key_use
            .as_ref()
            .is_none_or(|purpose| *purpose == PublicKeyUse::Signature);
        let verifies = common
            .key_operations
            .as_ref()
            .is_none_or(|all| all.contains(&KeyOperations::Verify));
        if !signs || !verifies {
            return Err(Unusable::OtherUse);
        }
        let key = DecodingKey::from_jwk(jwk).map_err(|_| Unusable::Unsupported)?;
        Ok(Self {
            kid: common.key_id.clone(),
            algorithm,
            key,
        })
    }
}

/// The usable keys of a JWKS.
pub(super) struct KeySet(Vec<VerifyingKey>);

/// Keys are read one by one: one of a kind that came after this code must not take the others away.
#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

impl KeySet {
    /// Fails where the text is no JWKS or none of its keys can be used.
    pub(super) fn from_json(json: &[u8]) -> Result<Self, String> {
        let document: Document =
            serde_json::from_slice(json).map_err(|error| format!("not a JWKS: {error}"))?;
        let total = document.keys.len();
        let mut usable = Vec::with_capacity(total);
        for value in document.keys {
            let key = Jwk::deserialize(value).map_err(|_| Unusable::Unsupported);
            match key
                .as_ref()
                .map_err(|_| Unusable::Unsupported)
                .and_then(VerifyingKey::from_jwk)
            {
                Ok(key) => usable.push(key),
                Err(reason) => {
                    let kid = key.ok().and_then(|key| key.common.key_id);
                    if reason == Unusable::Symmetric {
                        tracing::warn!(
                            kid,
                            "a symmetric key in the JWKS is refused: whoever can read it could sign tokens"
                        );
                    } else {
                        tracing::debug!(kid, %reason, "a key of the JWKS is left out");
                    }
                }
            }
        }
        if usable.is_empty() {
            return Err(format!(
                "none of its {total} keys is an RS256, ES256 or EdDSA public key for signatures"
            ));
        }
        Ok(Self(usable))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn has(&self, kid: &str) -> bool {
        self.0.iter().any(|key| key.kid.as_deref() == Some(kid))
    }

    /// The one key that may have signed a token with this header, if it is certain which.
    ///
    /// The header's algorithm only narrows the choice: the key found is used with its own.
    pub(super) fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&VerifyingKey> {
        let named = kid.is_some_and(|kid| self.has(kid));
        let mut candidates = self.0.iter().filter(|key| {
            let fits = match kid {
                Some(_) if named => key.kid.as_deref() == kid,
                Some(_) => key.kid.is_none(),
                None => true,
            };
            fits && key.algorithm == algorithm
        });
        candidates.next().filter(|_| candidates.next().is_none())
    }
}
