//! The composition root: the only place that knows which adapter stands behind a port.

pub(crate) mod settings;

use std::sync::Arc;

use application::access::{TokenIssuer, TokenVerifier};
use infrastructure::access::{JwtIssuer, JwtVerifier};
use infrastructure::system::{SystemClock, UuidV7};

pub(crate) use infrastructure::access::AuthError;

use settings::Settings;

/// Who checks the tokens of requests. Has to be called within a Tokio runtime.
pub(crate) async fn token_verifier(settings: &Settings) -> Result<Arc<dyn TokenVerifier>, AuthError> {
    Ok(Arc::new(
        JwtVerifier::open(&settings.auth, &settings.data_dir, Arc::new(SystemClock)).await?,
    ))
}

/// Who makes tokens, where it is not an identity provider.
pub(crate) fn token_issuer(settings: &Settings) -> Result<Arc<dyn TokenIssuer>, AuthError> {
    let issuer = JwtIssuer::open(
        &settings.auth,
        &settings.data_dir,
        Arc::new(SystemClock),
        Arc::new(UuidV7),
    )?;
    Ok(Arc::new(issuer))
}
