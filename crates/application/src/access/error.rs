//! Why a token was not accepted.

/// The codes are part of the HTTP interface; the texts are not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// Not a signed JSON Web Token, or too long to be looked at.
    #[error("the token is not a signed JSON Web Token")]
    Malformed,
    /// A token, but not one to trust; the text says which check failed and holds nothing secret.
    #[error("the token was refused: {0}")]
    Invalid(&'static str),
    /// Valid in every respect but its time.
    #[error("the token has expired")]
    Expired,
    /// The keys cannot be had now; the text is for the log.
    #[error("the keys that tokens are checked with cannot be had: {0}")]
    KeysUnavailable(String),
}

impl AccessError {
    /// The stable code of the problem that clients see.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed | Self::Invalid(_) => "unauthenticated",
            Self::Expired => "token_expired",
            Self::KeysUnavailable(_) => "unavailable",
        }
    }
}
