//! Uploaded files: the catalog's side of them, and the store of their bytes.

use bytes::Bytes;
use domain::media::{FileName, ImageSize, MediaContent, MediaFile, MediaState, MediaType, Said};
use domain::product::ProductContent;
use domain::value::{Digest, Media, MediaRole};
use domain::{Change, MediaId};
use futures::TryStreamExt;

use super::fixtures::{edit_product, new_product, product, variant};
use super::{Harness, context, rule, stale};
use crate::media::{FileStore, MediaRef};
use crate::page::{Count, PageRequest, Sort, SortField};
use crate::store::{Changes, ConflictRule, StoreError};

fn content(byte: u8) -> MediaContent {
    MediaContent {
        digest: Digest::new([byte; 32]),
        media_type: MediaType::Png,
        size: 20 << 20,
        image: Some(ImageSize::new(640, 480).unwrap()),
        created_by: "tester".to_owned(),
        said: Said {
            name: Some(FileName::parse("Kännchen (1).png").unwrap()),
            ..Said::default()
        },
    }
}

pub(super) fn new_file(h: &Harness, byte: u8) -> Change<MediaState> {
    MediaFile::create(MediaId::new(h.id()), content(byte), h.now())
        .into_change()
        .unwrap()
}

pub(super) fn deleted(h: &Harness, state: &MediaState) -> Change<MediaState> {
    let mut file = MediaFile::load(state.clone());
    file.delete(h.now()).unwrap();
    file.into_change().unwrap()
}

pub async fn stored(h: &Harness, byte: u8) -> MediaState {
    let change = new_file(h, byte);
    let state = change.after.clone();
    h.commit(change).await.unwrap();
    state
}

fn showing(h: &Harness, file: &MediaState) -> ProductContent {
    let media = Media::file(file.id, file.content.digest, None, MediaRole::Main);
    ProductContent {
        // Twice is no more than once.
        media: vec![media.clone(), media],
        ..product(h)
    }
}

pub async fn files_are_found_listed_and_deleted(h: &Harness) {
    let (first, second) = (stored(h, 1).await, stored(h, 2).await);
    for name in [MediaRef::Id(first.id), MediaRef::Digest(first.content.digest)] {
        assert_eq!(h.media.find(name).await.unwrap(), Some(first.clone()));
    }
    assert_eq!(
        h.media
            .find(MediaRef::Digest(Digest::new([3; 32])))
            .await
            .unwrap(),
        None
    );
    let ids = [second.id, first.id, MediaId::new(h.id())];
    let mut digests = h.store.media_digests(&ids).await.unwrap();
    digests.sort();
    let expected = [&first, &second].map(|file| (file.id, file.content.digest));
    assert_eq!(digests, expected);
    let page = PageRequest {
        sort: Sort {
            field: SortField::UpdatedAt,
            descending: true,
        },
        after: None,
        limit: 1,
        count: Count::Exact,
    };
    let newest = h.media.list(&page).await.unwrap();
    assert_eq!(
        (newest.items, newest.total.unwrap().items),
        (vec![second.clone()], 2)
    );
    let rest = PageRequest {
        after: newest.next,
        ..page
    };
    let oldest = h.media.list(&rest).await.unwrap().items;
    assert_eq!(oldest, std::slice::from_ref(&first));

    h.commit(deleted(h, &first)).await.unwrap();
    assert_eq!(h.media.find(MediaRef::Id(first.id)).await.unwrap(), None);
    assert_eq!(
        stale(h.commit(deleted(h, &first)).await),
        ("media", first.id.uuid())
    );
    // Its bytes may come again, as another file.
    stored(h, 1).await;
}

pub async fn bytes_are_unique(h: &Harness) {
    let writes = (0..8).map(|_| {
        let (store, change) = (h.store.clone(), new_file(h, 7));
        tokio::spawn(async move { store.commit(&change.into(), &context(), None).await })
    });
    let outcomes = futures::future::try_join_all(writes).await.unwrap();
    let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    assert!(
        lost.into_iter()
            .all(|outcome| rule(outcome) == ConflictRule::MediaBytes)
    );
}

pub async fn files_that_are_shown_stay(h: &Harness) {
    let file = stored(h, 1).await;
    let shown = h.product(showing(h, &file)).await;
    let referenced = async || rule(h.commit(deleted(h, &file)).await);
    assert_eq!(referenced().await, ConflictRule::MediaReferenced);
    assert_eq!(
        h.products
            .find(&crate::product::ProductRef::Id(shown.id), false)
            .await
            .unwrap(),
        Some(shown.clone())
    );

    // A variant holds it as well, and a deleted product, which may come back.
    let mut of_variant = variant(h);
    of_variant.media = showing(h, &file).media;
    let sold = h.variant(shown.id, of_variant).await;
    let bare = ProductContent {
        media: vec![],
        ..shown.content.clone()
    };
    let shown = h.edited(&shown, |p| p.revise(bare, h.now()).unwrap()).await;
    assert_eq!(referenced().await, ConflictRule::MediaReferenced);
    let gone = edit_product(&shown, |p| p.delete(h.now()).unwrap());
    h.commit(gone).await.unwrap();
    assert_eq!(referenced().await, ConflictRule::MediaReferenced);

    let back = h
        .products
        .find(&crate::product::ProductRef::Id(shown.id), true)
        .await
        .unwrap()
        .unwrap();
    let back = h.edited(&back, |p| p.restore(h.now()).unwrap()).await;
    let sold = h
        .variants
        .find(&crate::product::VariantRef::Id(sold.id), false)
        .await
        .unwrap()
        .unwrap();
    let bare = super::fixtures::edit_variant(&sold, |v| {
        let mut content = v.state().content.clone();
        content.media.clear();
        v.revise(content, h.now()).unwrap();
    });
    h.commit(bare).await.unwrap();
    h.commit(deleted(h, &file)).await.unwrap();

    let again = edit_product(&back, |p| p.revise(showing(h, &file), h.now()).unwrap());
    assert!(matches!(h.commit(again).await, Err(StoreError::ReferenceGone)));
}

/// Whoever is first, no product ever shows a file that is not there.
pub async fn deleting_and_showing_a_file_exclude_each_other(h: &Harness) {
    for byte in 0..16 {
        let file = stored(h, byte).await;
        let show: Changes = new_product(h, showing(h, &file)).into();
        let delete: Changes = deleted(h, &file).into();
        let commit = |changes: Changes| {
            let store = h.store.clone();
            tokio::spawn(async move { store.commit(&changes, &context(), None).await })
        };
        let (show, delete) = (commit(show), commit(delete));
        match (show.await.unwrap(), delete.await.unwrap()) {
            (Ok(_), Err(StoreError::Conflict(conflict))) => {
                assert_eq!(conflict.rule, ConflictRule::MediaReferenced);
            }
            (Err(StoreError::ReferenceGone), Ok(_)) => {}
            both => panic_with(&format!("{both:?}")),
        }
    }
}

#[track_caller]
fn panic_with(message: &str) {
    assert!(message.is_empty(), "{message}");
}

pub async fn what_is_said_of_a_file_changes(h: &Harness) {
    let first = stored(h, 1).await;
    let said = Said {
        name: None,
        alt: Some(super::fixtures::text("A kettle")),
        metadata: domain::value::Metadata::default(),
    };
    let described = |state: &MediaState, said: &Said| {
        let mut file = MediaFile::load(state.clone());
        file.describe(said.clone(), h.now()).unwrap();
        file.into_change().unwrap()
    };
    let change = described(&first, &said);
    let second = change.after.clone();
    h.commit(change.clone()).await.unwrap();
    assert_eq!(
        h.media.find(MediaRef::Id(first.id)).await.unwrap(),
        Some(second.clone())
    );
    assert_eq!(second.record.version, 2);
    // Who is late is told.
    assert_eq!(stale(h.commit(change).await), ("media", first.id.uuid()));
    let id = first.id.uuid();
    assert_eq!(h.history.media.version(id, 1).await.unwrap(), Some(first));
    assert_eq!(
        h.history.media.version(id, 2).await.unwrap(),
        Some(second.clone())
    );
    h.commit(deleted(h, &second)).await.unwrap();
    let late = described(&second, &Said::default());
    assert_eq!(stale(h.commit(late).await), ("media", id));
}

async fn bytes_of(
    store: &dyn FileStore,
    id: MediaId,
    range: Option<std::ops::Range<u64>>,
) -> Option<Vec<u8>> {
    let stream = store.get(id, range).await.unwrap()?;
    let chunks: Vec<Bytes> = stream.try_collect().await.unwrap();
    Some(chunks.concat())
}

/// What every store of bytes must do.
pub async fn bytes_are_kept_and_forgotten(store: &dyn FileStore) {
    let id = |number| MediaId::new(uuid::Uuid::from_u128(number));
    let bytes: Vec<u8> = (0..3_000_000_u32)
        .map(|n| n.to_be_bytes()[3] ^ n.to_be_bytes()[2])
        .collect();
    assert_eq!(bytes_of(store, id(1), None).await, None);
    assert_eq!(bytes_of(store, id(1), Some(0..1)).await, None);
    store.put(id(1), bytes.clone().into()).await.unwrap();
    store.put(id(2), Bytes::from_static(b"two")).await.unwrap();
    assert_eq!(bytes_of(store, id(1), None).await.as_ref(), Some(&bytes));
    for range in [
        0..1_usize,
        5..10,
        2_999_999..3_000_000,
        0..3_000_000,
        1_000_000..2_500_000,
    ] {
        let wanted = range.start as u64..range.end as u64;
        assert_eq!(
            bytes_of(store, id(1), Some(wanted)).await.as_deref(),
            Some(&bytes[range])
        );
    }
    // A stream that is left in the middle is nobody's trouble.
    drop(store.get(id(1), None).await.unwrap());
    store.delete(id(1)).await.unwrap();
    store.delete(id(1)).await.unwrap();
    assert_eq!(bytes_of(store, id(1), None).await, None);
    assert_eq!(bytes_of(store, id(2), None).await.as_deref(), Some(&b"two"[..]));
}
