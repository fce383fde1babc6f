//! Tokens and keys.

mod issuer;
mod jwks;
mod key_file;
mod support;
mod verifier;
