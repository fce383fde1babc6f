//! Finding resources and seeing them whole.

use domain::value::{Locale, Slug};

use super::Harness;
use super::fixtures::{
    edit_variant, full_product, full_variant, locale, new_product, product, renamed, variant, with_options,
};
use crate::product::{ProductRef, VariantRef};

pub async fn find_by_every_name(h: &Harness) {
    let category = h.category(None).await;
    let stored = h.product(full_product(h, category.id)).await;
    let sold = h.variant(stored.id, full_variant(h)).await;
    let other = h.product(product(h)).await;
    let (tag, slug) = stored.content.slug.iter().next().unwrap();
    let key = stored.content.key.clone().unwrap();
    let names = [
        ProductRef::Id(stored.id),
        ProductRef::Key(key.clone()),
        ProductRef::Slug(tag.clone(), slug.clone()),
    ];
    for name in &names {
        assert_eq!(h.products.find(name, false).await.unwrap(), Some(stored.clone()));
        assert_eq!(h.products.locate(name).await.unwrap(), Some(stored.id));
    }
    let by_key = h.products.by_keys(&[key]).await.unwrap();
    assert_eq!(by_key, std::slice::from_ref(&stored));
    let content = &sold.content;
    let variants = [
        VariantRef::Id(sold.id),
        VariantRef::Key(content.key.clone().unwrap()),
        VariantRef::Sku(content.sku.clone()),
        VariantRef::Gtin(content.gtin.clone().unwrap()),
    ];
    for name in &variants {
        assert_eq!(h.variants.find(name, false).await.unwrap(), Some(sold.clone()));
    }
    let deleted = h.edited(&stored, |p| p.delete(h.now()).unwrap()).await;
    for name in &names {
        assert_eq!(h.products.find(name, false).await.unwrap(), None);
        assert_eq!(h.products.locate(name).await.unwrap(), None);
        assert_eq!(h.products.find(name, true).await.unwrap(), Some(deleted.clone()));
    }
    for name in &variants {
        assert_eq!(h.variants.find(name, false).await.unwrap(), None);
        assert_eq!(
            h.variants.find(name, true).await.unwrap().map(|v| v.id),
            Some(sold.id)
        );
    }
    // Of several with a name that are deleted, the one that went last.
    let again = h.product(stored.content.clone()).await;
    let again = h.edited(&again, |p| p.delete(h.now()).unwrap()).await;
    for name in names.iter().skip(1) {
        assert_eq!(
            h.products.find(name, true).await.unwrap().map(|p| p.id),
            Some(again.id)
        );
    }
    assert_eq!(
        h.products.find(&ProductRef::Id(other.id), true).await.unwrap(),
        Some(other)
    );
}

pub async fn views_are_whole_and_grow(h: &Harness) {
    let category = h.category(None).await;
    let shirt = h.product(full_product(h, category.id)).await;
    let mut revision = 0;
    let mut grown = async |what: &str| {
        let view = h.products.view(shirt.id).await.unwrap().unwrap();
        assert!(view.revision > revision, "{what}");
        revision = view.revision;
        view
    };
    grown("a product").await;
    let options = |size| with_options(variant(h), &[("size", size), ("colour", "red")]);
    let mut large = options("L");
    large.position = 1;
    let large = h.variant(shirt.id, large).await;
    let small = h.variant(shirt.id, options("S")).await;
    assert_eq!(grown("variants").await.variants, [small.clone(), large.clone()]);
    h.commit(renamed(&shirt, h, "Shirt")).await.unwrap();
    grown("an edit").await;
    h.commit(edit_variant(&large, |v| v.delete(h.now()).unwrap()))
        .await
        .unwrap();
    assert_eq!(grown("a deletion").await.variants, [small]);
    let other = h.product(product(h)).await;
    h.variant(other.id, variant(h)).await;
    assert_eq!(
        h.products.variants_of(&[shirt.id, other.id]).await.unwrap().len(),
        2
    );
    let missing = new_product(h, product(h)).after.id;
    assert_eq!(h.products.view(missing).await.unwrap(), None);
    // Writers of two variants at once: the revision grows with each of the two.
    for position in 2..12 {
        let now = h.products.view(shirt.id).await.unwrap().unwrap();
        let mut content = now.variants[0].content.clone();
        content.position = position;
        let edit = edit_variant(&now.variants[0], |v| v.revise(content, h.now()).unwrap());
        let both = futures::join!(
            h.commit(edit),
            h.commit(renamed(&now.product, h, &position.to_string()))
        );
        both.0.unwrap();
        both.1.unwrap();
        assert!(grown("two edits at once").await.revision >= now.revision + 2);
    }
}

pub async fn slugs_in_use_are_told(h: &Harness) {
    let stored = h.product(product(h)).await;
    let shelf = h.category(None).await;
    let pair = |(locale, slug): (&Locale, &Slug)| (locale.clone(), slug.clone());
    let used = pair(stored.content.slug.iter().next().unwrap());
    let shelf = pair(shelf.content.slug.iter().next().unwrap());
    let free = (locale("de"), used.1.clone());
    let asked = [used.clone(), shelf.clone(), free];
    assert_eq!(
        h.store.taken_product_slugs(&asked).await.unwrap(),
        std::slice::from_ref(&used)
    );
    assert_eq!(h.store.taken_category_slugs(&asked).await.unwrap(), [shelf]);
    h.edited(&stored, |p| p.delete(h.now()).unwrap()).await;
    assert_eq!(h.store.taken_product_slugs(&asked).await.unwrap(), []);
}
