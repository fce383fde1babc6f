//! Cursors of lists: opaque to clients, and signed, so that what comes back is what went out.

use application::page::{Position, Sort};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::problem::Problem;

/// The first byte; another layout takes another number.
const LAYOUT: u8 = 1;

const MAC_BYTES: usize = 16;

/// Signs cursors; the same for all instances of a fleet.
#[derive(Clone)]
pub(crate) struct CursorKey(Hmac<Sha256>);

/// A digest of the list that a cursor is made for: its name, filters and order.
pub(crate) struct CursorScope([u8; 8]);

impl CursorScope {
    pub(crate) fn new(list: &str, filter: &impl std::fmt::Debug, sort: Sort) -> Self {
        let digest = Sha256::digest(format!("{list}\0{filter:?}\0{sort:?}"));
        let mut scope = [0; 8];
        scope.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        Self(scope)
    }
}

impl CursorKey {
    pub(crate) fn new(secret: &[u8]) -> Option<Self> {
        Hmac::new_from_slice(secret).ok().map(Self)
    }

    pub(crate) fn seal(&self, position: &Position, scope: &CursorScope) -> String {
        let mut bytes = vec![LAYOUT];
        bytes.extend(scope.0);
        bytes.extend(position.id.as_bytes());
        bytes.extend(
            position
                .updated_at
                .map(|t| t.timestamp_micros().to_be_bytes())
                .into_iter()
                .flatten(),
        );
        let mac = self.0.clone().chain_update(&bytes).finalize().into_bytes();
        bytes.extend(mac.into_iter().take(MAC_BYTES));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    pub(crate) fn open(&self, cursor: &str, scope: &CursorScope) -> Result<Position, Problem> {
        let forged = || Problem::bad_request("cursor_invalid", "the cursor was not made by this catalog");
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| forged())?;
        let (signed, mac) = bytes.split_last_chunk::<MAC_BYTES>().ok_or_else(forged)?;
        self.0
            .clone()
            .chain_update(signed)
            .verify_truncated_left(mac)
            .map_err(|_| forged())?;

        let (head, rest) = signed.split_first_chunk::<9>().ok_or_else(forged)?;
        let [layout, made_for @ ..] = head;
        if *layout != LAYOUT {
            return Err(forged());
        }
        if *made_for != scope.0 {
            let detail = "the cursor was made for a list with other filters or another order";
            return Err(Problem::bad_request("cursor_mismatch", detail));
        }
        let (id, time) = rest.split_first_chunk::<16>().ok_or_else(forged)?;
        let updated_at = match <[u8; 8]>::try_from(time) {
            Ok(micros) => {
                Some(DateTime::from_timestamp_micros(i64::from_be_bytes(micros)).ok_or_else(forged)?)
            }
            Err(_) => None,
        };
        Ok(Position {
            updated_at,
            id: Uuid::from_bytes(*id),
        })
    }
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed unwrap is a failed test"
)]
mod tests {
    use application::page::SortField;

    use super::*;

    const SORT: Sort = Sort {
        field: SortField::UpdatedAt,
        descending: false,
    };

    fn code(result: Result<Position, Problem>) -> String {
        result.map_or_else(|problem| format!("{problem:?}"), |_| "accepted".to_owned())
    }

    #[test]
    fn a_cursor_comes_back_as_it_went_out_and_any_other_is_refused() {
        let key = CursorKey::new(b"secret").unwrap();
        let scope = CursorScope::new("products", &"none", SORT);
        for updated_at in [None, Some(DateTime::from_timestamp_micros(-5).unwrap())] {
            let position = Position {
                updated_at,
                id: Uuid::from_u128(7),
            };
            let cursor = key.seal(&position, &scope);
            assert_eq!(key.open(&cursor, &scope).unwrap(), position);

            let other_list = CursorScope::new("products", &"brand", SORT);
            assert!(code(key.open(&cursor, &other_list)).contains("cursor_mismatch"));
            let other_key = CursorKey::new(b"another").unwrap();
            assert!(code(other_key.open(&cursor, &scope)).contains("cursor_invalid"));
            for index in 0..cursor.len() {
                let mut tampered = cursor.clone().into_bytes();
                tampered[index] = if tampered[index] == b'A' { b'B' } else { b'A' };
                let opened = key.open(std::str::from_utf8(&tampered).unwrap(), &scope);
                // The last character carries spare bits; those alone do not change what is signed.
                assert!(opened.is_err() || opened.unwrap() == position, "{index}");
            }
        }
        for garbage in ["", "x", "🧸", "AAAA"] {
            assert!(code(key.open(garbage, &scope)).contains("cursor_invalid"));
        }
    }
}
