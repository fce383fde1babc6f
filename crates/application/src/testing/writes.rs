//! What every commit must do, whatever it writes.

use domain::ProductId;
use domain::product::ProductContent;
use domain::value::Sku;

use super::fixtures::{
    edit_product, edit_variant, full_product, full_variant, key, new_product, new_variant, product, renamed,
    slug, variant,
};
use super::{Harness, conflict, context, rule, stale};
use crate::product::{ProductRef, VariantRef};
use crate::store::{Changes, ConflictRule, WriteContext};

pub async fn every_field_survives_storage(h: &Harness) {
    let category = h.category(None).await;
    let stored = h.product(full_product(h, category.id)).await;
    let variant = h.variant(stored.id, full_variant(h)).await;
    let published = h.edited(&stored, |p| p.publish(h.now()).unwrap()).await;
    let view = h.products.view(stored.id).await.unwrap().unwrap();
    assert_eq!(view.product, published);
    assert_eq!(view.variants, [variant]);
    let found = h.categories.tree().await.unwrap();
    assert_eq!(found, [category]);
}

pub async fn versions_are_checked(h: &Harness) {
    let first = h.product(product(h)).await;
    h.commit(renamed(&first, h, "One")).await.unwrap();
    assert_eq!(
        stale(h.commit(renamed(&first, h, "Two")).await),
        ("product", first.id.uuid())
    );
    let never = new_product(h, product(h)).after;
    assert_eq!(
        stale(h.commit(renamed(&never, h, "Three")).await),
        ("product", never.id.uuid())
    );
    let variant = h.variant(first.id, variant(h)).await;
    let edit = |position| {
        let mut content = variant.content.clone();
        content.position = position;
        edit_variant(&variant, |v| v.revise(content, h.now()).unwrap())
    };
    h.commit(edit(1)).await.unwrap();
    assert_eq!(stale(h.commit(edit(2)).await), ("variant", variant.id.uuid()));
}

pub async fn of_two_writers_one_wins(h: &Harness) {
    let state = h.product(product(h)).await;
    for round in 0..10 {
        let now = h
            .products
            .find(&ProductRef::Id(state.id), false)
            .await
            .unwrap()
            .unwrap();
        let writes = (0..4).map(|n| h.commit(renamed(&now, h, &format!("Name {round} {n}"))));
        let results = futures::future::join_all(writes).await;
        assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1, "{results:?}");
        results
            .into_iter()
            .filter(Result::is_err)
            .for_each(|r| assert_eq!(stale(r).0, "product"));
    }
}

/// Pairs of contents that cannot both be stored, with the rule that says so.
fn clashes(h: &Harness, of: ProductId) -> Vec<([Changes; 2], ConflictRule)> {
    let keyed = || {
        let mut content = product(h);
        content.key = key("same");
        Changes::from(new_product(h, content))
    };
    let slugged = || {
        let mut content = product(h);
        content.slug = slug("same");
        Changes::from(new_product(h, content))
    };
    let sku = || {
        let mut content = super::fixtures::with_options(variant(h), &[]);
        content.sku = Sku::parse("same").unwrap();
        content
    };
    let other = || new_product(h, product(h));
    let with = |content: domain::product::VariantContent| {
        let product = other();
        Changes {
            variants: vec![new_variant(h, product.after.id, content)],
            products: vec![product],
            ..Changes::default()
        }
    };
    let gtin = || domain::product::VariantContent {
        gtin: full_variant(h).gtin,
        ..variant(h)
    };
    let variant_key = || domain::product::VariantContent {
        key: key("same"),
        ..variant(h)
    };
    let options = || Changes::from(new_variant(h, of, variant(h)));
    vec![
        ([keyed(), keyed()], ConflictRule::ProductKey),
        ([slugged(), slugged()], ConflictRule::ProductSlug),
        ([with(sku()), with(sku())], ConflictRule::Sku),
        ([with(gtin()), with(gtin())], ConflictRule::Gtin),
        (
            [with(variant_key()), with(variant_key())],
            ConflictRule::VariantKey,
        ),
        ([options(), options()], ConflictRule::Options),
    ]
}

pub async fn names_are_unique(h: &Harness) {
    let of = h.product(product(h)).await;
    for ([first, second], expected) in clashes(h, of.id) {
        h.commit(first).await.unwrap();
        assert_eq!(rule(h.commit(second).await), expected);
    }
}

pub async fn names_are_unique_under_concurrency(h: &Harness) {
    let of = h.product(product(h)).await;
    for ([first, second], expected) in clashes(h, of.id) {
        let (a, b) = futures::join!(h.commit(first), h.commit(second));
        let loser = if a.is_ok() { b } else { a };
        assert_eq!(rule(loser), expected);
    }
}

pub async fn conflicts_name_both_parties(h: &Harness) {
    let of = h.product(product(h)).await;
    for ([first, second], expected) in clashes(h, of.id) {
        let id = |changes: &Changes| match (changes.variants.first(), changes.products.first()) {
            (Some(variant), _) => variant.after.id.uuid(),
            (None, product) => product.unwrap().after.id.uuid(),
        };
        let (existing, subject) = (id(&first), id(&second));
        h.commit(first).await.unwrap();
        let conflict = conflict(h.commit(second).await);
        assert_eq!(
            (conflict.subject, conflict.existing),
            (Some(subject), Some(existing)),
            "{expected:?}"
        );
    }
}

pub async fn a_batch_is_all_or_nothing(h: &Harness) {
    let stored = h.product(product(h)).await;
    let mut twin = product(h);
    twin.slug = stored.content.slug.clone();
    let fine = new_product(h, product(h));
    let id = fine.after.id;
    let edit = renamed(&stored, h, "Other");
    assert_eq!(
        rule(h.commit(vec![fine, edit, new_product(h, twin)]).await),
        ConflictRule::ProductSlug
    );
    assert_eq!(h.products.find(&ProductRef::Id(id), true).await.unwrap(), None);
    assert_eq!(
        h.products.find(&ProductRef::Id(stored.id), true).await.unwrap(),
        Some(stored)
    );
}

pub async fn dry_runs_check_and_keep_nothing(h: &Harness) {
    let dry = WriteContext {
        dry_run: true,
        ..context()
    };
    let of = h.product(product(h)).await;
    for ([first, second], expected) in clashes(h, of.id) {
        h.store.commit(&first, &dry, None).await.unwrap();
        h.commit(first).await.unwrap();
        assert_eq!(rule(h.store.commit(&second, &dry, None).await), expected);
    }
    let change = new_product(h, product(h));
    let id = change.after.id;
    h.store.commit(&change.into(), &dry, None).await.unwrap();
    assert_eq!(h.products.find(&ProductRef::Id(id), true).await.unwrap(), None);
    let misfit = super::fixtures::with_options(variant(h), &[("colour", "red")]);
    let misfit = new_variant(h, of.id, misfit).into();
    assert_eq!(
        rule(h.store.commit(&misfit, &dry, None).await),
        ConflictRule::OptionAxes
    );
}

fn named(h: &Harness) -> ProductContent {
    ProductContent {
        key: key("kettle"),
        slug: slug("kettle"),
        ..product(h)
    }
}

pub async fn deletion_frees_names(h: &Harness) {
    let old = h.product(named(h)).await;
    let old_variant = h.variant(old.id, full_variant_without_options(h)).await;
    h.edited(&old, |p| p.delete(h.now()).unwrap()).await;
    let new = h.product(named(h)).await;
    let mut content = old_variant.content.clone();
    content.position = 7;
    let new_variant = h.variant(new.id, content).await;
    let found = h
        .variants
        .find(&VariantRef::Sku(old_variant.content.sku), true)
        .await
        .unwrap();
    assert_eq!(
        found.map(|v| v.id),
        Some(new_variant.id),
        "a live one is preferred"
    );
}

fn full_variant_without_options(h: &Harness) -> domain::product::VariantContent {
    super::fixtures::with_options(full_variant(h), &[])
}

pub async fn names_pass_from_the_deleted_to_the_new(h: &Harness) {
    let old = h.product(named(h)).await;
    let kept = h.product(product(h)).await;
    let variant = h.variant(kept.id, full_variant_without_options(h)).await;
    let deleted = edit_product(&old, |p| p.delete(h.now()).unwrap());
    let changes = Changes {
        products: vec![new_product(h, named(h)), deleted],
        variants: vec![
            new_variant(h, kept.id, variant.content.clone()),
            edit_variant(&variant, |v| v.delete(h.now()).unwrap()),
        ],
        ..Changes::default()
    };
    h.commit(changes).await.unwrap();
}

pub async fn restoring_takes_names_back(h: &Harness) {
    let old = h.product(named(h)).await;
    let variant = h.variant(old.id, full_variant_without_options(h)).await;
    let deleted = h.edited(&old, |p| p.delete(h.now()).unwrap()).await;
    let restore = || edit_product(&deleted, |p| p.restore(h.now()).unwrap());

    let new = h.product(named(h)).await;
    let clash = conflict(h.commit(restore()).await);
    assert!(
        matches!(clash.rule, ConflictRule::ProductKey | ConflictRule::ProductSlug),
        "{clash:?}"
    );
    assert_eq!(clash.existing, Some(new.id.uuid()));
    h.edited(&new, |p| p.delete(h.now()).unwrap()).await;

    let other = h.product(product(h)).await;
    let mut rival = full_variant_without_options(h);
    rival.sku = variant.content.sku.clone();
    rival.gtin = None;
    let rival = h.variant(other.id, rival).await;
    assert_eq!(rule(h.commit(restore()).await), ConflictRule::Sku);
    h.commit(edit_variant(&rival, |v| v.delete(h.now()).unwrap()))
        .await
        .unwrap();

    h.commit(restore()).await.unwrap();
    assert_eq!(
        rule(h.commit(new_product(h, named(h))).await),
        ConflictRule::ProductKey
    );
}

pub async fn many_changes_are_one_commit(h: &Harness) {
    let products: Vec<_> = (0..300).map(|_| new_product(h, product(h))).collect();
    let variants: Vec<_> = products
        .iter()
        .map(|p| new_variant(h, p.after.id, variant(h)))
        .collect();
    let ids: Vec<_> = products.iter().map(|p| p.after.id).collect();
    let edits: Vec<_> = products.iter().map(|p| renamed(&p.after, h, "Renamed")).collect();
    let changes = Changes {
        products,
        variants,
        ..Changes::default()
    };
    h.commit(changes).await.unwrap();
    h.commit(edits).await.unwrap();
    assert_eq!(h.products.variants_of(&ids).await.unwrap().len(), 300);
}

pub async fn crossing_writers_do_not_deadlock(h: &Harness) {
    let mut states = Vec::new();
    for _ in 0..6 {
        states.push(h.product(product(h)).await);
    }
    for round in 0..10 {
        let name = format!("Round {round}");
        let edits = |reversed: bool| {
            let mut edits: Vec<_> = states.iter().map(|s| renamed(s, h, &name)).collect();
            if reversed {
                edits.reverse();
            }
            edits
        };
        let (a, b) = futures::join!(h.commit(edits(false)), h.commit(edits(true)));
        let loser = if a.is_ok() { b } else { a };
        assert_eq!(stale(loser).0, "product");
        for state in &mut states {
            *state = h
                .products
                .find(&ProductRef::Id(state.id), false)
                .await
                .unwrap()
                .unwrap();
        }
    }
}

pub async fn cancelled_commits_leave_all_or_nothing(h: &Harness) {
    let mut pairs = Vec::new();
    let mut survivor = h.product(product(h)).await;
    for round in 0..100 {
        let product = new_product(h, product(h));
        let variant = new_variant(h, product.after.id, variant(h));
        pairs.push((product.after.id, variant.after.id));
        let changes = Changes {
            products: vec![product],
            variants: vec![variant],
            ..Changes::default()
        };
        let moment = std::time::Duration::from_micros(round * 97 % 4000);
        let _ = tokio::time::timeout(moment, h.commit(changes)).await;
        let change = renamed(&survivor, h, &format!("Round {round}"));
        survivor = change.after.clone();
        h.commit(change).await.unwrap();
    }
    assert_eq!(
        h.products
            .find(&ProductRef::Id(survivor.id), false)
            .await
            .unwrap(),
        Some(survivor)
    );
    for (product, variant) in pairs {
        let view = h.products.view(product).await.unwrap();
        let variants: Vec<_> = view.iter().flat_map(|v| &v.variants).map(|v| v.id).collect();
        assert_eq!(
            variants,
            view.iter().map(|_| variant).collect::<Vec<_>>(),
            "half of a commit is stored"
        );
    }
}
