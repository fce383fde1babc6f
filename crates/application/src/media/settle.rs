//! From the files that clients name to the files that there are.

use std::collections::{BTreeSet, HashMap};

use domain::MediaId;
use domain::value::{Digest, Media, MediaSource};

use crate::fault::{Fault, Faults};
use crate::store::{CatalogStore, StoreError};

/// Files that were looked for: those that are missing here do not exist.
#[derive(Debug, Default)]
pub(crate) struct Settled(HashMap<MediaId, Digest>);

impl Settled {
    /// Looks for all files of a set: one query, and none for none.
    pub(crate) async fn find(store: &dyn CatalogStore, named: BTreeSet<MediaId>) -> Result<Self, StoreError> {
        if named.is_empty() {
            return Ok(Self::default());
        }
        let named: Vec<_> = named.into_iter().collect();
        Ok(Self(store.media_digests(&named).await?.into_iter().collect()))
    }

    /// Puts the files in place; a fault for each that does not exist. `at` points to the list of media.
    pub(crate) fn apply(&self, at: &str, media: &mut [Media]) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (index, media) in media.iter_mut().enumerate() {
            let Some(id) = name(media) else { continue };
            match self.0.get(&id) {
                Some(digest) => media.settle(*digest),
                None => faults.push(Fault::new(
                    format!("{at}/{index}/mediaId"),
                    "reference_not_found",
                    "there is no such file",
                )),
            }
        }
        faults
    }
}

/// The files that media name and that are still to be looked for.
pub(crate) fn named<'a>(media: impl IntoIterator<Item = &'a Media>) -> BTreeSet<MediaId> {
    media.into_iter().filter_map(name).collect()
}

fn name(media: &Media) -> Option<MediaId> {
    match media.source() {
        MediaSource::Named(id) => Some(*id),
        MediaSource::Web(_) | MediaSource::File(..) => None,
    }
}

/// Settles the media of one resource, which stand at `/media`. Adds to `faults`.
pub(crate) async fn settle(
    store: &dyn CatalogStore,
    media: &mut [Media],
    faults: &mut Faults,
) -> Result<(), StoreError> {
    let settled = Settled::find(store, named(media.iter())).await?;
    faults.extend(settled.apply("/media", media));
    Ok(())
}
