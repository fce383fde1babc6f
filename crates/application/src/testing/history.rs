//! The past of resources.

use std::time::Duration;

use domain::category::CategoryState;
use domain::pricing::{PriceListContent, Validity};
use domain::product::{ProductState, VariantState};
use domain::resource::{Content, Identity as _, Resource, State};
use domain::{Change, Recorded, Timestamp};

use super::fixtures::{
    category, channel, edit_category, edit_variant, new_category, product, renamed, text, variant,
};
use super::media::{deleted, new_file};
use super::prices::{content, edit_price, price_list};
use super::{Harness, context};
use crate::CatalogError;
use crate::history::{History, HistoryReader};
use crate::product::ProductRef;
use crate::resource::ResourceRef;
use crate::store::WriteContext;

/// A product in four versions: created, renamed, published, deleted.
async fn four(h: &Harness) -> [ProductState; 4] {
    let first = h.product(product(h)).await;
    let change = renamed(&first, h, "Pot");
    let second = change.after.clone();
    let other = WriteContext {
        actor: "someone".to_owned(),
        request_id: "request-2".to_owned(),
        ..context()
    };
    h.store.commit(&change.into(), &other, None).await.unwrap();
    let third = h.edited(&second, |p| p.publish(h.now()).unwrap()).await;
    let fourth = h.edited(&third, |p| p.delete(h.now()).unwrap()).await;
    [first, second, third, fourth]
}

fn just_before(time: Timestamp) -> Timestamp {
    time - chrono::TimeDelta::microseconds(1)
}

pub async fn every_version_is_told(h: &Harness) {
    let versions = four(h).await;
    let id = versions[0].id.uuid();
    let reader = &*h.history.products;
    let entries = reader.entries(id, None, 10).await.unwrap();
    let told: Vec<_> = entries
        .iter()
        .map(|e| (e.version, e.events.as_str(), e.at))
        .collect();
    let at = |index: usize| versions[index].record.updated_at;
    assert_eq!(
        told,
        [
            (4, "deleted", at(3)),
            (3, "published", at(2)),
            (2, "updated", at(1)),
            (1, "created", at(0))
        ]
    );
    assert_eq!(
        (entries[2].actor.as_str(), entries[2].request_id.as_str()),
        ("someone", "request-2")
    );
    let page = reader.entries(id, Some(4), 2).await.unwrap();
    assert_eq!(page, entries[1..3]);
    assert_eq!(reader.entries(id, Some(1), 2).await.unwrap(), []);
    assert_eq!(reader.entries(h.id(), None, 2).await.unwrap(), []);

    for state in &versions {
        let found = reader.version(id, state.record.version).await.unwrap();
        assert_eq!(found.as_ref(), Some(state));
    }
    for none in [0, 5, -1, i64::MAX] {
        assert_eq!(reader.version(id, none).await.unwrap(), None);
    }
    // An id of another kind is not taken for one of this.
    let of_variants = &*h.history.variants;
    assert_eq!(of_variants.version(id, 1).await.unwrap(), None);
}

pub async fn states_are_told_as_of_an_instant(h: &Harness) {
    let versions = four(h).await;
    let (id, reader) = (versions[0].id.uuid(), &*h.history.products);
    for (index, state) in versions.iter().enumerate() {
        let at = state.record.updated_at;
        assert_eq!(reader.as_of(id, at).await.unwrap().as_ref(), Some(state));
        let before = index.checked_sub(1).map(|i| &versions[i]);
        assert_eq!(reader.as_of(id, just_before(at)).await.unwrap().as_ref(), before);
    }
    let later = versions[3].record.updated_at + Duration::from_secs(1000);
    assert_eq!(
        reader.as_of(id, later).await.unwrap().as_ref(),
        Some(&versions[3])
    );

    let history = History::new(h.history.products.clone());
    let as_of = async |at| history.as_of(id, "product", &versions[3], at).await;
    let now = &versions[3].record;
    assert_eq!(as_of(versions[2].record.updated_at).await.unwrap(), versions[2]);
    for absent in [just_before(now.created_at), now.updated_at, later] {
        assert!(matches!(
            as_of(absent).await,
            Err(CatalogError::NotFound("product"))
        ));
    }
}

pub async fn all_kinds_have_one(h: &Harness) {
    async fn check<S: Recorded + PartialEq + std::fmt::Debug + 'static>(
        reader: &dyn HistoryReader<S>,
        id: uuid::Uuid,
        states: [S; 2],
    ) {
        for state in states {
            let record = state.record().clone();
            assert_eq!(
                reader.version(id, record.version).await.unwrap().as_ref(),
                Some(&state)
            );
            assert_eq!(reader.as_of(id, record.updated_at).await.unwrap(), Some(state));
        }
        assert_eq!(reader.entries(id, None, 9).await.unwrap().len(), 2);
    }
    let owner = h.product(product(h)).await;
    let sold: VariantState = h.variant(owner.id, variant(h)).await;
    let edit = edit_variant(&sold, |v| {
        let mut content = v.state().content.clone();
        content.position = 9;
        v.revise(content, h.now()).unwrap();
    });
    let moved = edit.after.clone();
    h.commit(edit).await.unwrap();
    check(&*h.history.variants, sold.id.uuid(), [sold, moved]).await;

    let new = new_category(h, category(h, None));
    let shelf: CategoryState = new.after.clone();
    h.commit(new).await.unwrap();
    let edit = edit_category(&shelf, |c| c.delete(h.now()).unwrap());
    let gone = edit.after.clone();
    h.commit(edit).await.unwrap();
    check(&*h.history.categories, shelf.id.uuid(), [shelf, gone]).await;

    let web = h.channel(channel(h)).await;
    let edit = edited(&web, |c| c.delete(h.now()).unwrap());
    let gone = edit.after.clone();
    h.commit(edit).await.unwrap();
    check(&*h.history.channels, web.id.uuid(), [web, gone]).await;

    let list = h.price_list(price_list(h, 1)).await;
    let price = h
        .price(
            list.id,
            &sold_of(h, owner.id).await,
            content(100, Validity::default()),
        )
        .await;
    let edit = edited(&list, |l| {
        let content = PriceListContent {
            priority: 7,
            ..l.state().content.clone()
        };
        l.revise(content, h.now()).unwrap();
    });
    let raised = edit.after.clone();
    h.commit(edit).await.unwrap();
    check(&*h.history.price_lists, list.id.uuid(), [list, raised]).await;
    let edit = edit_price(&price, |p| p.delete(h.now()).unwrap());
    let gone = edit.after.clone();
    h.commit(edit).await.unwrap();
    check(&*h.history.prices, price.id.uuid(), [price.clone(), gone.clone()]).await;
    let past = History::new(h.history.prices.clone());
    assert_eq!(past.newest(price.id.uuid()).await.unwrap(), Some(gone));
    assert_eq!(past.newest(h.id()).await.unwrap(), None);

    let file = new_file(h, 3);
    let state = file.after.clone();
    h.commit(file).await.unwrap();
    let edit = deleted(h, &state);
    let gone = edit.after.clone();
    h.commit(edit).await.unwrap();
    check(&*h.history.media, state.id.uuid(), [state, gone]).await;
}

/// What every catalog begins with was written by no request, and still has a past.
pub async fn what_was_always_there_has_one(h: &Harness) {
    let generic = ResourceRef::Id(domain::ProductTypeId::GENERIC);
    let first = h.types.find(&generic, false).await.unwrap().unwrap();
    let id = first.id.to_uuid();
    let past = History::new(h.history.product_types.clone());
    assert_eq!(past.version(id, &first, 1).await.unwrap(), first);
    let as_of = past.as_of(id, "product type", &first, h.now()).await.unwrap();
    assert_eq!(as_of, first);
    let before = just_before(first.record.created_at);
    assert!(matches!(
        past.as_of(id, "product type", &first, before).await,
        Err(CatalogError::NotFound("product type"))
    ));
    let edit = edited(&first, |t| {
        let mut content = t.state().content.clone();
        content.name = text("Anything");
        t.revise(content, h.now()).unwrap();
    });
    let second = edit.after.clone();
    h.commit(edit).await.unwrap();
    assert_eq!(past.version(id, &second, 2).await.unwrap(), second);
    assert!(matches!(
        past.version(id, &second, 1).await,
        Err(CatalogError::HistoryExpired)
    ));
    let earlier = just_before(second.record.updated_at);
    assert!(matches!(
        past.as_of(id, "product type", &second, earlier).await,
        Err(CatalogError::HistoryExpired)
    ));
}

async fn sold_of(h: &Harness, product: domain::ProductId) -> VariantState {
    let found = h.products.variants_of(&[product]).await.unwrap();
    found.into_iter().next().unwrap()
}

fn edited<C: Content>(state: &State<C>, edit: impl FnOnce(&mut Resource<C>)) -> Change<State<C>> {
    let mut resource = Resource::load(state.clone());
    edit(&mut resource);
    resource.into_change().unwrap()
}

pub async fn old_versions_are_removed_and_the_last_never(h: &Harness) {
    let versions = four(h).await;
    let alone = h.product(product(h)).await;
    let id = versions[0].id.uuid();
    let log = loop {
        // Entries are told once nobody who writes beside this test holds them up.
        let log = h
            .log
            .read(crate::changelog::LogPosition::default(), 100)
            .await
            .unwrap();
        if log.len() == 5 {
            break log;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(
        h.upkeep
            .forget_history(log[0].time - Duration::from_secs(1))
            .await
            .unwrap(),
        0
    );
    assert_eq!(h.history.products.entries(id, None, 9).await.unwrap().len(), 4);

    let later = log[4].time + Duration::from_secs(1);
    assert_eq!(h.upkeep.forget_history(later).await.unwrap(), 3);
    assert_eq!(h.upkeep.forget_history(later).await.unwrap(), 0);
    let left = h.history.products.entries(id, None, 9).await.unwrap();
    assert_eq!(left.iter().map(|e| e.version).collect::<Vec<_>>(), [4]);
    let others = h
        .history
        .products
        .entries(alone.id.uuid(), None, 9)
        .await
        .unwrap();
    assert_eq!(others.len(), 1);
    // The log ends where it did, and products keep the revision by which caches tell versions apart.
    assert_eq!(h.log.end().await.unwrap(), log[4].at);
    let view = h.products.view(alone.id).await.unwrap().unwrap();
    assert_eq!(view.revision, log[4].at.position);

    let history = History::new(h.history.products.clone());
    let now = h
        .products
        .find(&ProductRef::Id(versions[0].id), true)
        .await
        .unwrap()
        .unwrap();
    let version = async |version| history.version(id, &now, version).await;
    assert_eq!(version(4).await.unwrap(), versions[3]);
    for gone in [1, 3] {
        assert!(matches!(version(gone).await, Err(CatalogError::HistoryExpired)));
    }
    for never in [0, 5] {
        assert!(matches!(
            version(never).await,
            Err(CatalogError::NotFound("version"))
        ));
    }
    let as_of = async |at| history.as_of(id, "product", &now, at).await;
    assert!(matches!(
        as_of(versions[1].record.updated_at).await,
        Err(CatalogError::HistoryExpired)
    ));
    assert!(matches!(
        as_of(just_before(now.record.created_at)).await,
        Err(CatalogError::NotFound(_))
    ));
}
