//! An origin that may read answers from a browser: `https://shop.example`, or `*` for any.

use http::HeaderValue;
use serde::{Deserialize, Serialize};
use url::Url;

/// A web origin (scheme, host and port, no path) in the form browsers send it, or `*`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no origin such as \"https://shop.example\"")]
pub struct OriginError(String);

impl Origin {
    pub(super) fn is_any(&self) -> bool {
        self.0 == "*"
    }

    pub(super) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }
}

impl TryFrom<String> for Origin {
    type Error = OriginError;

    /// # Errors
    /// Anything but `*` or an `http`/`https` origin written as browsers write it, for no other text would ever match.
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let canonical = Url::parse(&text).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text
        });
        if text == "*" || canonical {
            Ok(Self(text))
        } else {
            Err(OriginError(text))
        }
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.0
    }
}
