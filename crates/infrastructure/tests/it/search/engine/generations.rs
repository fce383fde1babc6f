//! What lies on disk: restarts, rebuilds that end in the middle, damage, other processes.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use application::search::SearchError;

use super::*;

fn everything(shop: &Shop) -> impl Future<Output = Vec<u128>> {
    shop.ids(Filter::All(Vec::new()))
}

async fn is_absent(shop: &Shop) -> bool {
    let status = shop.index.status(Plane::Store);
    let answer = shop.index.search(Plane::Store, all()).await;
    assert_eq!(status.is_ready, answer.is_ok());
    assert_eq!(status.position.is_some(), answer.is_ok());
    assert_eq!(shop.index.layout(Plane::Store).is_some(), answer.is_ok());
    matches!(answer, Err(SearchError::NotReady))
}

fn two() -> Vec<Document> {
    vec![
        product(
            1,
            &[("brand", text("Acme"))],
            vec![variant(1, &[("size", text("S"))])],
        ),
        product(
            2,
            &[("brand", text("Acme"))],
            vec![variant(2, &[("size", text("S"))])],
        ),
    ]
}

fn generations(shop: &Shop) -> Vec<String> {
    let entries = fs::read_dir(shop.index.folder().join("store")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("generation")).collect()
}

#[tokio::test]
async fn what_was_applied_is_there_after_a_restart() {
    let shop = Shop::of(two()).await;
    shop.apply(vec![product(3, &[], Vec::new())], &[1], 5).await;
    shop.apply(Vec::new(), &[], 9).await;
    let before = shop.index.status(Plane::Store);
    assert!(before.is_ready && before.bytes > 0 && before.changed_at.is_some());
    let shop = shop.reopened();
    let after = shop.index.status(Plane::Store);
    assert_eq!(after.position, Some(position(9)));
    assert_eq!(
        (after.documents, after.variants, after.changed_at),
        (2, 1, before.changed_at)
    );
    assert_eq!(everything(&shop).await, [3, 2]);
    assert_eq!(shop.index.layout(Plane::Store), Some(layout()));
    shop.apply(vec![product(4, &[], Vec::new())], &[], 10).await;
    assert_eq!(everything(&shop).await, [4, 3, 2]);
    // The other plane is another index.
    assert!(!shop.index.status(Plane::Management).is_ready);
}

#[tokio::test]
async fn a_rebuild_takes_the_place_of_the_old_when_it_is_finished() {
    let shop = Shop::of(two()).await;
    let mut rebuild = shop
        .index
        .rebuild(
            Plane::Store,
            Layout {
                fingerprint: "next".to_owned(),
                ..layout()
            },
        )
        .await
        .unwrap();
    rebuild.add(vec![product(7, &[], Vec::new())]).await.unwrap();
    assert!(shop.index.status(Plane::Store).is_rebuilding);
    assert_eq!(everything(&shop).await, [2, 1]);
    shop.apply(vec![product(3, &[], Vec::new())], &[], 1).await;
    assert_eq!(everything(&shop).await, [3, 2, 1]);
    rebuild.finish(position(4)).await.unwrap();
    let status = shop.index.status(Plane::Store);
    assert_eq!(
        (status.is_rebuilding, status.position),
        (false, Some(position(4)))
    );
    assert_eq!(everything(&shop).await, [7]);
    assert_eq!(shop.index.layout(Plane::Store).unwrap().fingerprint, "next");
    assert_eq!(generations(&shop).len(), 1);
    shop.apply(vec![product(8, &[], Vec::new())], &[], 5).await;
    let shop = shop.reopened();
    assert_eq!(everything(&shop).await, [8, 7]);
}

#[tokio::test]
async fn a_rebuild_that_ends_in_the_middle_leaves_the_old() {
    let shop = Shop::of(two()).await;
    let mut rebuild = shop.index.rebuild(Plane::Store, layout()).await.unwrap();
    rebuild.add(vec![product(7, &[], Vec::new())]).await.unwrap();
    assert_eq!(generations(&shop).len(), 2);
    drop(rebuild);
    assert!(!shop.index.status(Plane::Store).is_rebuilding);
    assert_eq!(generations(&shop).len(), 1);
    // As the process is killed: nobody tidies up.
    let mut rebuild = shop.index.rebuild(Plane::Store, layout()).await.unwrap();
    rebuild.add(vec![product(7, &[], Vec::new())]).await.unwrap();
    std::mem::forget(rebuild);
    assert_eq!(generations(&shop).len(), 2);
    let shop = shop.reopened();
    assert_eq!(everything(&shop).await, [2, 1]);
    assert_eq!(generations(&shop).len(), 1);
}

#[tokio::test]
async fn a_later_rebuild_drops_an_earlier_one() {
    let shop = Shop::of(two()).await;
    let mut earlier = shop.index.rebuild(Plane::Store, layout()).await.unwrap();
    earlier.add(vec![product(7, &[], Vec::new())]).await.unwrap();
    let mut later = shop.index.rebuild(Plane::Store, layout()).await.unwrap();
    assert!(earlier.add(vec![product(8, &[], Vec::new())]).await.is_err());
    assert!(earlier.finish(position(1)).await.is_err());
    assert!(shop.index.status(Plane::Store).is_rebuilding);
    later.add(vec![product(9, &[], Vec::new())]).await.unwrap();
    later.finish(position(2)).await.unwrap();
    assert_eq!(everything(&shop).await, [9]);
    assert_eq!(generations(&shop).len(), 1);
}

/// The files of the generation in the folder that answers.
fn files(folder: &Path) -> Vec<PathBuf> {
    let plane = folder.join("search/store");
    let generation = fs::read_to_string(plane.join("current")).unwrap();
    let files = fs::read_dir(plane.join(generation.trim())).unwrap();
    let files = files.map(|entry| entry.unwrap().path());
    files.filter(|path| !kind_of(path).ends_with("lock")).collect()
}

/// The ending of tantivy's own files, the whole name of others.
fn kind_of(path: &Path) -> String {
    let name = path.file_name().unwrap().to_str().unwrap();
    let is_meta = name.ends_with("json");
    name.rsplit('.')
        .next()
        .filter(|_| !is_meta)
        .unwrap_or(name)
        .to_owned()
}

/// What the folder has that is damaged.
const WHOLE: [u128; 6] = [7, 6, 5, 4, 3, 2];

/// The folder as it stands; `None` when something in it goes away meanwhile.
fn copied(folder: &Path) -> Option<TempDir> {
    let copy = tempfile::tempdir().unwrap();
    let current = folder.join("search/store/current");
    for entry in files(folder).into_iter().chain([current]) {
        let to = copy.path().join(entry.strip_prefix(folder).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(&entry, &to).ok()?;
    }
    Some(copy)
}

/// A copy of the folder when what an index leaves to its threads is done: they outlive it.
async fn at_rest(folder: &Path) -> TempDir {
    for _ in 0..1000 {
        if let Some(copy) = copied(folder) {
            let tried = copied(copy.path()).unwrap();
            let shop = Shop {
                index: open(tried.path()),
                folder: tried,
            };
            if !is_absent(&shop).await && everything(&shop).await == WHOLE {
                return copy;
            }
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the folder does not come to rest");
}

#[tokio::test]
async fn damage_is_as_if_nothing_was_there_and_heals() {
    type Damage = fn(&Path);
    let damages: [Damage; 4] = [
        |file| fs::write(file, []).unwrap(),
        |file| {
            let bytes = fs::read(file).unwrap();
            fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
        },
        |file| {
            let mut bytes = fs::read(file).unwrap();
            let middle = bytes.len() / 3;
            bytes[middle] ^= 0x55;
            fs::write(file, bytes).unwrap();
        },
        |file| fs::remove_file(file).unwrap(),
    ];
    // So many that the one that goes is no reason to merge, and stays noted as deleted.
    let six = (1..=6).map(|n| {
        let columns = [("brand", text("Acme"))];
        product(n, &columns, vec![variant(n, &[("size", text("S"))])])
    });
    let shop = Shop::of(six.collect()).await;
    shop.apply(vec![product(7, &[], Vec::new())], &[1], 1).await;
    let Shop { folder, index } = shop;
    drop(index);
    let origin = at_rest(folder.path()).await;
    let files = files(origin.path());
    let mut healed = std::collections::BTreeSet::new();
    for damage in damages {
        for file in &files {
            let kind = kind_of(file);
            let copy = copied(origin.path()).unwrap();
            damage(&copy.path().join(file.strip_prefix(origin.path()).unwrap()));
            let shop = Shop {
                index: open(copy.path()),
                folder: copy,
            };
            if is_absent(&shop).await {
                assert_eq!(generations(&shop), [""; 0], "{kind}");
                if healed.insert(kind.clone()) {
                    shop.build(two(), 0).await;
                    assert_eq!(everything(&shop).await, [2, 1], "{kind}");
                }
            } else {
                // What is not read, such as the place for stored fields, may be what it likes.
                assert_eq!(everything(&shop).await, WHOLE, "{kind}");
            }
        }
    }
    for kind in ["fast", "idx", "pos", "term", "del", "meta.json", "vitrine.json"] {
        assert!(healed.contains(kind), "{kind} of {healed:?}");
    }
}

#[tokio::test]
async fn what_was_not_made_for_this_catalog_is_not_used() {
    let shop = Shop::of(two()).await;
    let Shop { folder, index } = shop;
    drop(index);
    let other = TantivyIndex::open(&folder.path().join("search"), "another", Arc::new(SystemClock)).unwrap();
    assert!(!other.status(Plane::Store).is_ready);
    drop(other);
    // And is gone then.
    let index = open(folder.path());
    assert!(!index.status(Plane::Store).is_ready);
    let shop = Shop { folder, index };
    for current in ["../../elsewhere", "generation-", "generation-77", "\u{0}", ""] {
        shop.build(two(), 0).await;
        fs::write(shop.index.folder().join("store/current"), current).unwrap();
        let index = open(&shop.folder.path().join("beside"));
        assert!(!index.status(Plane::Store).is_ready);
    }
    let shop = shop.reopened();
    assert!(is_absent(&shop).await);
    // A folder that looks like a generation and is none.
    shop.build(two(), 0).await;
    let generation = shop.generation();
    for entry in fs::read_dir(&generation).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::remove_file(path).unwrap();
        }
    }
    fs::write(generation.join("letter.txt"), "Dear Sir").unwrap();
    let shop = shop.reopened();
    assert!(is_absent(&shop).await);
    assert!(
        shop.index
            .apply(Plane::Store, two(), Vec::new(), position(1))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn two_at_once_have_folders_of_their_own() {
    let shop = Shop::of(two()).await;
    let second = open(shop.folder.path());
    assert_ne!(second.folder(), shop.index.folder());
    assert!(!second.status(Plane::Store).is_ready);
    assert_eq!(everything(&shop).await, [2, 1]);
    drop(second);
    let again = open(shop.folder.path());
    assert_eq!(again.folder(), shop.folder.path().join("search-2"));
}

#[tokio::test]
async fn an_empty_catalog_has_an_index_too() {
    let shop = Shop::of(Vec::new()).await;
    assert_eq!(everything(&shop).await, [] as [u128; 0]);
    let shop = shop.reopened();
    assert_eq!(shop.index.status(Plane::Store).position, Some(position(0)));
    let found = shop
        .search(Query {
            facets: vec![terms(of_product("brand"))],
            filter: is(&of_variant("size"), "S"),
            ..all()
        })
        .await;
    assert_eq!(found.facets, [counted(&[])]);
}

#[tokio::test]
async fn segments_stay_few_and_deleted_documents_go() {
    let shop = Shop::of(two()).await;
    for round in 1..25 {
        shop.apply(two(), &[], round).await;
        assert_eq!(everything(&shop).await, [2, 1]);
    }
    let status = shop.index.status(Plane::Store);
    assert!(status.segments <= 12, "{}", status.segments);
    assert_eq!((status.documents, status.variants), (2, 2));
}
