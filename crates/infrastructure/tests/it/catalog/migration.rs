//! What catalogs of earlier schemas become.

use application::product::ProductRef;
use application::storefront::{StoreFilter, StoreRef, Visit};
use application::testing::Harness;
use application::testing::fixtures::locale;
use domain::product::ProductState;
use domain::value::{Slug, Text};
use domain::{ChannelId, ProductId, Timestamp};
use uuid::Uuid;

/// The migrations of a folder, cut in two before the one with this number.
pub(super) fn scripts(folder: &str, number: &str) -> (String, String) {
    let folder = format!("{}/../../migrations/{folder}", env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|f| f.unwrap().path())
        .collect();
    files.sort();
    let read = |(before, after): (String, String), path: &std::path::PathBuf| {
        let script = std::fs::read_to_string(path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name < number {
            (before + &script, after)
        } else {
            (before, after + &script)
        }
    };
    files.iter().fold((String::new(), String::new()), read)
}

const MUG: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
const GONE: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0002);
const DRAFT: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0003);

const AT: &str = "2026-01-01T00:00:00.000000Z";
const LATER: &str = "2026-01-02T00:00:00.000000Z";

/// A published product, one that was deleted while it was published, and a draft, as they were stored before there were
/// published copies.
pub(super) fn before_published_copies() -> String {
    let product = |id: Uuid, key: &str, status: &str, deleted: Option<&str>| {
        let (json, sql) = deleted.map_or(("null".to_owned(), "null".to_owned()), |at| {
            (format!("\"{at}\""), format!("'{at}'"))
        });
        let record =
            format!("\"version\":2,\"createdAt\":\"{AT}\",\"updatedAt\":\"{AT}\",\"deletedAt\":{json}");
        let data = format!(
            "{{\"id\":\"{id}\",{record},\"status\":\"{status}\",\"publishedAt\":\"{AT}\",\"key\":\"{key}\",\
             \"name\":{{\"en\":\"Mug\"}},\"slug\":{{\"en\":\"{key}\"}},\"description\":null,\"brand\":\"B\",\
             \"tags\":[\"t\"],\"categories\":[],\"media\":[],\"seo\":null,\"optionAxes\":[],\"metadata\":{{}}}}"
        );
        let sku = format!("SKU-{key}");
        let variant = Uuid::from_u128(id.as_u128() + 0x100);
        let sold = format!(
            "{{\"id\":\"{variant}\",\"product\":\"{id}\",{record},\"key\":null,\"sku\":\"{sku}\",\"gtin\":null,\
             \"mpn\":null,\"options\":{{}},\"prices\":[],\"media\":[],\"weight\":null,\"dimensions\":null,\
             \"position\":0,\"metadata\":{{}}}}"
        );
        let live = deleted.is_none();
        format!(
            "insert into products (id, key, status, version, brand, axes, data, published_at, created_at, updated_at, \
             deleted_at) values ('{id}', '{key}', '{status}', 2, 'B', '[]', '{data}', '{AT}', '{AT}', '{AT}', {sql});\n\
             insert into product_slugs (product_id, locale, slug, live) values ('{id}', 'en', '{key}', {live});\n\
             insert into product_tags (tag, product_id) values ('t', '{id}');\n\
             insert into variants (id, product_id, key, sku, gtin, axes, options, position, version, data, created_at, \
             updated_at, deleted_at) values ('{variant}', '{id}', null, '{sku}', null, '[]', '{{}}', 0, 2, '{sold}', \
             '{AT}', '{AT}', {sql});\n"
        )
    };
    product(MUG, "mug", "published", None)
        + &product(GONE, "gone", "published", Some(LATER))
        + &product(DRAFT, "draft", "draft", None)
}

async fn stored(h: &Harness, id: Uuid) -> ProductState {
    let reference = ProductRef::Id(ProductId::new(id));
    h.products.find(&reference, true).await.unwrap().unwrap()
}

/// What was on sale still is, as it was; and edits from now on are staged.
pub(super) async fn published_products_have_copies(h: &Harness) {
    let at: Timestamp = "2030-01-01T00:00:00Z".parse().unwrap();
    let visit = Visit {
        channel: ChannelId::new(Uuid::nil()),
        at,
    };
    let seen = async |slug: &str| {
        let name = StoreRef::Slug(Slug::parse(slug).unwrap(), vec![locale("en")]);
        let copy = h.storefront.find(&name, &visit).await.unwrap();
        copy.map(|copy| (copy.product.id.uuid(), copy.variants.len(), copy.moved))
    };
    assert_eq!(seen("mug").await, Some((MUG, 1, false)));
    assert_eq!(seen("gone").await, None);
    assert_eq!(seen("draft").await, None);
    let page = application::page::PageRequest {
        sort: application::page::Sort {
            field: application::page::SortField::UpdatedAt,
            descending: false,
        },
        after: None,
        limit: 10,
        count: application::page::Count::None,
    };
    let filter = StoreFilter {
        brand: Some("B".to_owned()),
        tag: Some("t".to_owned()),
        category: None,
    };
    let list = h.storefront.list(&filter, &visit, &page).await.unwrap();
    assert_eq!(list.items.len(), 1);

    let mug = stored(h, MUG).await;
    assert!(!mug.has_unpublished_changes());
    assert!(stored(h, DRAFT).await.has_unpublished_changes());
    let mut content = mug.content.clone();
    content.brand = Some(Text::parse("C").unwrap());
    let edited = h.edited(&mug, |p| p.revise(content, at).unwrap()).await;
    assert_eq!(stored(h, MUG).await, edited);
    assert!(edited.has_unpublished_changes());
    h.edited(&edited, |p| p.revise(mug.content.clone(), at).unwrap())
        .await;
    assert!(
        !stored(h, MUG).await.has_unpublished_changes(),
        "the same again, across the migration"
    );
    let gone = stored(h, GONE).await;
    h.edited(&gone, |p| p.restore(at).unwrap()).await;
    assert_eq!(seen("gone").await, Some((GONE, 1, false)));
    assert!(!stored(h, GONE).await.has_unpublished_changes());
}
