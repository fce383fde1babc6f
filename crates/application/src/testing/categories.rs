//! The tree and the products in it.

use domain::category::{CategoryContent, CategoryState, MAX_DEPTH};
use domain::product::ProductContent;
use domain::{CategoryId, Change, ChannelId};

use super::fixtures::{category, edit_category, edit_product, key, new_category, new_product, product, slug};
use super::{Harness, conflict, rule};
use crate::category::{Audience, CategoryRef, TreeRequest};
use crate::store::{Changes, ConflictRule, StoreError};
use crate::storefront::Visit;

fn moved(h: &Harness, state: &CategoryState, parent: Option<CategoryId>) -> Change<CategoryState> {
    let content = CategoryContent {
        parent,
        ..state.content.clone()
    };
    edit_category(state, |c| c.revise(content, h.now()).unwrap())
}

fn deleted(h: &Harness, state: &CategoryState) -> Change<CategoryState> {
    edit_category(state, |c| c.delete(h.now()).unwrap())
}

fn in_category(h: &Harness, category: CategoryId) -> ProductContent {
    ProductContent {
        categories: vec![category],
        ..product(h)
    }
}

#[track_caller]
fn gone(result: &Result<(), StoreError>) {
    assert!(matches!(result, Err(StoreError::ReferenceGone)), "{result:?}");
}

pub async fn must_exist_when_referred_to(h: &Harness) {
    let never = CategoryId::new(h.id());
    gone(&h.commit(new_product(h, in_category(h, never))).await);
    gone(&h.commit(new_category(h, category(h, Some(never)))).await);
    let old = h.category(None).await;
    let filed = h.product(in_category(h, old.id)).await;
    let unfiled = h.edited(&filed, |p| p.delete(h.now()).unwrap()).await;
    h.commit(deleted(h, &old)).await.unwrap();
    gone(&h.commit(new_product(h, in_category(h, old.id))).await);
    gone(&h.commit(new_category(h, category(h, Some(old.id)))).await);
    gone(
        &h.commit(edit_product(&unfiled, |p| p.restore(h.now()).unwrap()))
            .await,
    );
    let parent = new_category(h, category(h, None));
    let child = new_category(h, category(h, Some(parent.after.id)));
    let changes = Changes {
        products: vec![new_product(h, in_category(h, child.after.id))],
        categories: vec![child, parent],
        ..Changes::default()
    };
    h.commit(changes).await.unwrap();
}

pub async fn with_contents_are_not_deleted(h: &Harness) {
    let parent = h.category(None).await;
    let child = h.category(Some(parent.id)).await;
    let held = conflict(h.commit(deleted(h, &parent)).await);
    assert_eq!(
        (held.rule, held.subject),
        (ConflictRule::Referenced, Some(parent.id.uuid()))
    );
    let filed = h.product(in_category(h, child.id)).await;
    assert_eq!(rule(h.commit(deleted(h, &child)).await), ConflictRule::Referenced);
    h.edited(&filed, |p| p.delete(h.now()).unwrap()).await;
    h.commit(vec![deleted(h, &parent), deleted(h, &child)])
        .await
        .unwrap();
}

pub async fn deletion_and_reference_exclude_each_other(h: &Harness) {
    for _ in 0..20 {
        let shelf = h.category(None).await;
        let (filed, removed) = futures::join!(
            h.commit(new_product(h, in_category(h, shelf.id))),
            h.commit(deleted(h, &shelf))
        );
        match filed {
            Ok(()) => assert_eq!(rule(removed), ConflictRule::Referenced),
            filed => {
                gone(&filed);
                removed.unwrap();
            }
        }
    }
}

pub async fn form_no_cycle(h: &Harness) {
    let a = h.category(None).await;
    let b = h.category(Some(a.id)).await;
    let c = h.category(Some(b.id)).await;
    for target in [&a, &b, &c] {
        let cycle = conflict(h.commit(moved(h, &a, Some(target.id))).await);
        assert_eq!(
            (cycle.rule, cycle.subject),
            (ConflictRule::CategoryCycle, Some(a.id.uuid()))
        );
    }
    h.commit(moved(h, &c, Some(a.id))).await.unwrap();
    h.commit(moved(h, &b, None)).await.unwrap();
}

pub async fn form_no_cycle_under_concurrency(h: &Harness) {
    for _ in 0..20 {
        let (a, b) = (h.category(None).await, h.category(None).await);
        let (one, two) = futures::join!(
            h.commit(moved(h, &a, Some(b.id))),
            h.commit(moved(h, &b, Some(a.id)))
        );
        assert_eq!(
            rule(if one.is_ok() { two } else { one }),
            ConflictRule::CategoryCycle
        );
    }
}

pub async fn are_limited_in_depth(h: &Harness) {
    let mut chain: Vec<CategoryState> = Vec::new();
    for _ in 0..MAX_DEPTH {
        chain.push(h.category(chain.last().map(|c| c.id)).await);
    }
    let too_deep = new_category(h, category(h, chain.last().map(|c| c.id)));
    assert_eq!(rule(h.commit(too_deep).await), ConflictRule::CategoryDepth);
    let root = h.category(None).await;
    assert_eq!(
        rule(h.commit(moved(h, &chain[0], Some(root.id))).await),
        ConflictRule::CategoryDepth
    );
    h.commit(moved(h, &chain[1], Some(root.id))).await.unwrap();
}

pub async fn are_read_with_their_path(h: &Harness) {
    let root = h.category(None).await;
    let child = h.category(Some(root.id)).await;
    let content = CategoryContent {
        key: key("leaf"),
        slug: slug("leaf"),
        ..category(h, Some(child.id))
    };
    let leaf = new_category(h, content).clone();
    let state = leaf.after.clone();
    h.commit(leaf).await.unwrap();
    let (locale, name) = state.content.slug.iter().next().unwrap();
    let names = [
        CategoryRef::Id(state.id),
        CategoryRef::Key(state.content.key.clone().unwrap()),
        CategoryRef::Slug(locale.clone(), name.clone()),
    ];
    for name in &names {
        let view = h.categories.find(name, false).await.unwrap().unwrap();
        assert_eq!(
            (view.category, view.path),
            (state.clone(), vec![root.id, child.id])
        );
        let path = h.categories.locate(name).await.unwrap();
        assert_eq!(path, Some(vec![root.id, child.id, state.id]));
    }
    let tree: Vec<_> = h
        .categories
        .tree()
        .await
        .unwrap()
        .into_iter()
        .map(|c| c.id)
        .collect();
    assert_eq!(tree, [root.id, child.id, state.id]);
    let keys = [state.content.key.clone().unwrap()];
    let by_key = h.categories.by_keys(&keys).await.unwrap();
    assert_eq!(by_key, std::slice::from_ref(&state));
    h.commit(deleted(h, &state)).await.unwrap();
    for name in &names {
        assert_eq!(h.categories.find(name, false).await.unwrap(), None);
        assert_eq!(h.categories.locate(name).await.unwrap(), None);
        assert!(h.categories.find(name, true).await.unwrap().is_some());
    }
    let existing = h.categories.existing(&[state.id, root.id]).await.unwrap();
    assert_eq!(existing, [root.id]);
    let stored = h.categories.by_ids(&[state.id, root.id]).await.unwrap();
    assert_eq!(stored, [root]);
    assert_eq!(h.categories.by_ids(&[]).await.unwrap(), []);
}

async fn at_position(h: &Harness, parent: Option<CategoryId>, position: u32) -> CategoryId {
    let content = CategoryContent {
        position,
        ..category(h, parent)
    };
    let change = new_category(h, content);
    let id = change.after.id;
    h.commit(change).await.unwrap();
    id
}

pub async fn are_read_in_parts_of_their_tree(h: &Harness) {
    let last = at_position(h, None, 9).await;
    let first = at_position(h, None, 1).await;
    let second = at_position(h, None, 1).await;
    let b = at_position(h, Some(first), 5).await;
    let a = at_position(h, Some(first), 4).await;
    let below = at_position(h, Some(a), 0).await;
    let gone = h.category(Some(below)).await;
    h.commit(deleted(h, &gone)).await.unwrap();

    let read = async |root: Option<CategoryId>, depth: Option<u32>, limit: u32| {
        let request = TreeRequest { root, depth, limit };
        let nodes = h.categories.subtree(&request).await.unwrap();
        let node = |n: crate::category::TreeNode| (n.category.id, n.level, n.has_children);
        nodes.into_iter().map(node).collect::<Vec<_>>()
    };
    let whole = [
        (first, 1, true),
        (second, 1, false),
        (last, 1, false),
        (a, 2, true),
        (b, 2, false),
        (below, 3, false),
    ];
    assert_eq!(read(None, None, 100).await, whole);
    assert_eq!(read(None, Some(1), 100).await, whole[..3]);
    assert_eq!(read(None, None, 4).await, whole[..4]);
    assert_eq!(
        read(Some(first), Some(2), 100).await,
        [(first, 1, true), (a, 2, true), (b, 2, false)]
    );
    assert_eq!(read(Some(gone.id), None, 100).await, []);

    let ids = async |parent| {
        let children = h.categories.children(parent).await.unwrap();
        children.into_iter().map(|c| c.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(None).await, [first, second, last]);
    assert_eq!(ids(Some(first)).await, [a, b]);
    assert_eq!(ids(Some(below)).await, []);
}

pub async fn count_their_products(h: &Harness) {
    let root = h.category(None).await;
    let child = h.category(Some(root.id)).await;
    let leaf = h.category(Some(child.id)).await;
    let other = h.category(None).await;
    // In two places of one tree it is one product.
    let twice = ProductContent {
        categories: vec![root.id, leaf.id, other.id],
        ..product(h)
    };
    let twice = h.product(twice).await;
    h.edited(&twice, |p| p.publish(h.now()).unwrap()).await;
    h.product(in_category(h, child.id)).await;
    let gone = h.product(in_category(h, child.id)).await;
    h.edited(&gone, |p| p.delete(h.now()).unwrap()).await;

    let all = [root.id, child.id, leaf.id, other.id];
    let count = async |audience| {
        let counts = h.categories.product_counts(&all, audience).await.unwrap();
        all.map(|id| counts.get(&id).copied().unwrap_or_default())
    };
    assert_eq!(count(Audience::Management).await, [2, 2, 1, 1]);
    let visit = Visit {
        channel: ChannelId::new(h.id()),
        at: h.now(),
    };
    assert_eq!(count(Audience::Store(visit)).await, [1, 1, 1, 1]);
    let view = h
        .categories
        .find(&CategoryRef::Id(child.id), false)
        .await
        .unwrap();
    assert_eq!(view.unwrap().product_count, 2);
    let filed = h.products.filed_in(&[root.id, other.id], 9).await.unwrap();
    assert_eq!(filed.iter().map(|p| p.id).collect::<Vec<_>>(), [twice.id]);
    let filed = h.products.filed_in(&all, 9).await.unwrap();
    assert_eq!(filed.len(), 2, "each once, and none that is deleted");
    assert_eq!(h.products.filed_in(&all, 1).await.unwrap().len(), 1);

    h.commit(moved(h, &child, None)).await.unwrap();
    assert_eq!(count(Audience::Management).await, [1, 2, 1, 1]);
}
