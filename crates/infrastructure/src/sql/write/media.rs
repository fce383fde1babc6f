//! Uploaded files in a commit, and which resources show them.
//!
//! Invariant: `media_uses` has a row for every file that a stored resource shows. A deleted resource keeps its rows: it
//! may come back, and then has its pictures.

use std::collections::BTreeSet;

use application::store::{Changes, ConflictRule, StoreError};
use domain::Change;
use domain::category::CategoryState;
use domain::media::MediaState;
use domain::product::{ProductState, VariantState};
use domain::value::Media;
use serde::Serialize;
use uuid::Uuid;

use super::batch::{Batch, Id, Identified, ids};
use super::{Writer, insert};
use crate::rows::{Instant, MediaFileDoc};
use crate::sql::Failure;
use crate::sql::dialect::{IDS, Kind};

const COLUMNS: &[(&str, Kind)] = &[
    ("id", Kind::Uuid),
    ("sha256", Kind::Text),
    ("data", Kind::Json),
    ("created_at", Kind::Time),
    ("updated_at", Kind::Time),
];
const DESCRIBED_COLUMNS: &[(&str, Kind)] = &[
    ("id", Kind::Uuid),
    ("updated_at", Kind::Time),
    ("data", Kind::Json),
    ("previous", Kind::Time),
];
const USE_COLUMNS: &[(&str, Kind)] = &[("media_id", Kind::Uuid), ("owner", Kind::Uuid)];

#[derive(Debug, Serialize)]
struct MediaRow {
    id: Uuid,
    sha256: String,
    data: MediaFileDoc,
    created_at: Instant,
    updated_at: Instant,
}

/// A file of which something else is said.
#[derive(Debug, Serialize)]
struct DescribedRow {
    id: Uuid,
    updated_at: Instant,
    data: MediaFileDoc,
    /// The file is at the version that was loaded as long as it was last changed when that was.
    previous: Option<Instant>,
}

impl Identified for DescribedRow {
    fn id(&self) -> Uuid {
        self.id
    }
}

#[derive(Debug, Serialize)]
struct UseRow {
    media_id: Uuid,
    owner: Uuid,
}

impl Identified for Id {
    fn id(&self) -> Uuid {
        self.id
    }
}

#[derive(Debug, Default)]
pub(super) struct Plan {
    files: Batch<MediaRow>,
    described: Batch<DescribedRow>,
    deleted: Batch<Id>,
    /// Resources that showed other files before.
    uses_to_clear: Batch<Id>,
    uses: Batch<UseRow>,
    /// Files that must be there at the commit.
    shown: Batch<Id>,
}

impl Plan {
    pub(super) fn new(changes: &Changes) -> Self {
        let mut uses = Uses::default();
        for change in &changes.categories {
            uses.note(change, change.after.id.uuid(), of_category);
        }
        for change in &changes.products {
            uses.note(change, change.after.id.uuid(), of_product);
        }
        for change in &changes.variants {
            uses.note(change, change.after.id.uuid(), of_variant);
        }
        let (gone, new): (Vec<_>, Vec<_>) = changes
            .media
            .iter()
            .partition(|change| change.after.record.deleted_at.is_some());
        let (new, known): (Vec<_>, Vec<_>) = new.into_iter().partition(|change| change.before.is_none());
        Self {
            described: known.into_iter().map(described).collect(),
            files: new.into_iter().map(|change| row(&change.after)).collect(),
            deleted: ids(gone.into_iter().map(|change| change.after.id.uuid())),
            uses_to_clear: ids(uses.changed),
            shown: ids(uses.rows.iter().map(|row| row.media_id)),
            uses: uses.rows.into_iter().collect(),
        }
    }

    pub(super) async fn write(&self, tx: &mut Writer<'_>) -> Result<(), Failure> {
        let dialect = tx.dialect;
        let batch = dialect.batch(IDS);
        tx.execute(&self.files, insert(dialect, "media", COLUMNS)).await?;

        let describe = format!(
            "with {} update media set data = r.data, updated_at = r.updated_at from r \
             where media.id = r.id and media.updated_at = r.previous returning cast(media.id as text)",
            dialect.batch(DESCRIBED_COLUMNS)
        );
        tx.update("media", &self.described, describe).await?;

        let forget = format!("with {batch} delete from media_uses where owner in (select id from r)");
        tx.execute(&self.uses_to_clear, forget).await?;
        // A file that is being deleted is waited for, and then is not there.
        let there = format!(
            "with {batch} select cast(m.id as text) from media m where m.id in (select id from r) order by m.id{}",
            dialect.locking(" for key share of m"),
        );
        if tx.fetch(&self.shown, there).await?.len() != self.shown.iter().count() {
            return Err(StoreError::ReferenceGone.into());
        }
        tx.execute(&self.uses, insert(dialect, "media_uses", USE_COLUMNS))
            .await?;

        // Likewise a resource that is about to show the file is waited for, and then seen.
        let lock = format!(
            "with {batch} select cast(m.id as text) from media m where m.id in (select id from r) order by m.id{}",
            dialect.locking(" for update of m"),
        );
        tx.fetch(&self.deleted, lock).await?;
        let shown = format!(
            "with {batch} select cast(r.id as text) from r where \
             exists (select 1 from media_uses u where u.media_id = r.id) \
             or exists (select 1 from published_media p where p.media_id = r.id) limit 1"
        );
        tx.forbid(ConflictRule::MediaReferenced, &self.deleted, shown)
            .await?;
        let delete = format!(
            "with {batch} delete from media where id in (select id from r) returning cast(id as text)"
        );
        tx.update("media", &self.deleted, delete).await
    }
}

/// The files that resources show, where that changes.
#[derive(Default)]
struct Uses {
    changed: Vec<Uuid>,
    rows: Vec<UseRow>,
}

impl Uses {
    fn note<S>(&mut self, change: &Change<S>, owner: Uuid, shown: fn(&S) -> BTreeSet<Uuid>) {
        let before = change.before.as_ref().map(shown).unwrap_or_default();
        let after = shown(&change.after);
        if before == after {
            return;
        }
        self.changed.extend((!before.is_empty()).then_some(owner));
        let row = |media_id| UseRow { media_id, owner };
        self.rows.extend(after.into_iter().map(row));
    }
}

fn files<'a>(media: impl IntoIterator<Item = &'a Media>) -> BTreeSet<Uuid> {
    let ids = media.into_iter().filter_map(Media::file_id);
    ids.map(domain::MediaId::uuid).collect()
}

fn of_category(category: &CategoryState) -> BTreeSet<Uuid> {
    files(&category.content.media)
}

fn of_product(product: &ProductState) -> BTreeSet<Uuid> {
    files(&product.content.media)
}

fn of_variant(variant: &VariantState) -> BTreeSet<Uuid> {
    files(&variant.content.media)
}

fn described(change: &Change<MediaState>) -> DescribedRow {
    DescribedRow {
        id: change.after.id.uuid(),
        updated_at: Instant(change.after.record.updated_at),
        data: (&change.after).into(),
        previous: change.before.as_ref().map(|b| Instant(b.record.updated_at)),
    }
}

fn row(state: &MediaState) -> MediaRow {
    MediaRow {
        id: state.id.uuid(),
        sha256: state.content.digest.to_string(),
        data: state.into(),
        created_at: Instant(state.record.created_at),
        updated_at: Instant(state.record.updated_at),
    }
}
