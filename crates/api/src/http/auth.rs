//! Authorisation as a type: a handler that takes `Authorized<CatalogWrite>` cannot run without that scope.

use std::marker::PhantomData;
use std::sync::Arc;

use application::access::{AccessError, Principal, Scope, TokenVerifier};
use axum::extract::{FromRef, FromRequestParts};
use http::header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::problem::Problem;

/// Names the scope an operation asks for, if it asks for one.
pub(crate) trait RequiredScope: Send + Sync + 'static {
    const SCOPE: Option<Scope>;
}

macro_rules! required_scopes {
    ($($name:ident),+ $(,)?) => {$(
        #[derive(Debug)]
        pub(crate) struct $name;

        impl RequiredScope for $name {
            const SCOPE: Option<Scope> = Some(Scope::$name);
        }
    )+};
}

required_scopes!(
    CatalogRead,
    CatalogWrite,
    PricesWrite,
    CatalogPublish,
    CatalogImport,
    CatalogAdmin
);

/// Any token will do, whatever its scopes.
#[derive(Debug)]
pub(crate) struct AnyScope;

impl RequiredScope for AnyScope {
    const SCOPE: Option<Scope> = None;
}

/// The principal of a request, who holds the scope `S`.
#[derive(Debug)]
pub(crate) struct Authorized<S: RequiredScope> {
    pub(crate) principal: Principal,
    scope: PhantomData<S>,
}

impl<S, State> FromRequestParts<State> for Authorized<S>
where
    S: RequiredScope,
    State: Send + Sync,
    Arc<dyn TokenVerifier>: FromRef<State>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        let token = bearer_token(&parts.headers)?;
        let verifier = <Arc<dyn TokenVerifier>>::from_ref(state);
        let principal = verifier.verify(token).await.map_err(|error| refused(&error))?;
        if let Some(scope) = S::SCOPE.filter(|scope| !principal.allows(*scope)) {
            return Err(scope_missing(scope));
        }
        Ok(Self {
            principal,
            scope: PhantomData,
        })
    }
}

impl<S: RequiredScope> Authorized<S> {
    /// Demands a further scope, where what is asked for needs more than the address does.
    pub(crate) fn require(&self, scope: Scope) -> Result<(), Problem> {
        if self.principal.allows(scope) {
            Ok(())
        } else {
            Err(scope_missing(scope))
        }
    }
}

/// The token of the one `Authorization: Bearer` header.
fn bearer_token(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Err(anonymous("send a token as `Authorization: Bearer <token>`"));
    };
    if values.next().is_some() {
        return Err(anonymous("more than one Authorization header"));
    }
    let (scheme, token) = value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(anonymous("the Authorization header is not `Bearer <token>`"));
    }
    Ok(token.trim())
}

/// RFC 6750: whoever sent no token is told of no error, only how to ask.
fn anonymous(detail: &'static str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail).header(
        WWW_AUTHENTICATE,
        HeaderValue::from_static("Bearer realm=\"vitrine\""),
    )
}

fn refused(error: &AccessError) -> Problem {
    let challenge = match error {
        AccessError::KeysUnavailable(_) => {
            tracing::warn!(%error, "a token could not be checked");
            return Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                error.code(),
                "tokens cannot be checked at the moment",
            )
            .header(RETRY_AFTER, HeaderValue::from_static("5"));
        }
        AccessError::Expired => {
            "Bearer realm=\"vitrine\", error=\"invalid_token\", error_description=\"the token has expired\""
        }
        AccessError::Malformed | AccessError::Invalid(_) => {
            "Bearer realm=\"vitrine\", error=\"invalid_token\""
        }
    };
    Problem::new(StatusCode::UNAUTHORIZED, error.code(), error.to_string())
        .header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
}

fn scope_missing(scope: Scope) -> Problem {
    let problem = Problem::new(
        StatusCode::FORBIDDEN,
        "scope_missing",
        format!("the token lacks the scope {scope}"),
    )
    .with("requiredScope", scope.as_str());
    let challenge = format!("Bearer realm=\"vitrine\", error=\"insufficient_scope\", scope=\"{scope}\"");
    match HeaderValue::try_from(challenge) {
        Ok(challenge) => problem.header(WWW_AUTHENTICATE, challenge),
        // No name of a scope can end up here; the header is worth no panic.
        Err(_) => problem,
    }
}

#[cfg(test)]
#[path = "auth_tests.rs"]
mod tests;
