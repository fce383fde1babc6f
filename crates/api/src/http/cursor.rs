//! Cursors of lists: opaque to clients, and signed, so that what comes back is what went out.

use application::page::{Position, Sort, SortField};
use application::search::{Place, Value};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use domain::ProductId;
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

/// The list that a cursor is made for: a digest of its name, filters and order, and what it is sorted by.
pub(crate) struct CursorScope([u8; 8], SortField);

impl CursorScope {
    pub(crate) fn new(list: &str, filter: &impl std::fmt::Debug, sort: Sort) -> Self {
        Self(digest(&format!("{list}\0{filter:?}\0{sort:?}")), sort.field)
    }
}

fn forged() -> Problem {
    Problem::bad_request("cursor_invalid", "the cursor was not made by this catalog")
}

/// A digest of what a cursor is made for.
fn digest(scope: &str) -> [u8; 8] {
    let mut digest = [0; 8];
    digest
        .iter_mut()
        .zip(Sha256::digest(scope))
        .for_each(|(to, from)| *to = from);
    digest
}

impl CursorKey {
    pub(crate) fn new(secret: &[u8]) -> Option<Self> {
        Hmac::new_from_slice(secret).ok().map(Self)
    }

    pub(crate) fn seal(&self, position: &Position, scope: &CursorScope) -> String {
        let mut bytes = position.id.as_bytes().to_vec();
        // What the list is sorted by, where that is not the id alone.
        let number = match position.updated_at {
            Some(time) => Some(time.timestamp_micros()),
            None => position.rank.map(i64::from),
        };
        bytes.extend(number.map(i64::to_be_bytes).into_iter().flatten());
        self.sign(&bytes, scope.0)
    }

    /// A place among the hits of the search that `scope` tells of.
    pub(crate) fn seal_place(&self, place: &Place, scope: &str) -> String {
        let values = place.values.iter().map(|value| match value {
            None => serde_json::Value::Null,
            Some(Value::Number(number)) => (*number).into(),
            Some(Value::Text(text)) => text.as_str().into(),
        });
        let values: Vec<_> = values.collect();
        let text = serde_json::json!([place.id.uuid(), values]).to_string();
        self.sign(text.as_bytes(), digest(scope))
    }

    pub(crate) fn open_place(&self, cursor: &str, scope: &str) -> Result<Place, Problem> {
        let bytes = self.verify(cursor, digest(scope))?;
        let (id, values): (Uuid, Vec<serde_json::Value>) =
            serde_json::from_slice(&bytes).map_err(|_| forged())?;
        let values = values.into_iter().map(|value| match value {
            serde_json::Value::String(text) => Some(Value::Text(text)),
            other => other.as_i64().map(Value::Number),
        });
        Ok(Place {
            values: values.collect(),
            id: ProductId::new(id),
        })
    }

    fn sign(&self, content: &[u8], made_for: [u8; 8]) -> String {
        let mut bytes = vec![LAYOUT];
        bytes.extend(made_for);
        bytes.extend(content);
        let mac = self.0.clone().chain_update(&bytes).finalize().into_bytes();
        bytes.extend(mac.into_iter().take(MAC_BYTES));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What was signed.
    fn verify(&self, cursor: &str, made_for: [u8; 8]) -> Result<Vec<u8>, Problem> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| forged())?;
        let (signed, mac) = bytes.split_last_chunk::<MAC_BYTES>().ok_or_else(forged)?;
        self.0
            .clone()
            .chain_update(signed)
            .verify_truncated_left(mac)
            .map_err(|_| forged())?;

        let (head, rest) = signed.split_first_chunk::<9>().ok_or_else(forged)?;
        let [layout, of @ ..] = head;
        if *layout != LAYOUT {
            return Err(forged());
        }
        if *of != made_for {
            let detail = "the cursor was made for a list with other filters or another order";
            return Err(Problem::bad_request("cursor_mismatch", detail));
        }
        Ok(rest.to_vec())
    }

    pub(crate) fn open(&self, cursor: &str, scope: &CursorScope) -> Result<Position, Problem> {
        let bytes = self.verify(cursor, scope.0)?;
        let (id, number) = bytes.split_first_chunk::<16>().ok_or_else(forged)?;
        let number = <[u8; 8]>::try_from(number).ok().map(i64::from_be_bytes);
        let mut position = Position {
            updated_at: None,
            rank: None,
            id: Uuid::from_bytes(*id),
        };
        match (scope.1, number) {
            (SortField::UpdatedAt, Some(micros)) => {
                let time = DateTime::from_timestamp_micros(micros).ok_or_else(forged)?;
                position.updated_at = Some(time);
            }
            (SortField::Position, Some(rank)) => {
                position.rank = Some(u32::try_from(rank).map_err(|_| forged())?);
            }
            (_, None) | (SortField::Id, Some(_)) => {}
        }
        Ok(position)
    }
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed unwrap is a failed test"
)]
mod tests {
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
        let time = DateTime::from_timestamp_micros(-5).unwrap();
        let by = |field, updated_at, rank| {
            let id = Uuid::from_u128(7);
            (Sort { field, ..SORT }, Position { updated_at, rank, id })
        };
        for (sort, position) in [
            by(SortField::Id, None, None),
            by(SortField::UpdatedAt, Some(time), None),
            by(SortField::Position, None, Some(u32::MAX)),
        ] {
            let scope = CursorScope::new("products", &"none", sort);
            let cursor = key.seal(&position, &scope);
            assert_eq!(key.open(&cursor, &scope).unwrap(), position);

            let other_list = CursorScope::new("products", &"brand", sort);
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
        let scope = CursorScope::new("products", &"none", SORT);
        for garbage in ["", "x", "🧸", "AAAA"] {
            assert!(code(key.open(garbage, &scope)).contains("cursor_invalid"));
        }
    }
}
