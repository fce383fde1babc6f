//! From the names by which clients refer to categories to their ids.

use std::collections::{HashMap, HashSet};

use domain::CategoryId;

use super::{CategoryReader, CategoryRef};
use crate::store::StoreError;

/// The id for each reference, `None` where it leads nowhere. Ids and keys take one query each, however many.
pub(crate) async fn resolve(
    reader: &dyn CategoryReader,
    refs: &[CategoryRef],
) -> Result<Vec<Option<CategoryId>>, StoreError> {
    let ids: Vec<_> = refs
        .iter()
        .filter_map(|r| {
            if let CategoryRef::Id(id) = r {
                Some(*id)
            } else {
                None
            }
        })
        .collect();
    let keys: Vec<_> = refs
        .iter()
        .filter_map(|r| {
            if let CategoryRef::Key(k) = r {
                Some(k.clone())
            } else {
                None
            }
        })
        .collect();
    let existing: HashSet<_> = if ids.is_empty() {
        HashSet::new()
    } else {
        reader.existing(&ids).await?.into_iter().collect()
    };
    let by_key: HashMap<_, _> = if keys.is_empty() {
        HashMap::new()
    } else {
        reader
            .by_keys(&keys)
            .await?
            .into_iter()
            .filter_map(|c| Some((c.content.key?, c.id)))
            .collect()
    };
    let mut found = Vec::with_capacity(refs.len());
    for reference in refs {
        found.push(match reference {
            CategoryRef::Id(id) => existing.get(id).copied(),
            CategoryRef::Key(key) => by_key.get(key).copied(),
            CategoryRef::Slug(..) => reader
                .locate(reference)
                .await?
                .and_then(|path| path.last().copied()),
        });
    }
    Ok(found)
}
