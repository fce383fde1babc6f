//! An index that follows the catalog, and searches that rest on both: the real engine on either database.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use application::Clock;
use application::changelog::{ChangeLog, LogChange, LogEntry, LogPosition};
use application::pricing::PricingContext;
use application::resource::ResourceRef;
use application::search::{
    Audience, Document, FacetAnswer, FacetKindRequest, FacetRequest, FilterRequest, Found, GroundPorts,
    HighlightRequest, IndexStatus, Layout, Located, Plane, PlaneState, Query, RangeRequest, Rebuild, Search,
    SearchError, SearchFailure, SearchIndex, SearchPolicy, SearchPorts, SearchRequest, SearchSettings,
    SortRequest, SuggestRequest, Suggested, TestRequest,
};
use application::store::{CatalogStore, Changes, StoreError};
use application::storefront::Visit;
use application::testing::fixtures::{
    channel, edit_category, edit_product, locale, new_product, new_variant, product, renamed, text, variant,
};
use application::testing::prices::{content, price_list};
use application::testing::{Harness, context};
use async_trait::async_trait;
use domain::channel::{Channel, ChannelLocales, ChannelState};
use domain::pricing::{PriceList, PriceListContent, Validity};
use domain::product::{ProductContent, ProductState};
use domain::product_type::{
    Attribute, AttributeValue, Attributes, Kind, Level, ProductType, ProductTypeContent, ProductTypeState,
    Required,
};
use domain::value::{Currency, Json, Key, Metadata, Text};
use domain::{ChannelId, ProductId, ProductTypeId, Timestamp};
use infrastructure::search_index::TantivyIndex;
use infrastructure::system::SystemClock;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// A search that runs until it is dropped.
pub(crate) struct Following {
    pub(crate) search: Search,
    task: JoinHandle<()>,
}

impl Drop for Following {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Following {
    pub(crate) fn start(ports: SearchPorts) -> Self {
        // Other databases of the server may hold the log's horizon up.
        let search = over(ports, Duration::from_mins(1));
        let running = search.clone();
        Self {
            task: tokio::spawn(async move { running.run().await }),
            search,
        }
    }

    /// Until nothing of it is left, so that another one may take the folder.
    async fn stop(mut self) {
        self.task.abort();
        let _: Result<_, _> = (&mut self.task).await;
    }
}

pub(crate) fn ports(h: &Harness, index: Arc<dyn SearchIndex>) -> SearchPorts {
    SearchPorts {
        index,
        copies: h.copies.clone(),
        log: h.log.clone(),
        ground: GroundPorts {
            types: h.types.clone(),
            channels: h.channels.clone(),
            lists: h.price_lists.clone(),
            categories: h.categories.clone(),
            settings: h.search_settings.clone(),
        },
        storefront: h.storefront.clone(),
        products: h.products.clone(),
        clock: Arc::new(SystemClock),
    }
}

fn over(ports: SearchPorts, patience: Duration) -> Search {
    let policy = SearchPolicy {
        default_locale: locale("en"),
        interval: Duration::from_millis(5),
        patience,
    };
    Search::new(ports, policy)
}

pub(crate) fn open(folder: &Path) -> Arc<TantivyIndex> {
    Arc::new(TantivyIndex::open(folder, "catalog", Arc::new(SystemClock)).unwrap())
}

fn follow_with(h: &Harness, index: Arc<dyn SearchIndex>) -> Following {
    Following::start(ports(h, index))
}

fn follow(h: &Harness, folder: &Path) -> Following {
    follow_with(h, open(folder))
}

async fn written(h: &Harness, changes: impl Into<Changes>) -> LogPosition {
    let committed = h.store.commit(&changes.into(), &context(), None).await.unwrap();
    committed.position.unwrap()
}

fn request(audience: Audience, filter: Option<FilterRequest>, at: LogPosition) -> SearchRequest {
    SearchRequest {
        audience,
        text: None,
        filter,
        facets: vec![],
        sort: vec![],
        limit: 50,
        after: None,
        min_position: Some(at),
        highlight: HighlightRequest::default(),
        explain: false,
    }
}

const EDITOR: Audience = Audience::Management {
    locale: None,
    pricing: None,
};

fn is(field: &str, value: &str) -> FilterRequest {
    FilterRequest::Is {
        field: Located::new("field", field.to_owned()),
        test: TestRequest::In(vec![Located::new("value", Json::Text(value.to_owned()))]),
    }
}

fn shopper(channel: &ChannelState) -> Audience {
    let at = SystemClock.now();
    Audience::Store {
        visit: Visit {
            channel: channel.id,
            at,
        },
        locales: channel.content.locales.chain(&locale("en")),
        pricing: PricingContext {
            channel: Some(channel.id),
            channel_lists: vec![],
            currency: Currency::parse("EUR").unwrap(),
            country: None,
            customer_groups: BTreeSet::new(),
            at: Some(at),
            staged: false,
        },
    }
}

async fn edited(search: &Search, filter: FilterRequest, at: LogPosition) -> Vec<ProductId> {
    let page = search
        .management(request(EDITOR, Some(filter), at))
        .await
        .unwrap();
    assert!(page.position >= at);
    assert_eq!(page.total, page.hits.len() as u64);
    page.hits.iter().map(|hit| hit.item.id).collect()
}

async fn sold(
    search: &Search,
    channel: &ChannelState,
    filter: Option<FilterRequest>,
    at: LogPosition,
) -> Vec<ProductId> {
    let page = search.store(request(shopper(channel), filter, at)).await.unwrap();
    page.hits.iter().map(|hit| hit.item.product.id).collect()
}

fn branded(h: &Harness, brand: &str) -> ProductContent {
    ProductContent {
        brand: Some(Text::parse(brand).unwrap()),
        ..product(h)
    }
}

pub(super) async fn what_is_written_is_found_from_its_position_on(h: &Harness) {
    let folder = tempfile::tempdir().unwrap();
    let web = h.channel(channel(h)).await;
    let first = h.product(branded(h, "First")).await;
    let following = follow(h, folder.path());
    let search = &following.search;
    let at = h.log.end().await.unwrap();
    assert_eq!(edited(search, is("brand", "First"), at).await, [first.id]);
    for n in 0..4 {
        let brand = format!("Brand {n}");
        let change = new_product(h, branded(h, &brand));
        let state = change.after.clone();
        let at = written(h, change).await;
        assert_eq!(edited(search, is("brand", &brand), at).await, [state.id]);
        assert_eq!(
            sold(search, &web, Some(is("brand", &brand)), at).await,
            [],
            "a draft"
        );

        let publish = edit_product(&state, |p| p.publish(h.now()).unwrap());
        let live = publish.after.clone();
        let at = written(h, publish).await;
        assert_eq!(
            sold(search, &web, Some(is("brand", &brand)), at).await,
            [state.id]
        );

        let mut other = live.content.clone();
        other.brand = Some(Text::parse(format!("Other {n}")).unwrap());
        let edit = edit_product(&live, |p| p.revise(other, h.now()).unwrap());
        let staged = edit.after.clone();
        let at = written(h, edit).await;
        assert_eq!(edited(search, is("brand", &brand), at).await, []);
        assert_eq!(
            edited(search, is("brand", &format!("Other {n}")), at).await,
            [state.id]
        );
        assert_eq!(
            sold(search, &web, Some(is("brand", &brand)), at).await,
            [state.id],
            "what is published"
        );

        let sku = variant(h);
        let name = sku.sku.to_string();
        let added = new_variant(h, state.id, sku);
        let at = written(h, added).await;
        assert_eq!(edited(search, is("sku", &name), at).await, [state.id]);

        let delete = edit_product(&staged, |p| p.delete(h.now()).unwrap());
        let at = written(h, delete).await;
        assert_eq!(edited(search, is("brand", &format!("Other {n}")), at).await, []);
        assert_eq!(sold(search, &web, Some(is("brand", &brand)), at).await, []);
    }
    let status = search.status().await.unwrap();
    assert_eq!(
        status
            .iter()
            .map(|s| (s.plane, s.state, s.documents))
            .collect::<Vec<_>>(),
        [
            (Plane::Management, PlaneState::Following, 1),
            (Plane::Store, PlaneState::Following, 0),
        ]
    );
    assert!(status.iter().all(|s| (s.lag_changes, s.lag_millis) == (0, 0)));
}

fn attribute(key: &str) -> Attribute {
    Attribute {
        key: Key::parse(key).unwrap(),
        name: text(key),
        kind: Kind::Integer { min: None, max: None },
        set: false,
        level: Level::Product,
        required: Required::Never,
        unique: false,
        localizable: false,
        searchable: false,
        filterable: true,
        sortable: true,
    }
}

fn counted(h: &Harness, of: ProductTypeId, key: &str, count: i64) -> ProductContent {
    let values = [(Key::parse(key).unwrap(), AttributeValue::Integer(count))];
    ProductContent {
        product_type: of,
        attributes: values.into_iter().collect::<Attributes>(),
        ..product(h)
    }
}

fn at_least(field: &str, least: i64) -> FilterRequest {
    let number = Json::Number(domain::value::JsonNumber::from_signed(least));
    FilterRequest::Is {
        field: Located::new("field", field.to_owned()),
        test: TestRequest::Range(RangeRequest {
            gte: Some(Located::new("gte", number)),
            ..RangeRequest::default()
        }),
    }
}

pub(super) async fn attributes_are_found_as_soon_as_a_type_has_them(h: &Harness) {
    let folder = tempfile::tempdir().unwrap();
    let following = follow(h, folder.path());
    let search = &following.search;
    let content = ProductTypeContent {
        key: Key::parse("book").unwrap(),
        name: text("Book"),
        attributes: vec![attribute("pages")],
        option_attributes: vec![],
        metadata: Metadata::default(),
    };
    // The first id is that of the type that a catalog begins with.
    h.id();
    let book = ProductType::create(ProductTypeId::new(h.id()), content, h.now());
    let state = book.state().clone();
    written(h, book.into_change().unwrap()).await;
    let create = new_product(h, counted(h, state.id, "pages", 300));
    let (novel, at) = (create.after.id, written(h, create).await);
    assert_eq!(
        edited(search, at_least("attributes.pages", 300), at).await,
        [novel]
    );
    assert_eq!(edited(search, at_least("attributes.pages", 301), at).await, []);

    // Once more beside the index that is there, which goes on answering.
    let mut book = ProductType::load(state.clone());
    let more = ProductTypeContent {
        attributes: vec![attribute("pages"), attribute("edition")],
        ..state.content.clone()
    };
    book.revise(more, h.now()).unwrap();
    let at = written(h, book.into_change().unwrap()).await;
    assert_eq!(edited(search, at_least("attributes.edition", 1), at).await, []);
    let create = new_product(h, counted(h, state.id, "edition", 2));
    let (second, at) = (create.after.id, written(h, create).await);
    assert_eq!(
        edited(search, at_least("attributes.edition", 1), at).await,
        [second]
    );
    assert_eq!(
        edited(search, at_least("attributes.pages", 300), at).await,
        [novel]
    );

    let unknown = request(EDITOR, Some(at_least("attributes.nope", 1)), at);
    let refused = search.management(unknown).await.unwrap_err();
    assert!(matches!(refused, SearchFailure::Invalid(_)), "{refused}");
}

async fn for_sale(h: &Harness, content: ProductContent) -> ProductState {
    let state = h.product(content).await;
    h.variant(state.id, variant(h)).await;
    h.edited(&state, |p| p.publish(h.now()).unwrap()).await
}

pub(super) async fn searches_rest_on_lists_categories_and_channels_as_they_are(h: &Harness) {
    let folder = tempfile::tempdir().unwrap();
    let web = h.channel(channel(h)).await;
    let (outer, inner) = (h.category(None).await, h.category(None).await);
    let filed = ProductContent {
        categories: vec![inner.id],
        ..product(h)
    };
    let mug = for_sale(h, filed).await;
    let pot = for_sale(h, product(h)).await;
    let following = follow(h, folder.path());
    let search = &following.search;
    let in_outer = || Some(is("category", &outer.id.to_string()));
    let at = h.log.end().await.unwrap();
    assert_eq!(sold(search, &web, in_outer(), at).await, []);
    let mut moved = inner.content.clone();
    moved.parent = Some(outer.id);
    let at = written(h, edit_category(&inner, |c| c.revise(moved, h.now()).unwrap())).await;
    assert_eq!(sold(search, &web, in_outer(), at).await, [mug.id]);
    let mut tree = request(shopper(&web), None, at);
    tree.facets = vec![FacetRequest {
        field: Located::new("field", "category".to_owned()),
        kind: FacetKindRequest::Tree,
        disjunctive: true,
    }];
    let page = search.store(tree).await.unwrap();
    let [FacetAnswer::Tree(counts)] = page.facets.as_slice() else {
        panic!("{:?}", page.facets)
    };
    let counts: Vec<_> = counts.iter().map(|c| (c.id, c.parent, c.count)).collect();
    assert_eq!(counts, [(outer.id, None, 1), (inner.id, Some(outer.id), 1)]);

    // A price in a new list.
    let list = h.price_list(price_list(h, 5)).await;
    let variants = h.products.variants_of(&[mug.id, pot.id]).await.unwrap();
    for (state, minor) in variants.iter().zip([500, 400]) {
        h.price(list.id, state, content(minor, Validity::ALWAYS)).await;
    }
    let at = {
        let mut edit = PriceList::load(list.clone());
        let content = PriceListContent {
            priority: 6,
            ..list.content.clone()
        };
        edit.revise(content, h.now()).unwrap();
        written(h, edit.into_change().unwrap()).await
    };
    let mut cheapest = request(shopper(&web), None, at);
    cheapest.sort = vec![SortRequest {
        field: Located::new("sort", "price".to_owned()),
        descending: false,
    }];
    let page = search.store(cheapest).await.unwrap();
    let ids: Vec<_> = page.hits.iter().map(|hit| hit.item.product.id).collect();
    let by_price: Vec<_> = variants.iter().rev().map(|v| v.product).collect();
    assert_eq!(ids, by_price);

    // A channel that comes later has its own way to read.
    let french = {
        let mut content = channel(h);
        content.locales =
            ChannelLocales::new(vec![locale("fr"), locale("en")], locale("en"), [].into()).unwrap();
        let channel = Channel::create(ChannelId::new(h.id()), content, h.now());
        let state = channel.state().clone();
        let at = written(h, channel.into_change().unwrap()).await;
        (state, at)
    };
    let Audience::Store { visit, pricing, .. } = shopper(&french.0) else {
        unreachable!()
    };
    let audience = Audience::Store {
        visit,
        locales: french.0.content.locales.chain(&locale("fr")),
        pricing,
    };
    let page = search.store(request(audience, None, french.1)).await.unwrap();
    assert_eq!(page.total, 2);
}

pub(super) async fn an_index_goes_on_after_a_restart(h: &Harness) {
    let folder = tempfile::tempdir().unwrap();
    let create = new_product(h, branded(h, "Before"));
    let (before, at) = (create.after.clone(), written(h, create).await);
    let following = follow(h, folder.path());
    assert_eq!(
        edited(&following.search, is("brand", "Before"), at).await,
        [before.id]
    );
    following.stop().await;
    let rename = renamed(&before, h, "Renamed");
    h.commit(rename).await.unwrap();
    let create = new_product(h, branded(h, "Between"));
    let (between, at) = (create.after.id, written(h, create).await);

    let index = reopened(folder.path()).await;
    assert!(
        index.layout(Plane::Management).is_some(),
        "what was made is there"
    );
    let counted = Arc::new(Counting::new(index));
    let following = follow_with(h, counted.clone());
    assert_eq!(
        edited(&following.search, is("brand", "Between"), at).await,
        [between]
    );
    assert_eq!(
        edited(&following.search, is("brand", "Before"), at).await,
        [before.id]
    );
    assert_eq!(counted.rebuilds.load(Ordering::Relaxed), 0, "and not made again");
}

/// The folder that was left, once whoever had it has let go of it.
async fn reopened(folder: &Path) -> Arc<TantivyIndex> {
    loop {
        let index = open(folder);
        if index.folder() == folder {
            return index;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub(super) async fn an_index_that_fails_is_made_again(h: &Harness) {
    let folder = tempfile::tempdir().unwrap();
    let index = Arc::new(Counting::new(open(folder.path())));
    let following = follow_with(h, index.clone());
    let create = new_product(h, branded(h, "First"));
    let (first, at) = (create.after.id, written(h, create).await);
    assert_eq!(edited(&following.search, is("brand", "First"), at).await, [first]);
    let made = index.rebuilds.load(Ordering::Relaxed);
    index.is_broken.store(true, Ordering::Relaxed);
    let create = new_product(h, branded(h, "Second"));
    let (second, at) = (create.after.id, written(h, create).await);
    assert_eq!(
        edited(&following.search, is("brand", "Second"), at).await,
        [second]
    );
    assert!(
        index.rebuilds.load(Ordering::Relaxed) > made,
        "by another rebuild"
    );
}

pub(super) async fn who_demands_too_much_is_told(h: &Harness) {
    let folder = tempfile::tempdir().unwrap();
    let search = over(ports(h, open(folder.path())), Duration::from_millis(50));
    let mut now = request(EDITOR, None, LogPosition::default());
    now.min_position = None;
    let refused = search.management(now.clone()).await.unwrap_err();
    assert!(matches!(refused, SearchFailure::NotReady), "{refused}");
    let status = search.status().await.unwrap();
    assert!(
        status
            .iter()
            .all(|s| s.state == PlaneState::Building && s.position.is_none())
    );
    let running = search.clone();
    let task = tokio::spawn(async move { running.run().await });
    while search.management(now.clone()).await.is_err() {
        tokio::task::yield_now().await;
    }
    let far = LogPosition {
        transaction: i64::MAX,
        position: i64::MAX,
    };
    let refused = search.management(request(EDITOR, None, far)).await.unwrap_err();
    assert!(matches!(refused, SearchFailure::NotCaughtUp), "{refused}");
    let web = h.channel(channel(h)).await;
    let crossed = search
        .management(request(shopper(&web), None, far))
        .await
        .unwrap_err();
    assert!(matches!(crossed, SearchFailure::Audience), "{crossed}");
    task.abort();
}

pub(super) async fn what_is_written_while_an_index_is_begun_is_not_missed(h: &Harness) {
    let folder = tempfile::tempdir().unwrap();
    h.id();
    let content = ProductTypeContent {
        key: Key::parse("late").unwrap(),
        name: text("Late"),
        attributes: vec![attribute("pages")],
        option_attributes: vec![],
        metadata: Metadata::default(),
    };
    let late = ProductType::create(ProductTypeId::new(h.id()), content, h.now());
    let of = late.state().id;
    let log = Busy {
        inner: h.log.clone(),
        store: h.store.clone(),
        next: Mutex::new(late.into_change().map(Changes::from)),
    };
    let ports = SearchPorts {
        log: Arc::new(log),
        ..ports(h, open(folder.path()))
    };
    let following = Following::start(ports);
    let search = &following.search;
    let mut anything = request(EDITOR, None, LogPosition::default());
    anything.min_position = None;
    while search.management(anything.clone()).await.is_err() {
        tokio::task::yield_now().await;
    }
    let create = new_product(h, counted(h, of, "pages", 7));
    let (book, at) = (create.after.id, written(h, create).await);
    assert_eq!(edited(search, at_least("attributes.pages", 7), at).await, [book]);
}

pub(super) async fn a_type_that_changes_back_holds_nobody_up(h: &Harness) {
    let folder = tempfile::tempdir().unwrap();
    let web = h.channel(channel(h)).await;
    let log = Arc::new(Busy {
        inner: h.log.clone(),
        store: h.store.clone(),
        next: Mutex::default(),
    });
    let following = Following::start(SearchPorts {
        log: log.clone(),
        ..ports(h, open(folder.path()))
    });
    let search = &following.search;
    let at = h.log.end().await.unwrap();
    assert_eq!(edited(search, is("brand", "Any"), at).await, []);
    assert_eq!(sold(search, &web, None, at).await, []);

    let generic = ResourceRef::Id(ProductTypeId::GENERIC);
    let before = h.types.find(&generic, false).await.unwrap().unwrap();
    let changed = |state: &ProductTypeState, attributes: Vec<Attribute>| {
        let mut changed = ProductType::load(state.clone());
        let content = ProductTypeContent {
            attributes,
            ..state.content.clone()
        };
        changed.revise(content, h.now()).unwrap();
        changed.into_change().unwrap()
    };
    let there = changed(&before, vec![attribute("pages")]);
    let back = changed(&there.after, before.content.attributes.clone());
    // As soon as another index is begun.
    *log.next.lock().await = Some(back.into());
    written(h, there).await;
    while log.next.lock().await.is_some() {
        tokio::task::yield_now().await;
    }
    let create = new_product(h, branded(h, "Late"));
    let (late, at) = (create.after.id, written(h, create).await);
    assert_eq!(edited(search, is("brand", "Late"), at).await, [late]);
    assert_eq!(sold(search, &web, None, at).await, []);
}

/// A log to which something is written just before it is asked for its end.
struct Busy {
    inner: Arc<dyn ChangeLog>,
    store: Arc<dyn CatalogStore>,
    next: Mutex<Option<Changes>>,
}

#[async_trait]
impl ChangeLog for Busy {
    async fn read(&self, after: LogPosition, limit: u32) -> Result<Vec<LogEntry>, StoreError> {
        self.inner.read(after, limit).await
    }

    async fn end(&self) -> Result<LogPosition, StoreError> {
        // Held until it is written: nobody else may see the end before.
        let mut next = self.next.lock().await;
        if let Some(changes) = next.take() {
            let committed = self.store.commit(&changes, &context(), None).await?;
            let written = committed.position.unwrap();
            while self.inner.end().await? < written {
                tokio::task::yield_now().await;
            }
        }
        self.inner.end().await
    }

    async fn changed_since(
        &self,
        since: Timestamp,
        limit: u32,
    ) -> Result<Option<Vec<LogChange>>, StoreError> {
        self.inner.changed_since(since, limit).await
    }

    async fn changes(&self, after: LogPosition, limit: u32) -> Result<Vec<LogChange>, StoreError> {
        self.inner.changes(after, limit).await
    }
}

/// The engine with a count of its rebuilds and what it found last, which can be broken: until the next rebuild it takes
/// nothing on.
pub(crate) struct Counting {
    inner: Arc<TantivyIndex>,
    pub(crate) found: Mutex<Option<Found>>,
    rebuilds: AtomicUsize,
    is_broken: AtomicBool,
}

impl Counting {
    pub(crate) fn new(inner: Arc<TantivyIndex>) -> Self {
        Self {
            inner,
            found: Mutex::default(),
            rebuilds: AtomicUsize::new(0),
            is_broken: AtomicBool::new(false),
        }
    }
}

#[async_trait]
impl SearchIndex for Counting {
    fn layout(&self, plane: Plane) -> Option<Layout> {
        self.inner.layout(plane)
    }

    async fn apply(
        &self,
        plane: Plane,
        documents: Vec<Document>,
        gone: Vec<ProductId>,
        position: LogPosition,
    ) -> Result<(), SearchError> {
        if self.is_broken.load(Ordering::Relaxed) {
            return Err(SearchError::Failed("broken".into()));
        }
        self.inner.apply(plane, documents, gone, position).await
    }

    async fn rebuild(&self, plane: Plane, layout: Layout) -> Result<Box<dyn Rebuild>, SearchError> {
        self.rebuilds.fetch_add(1, Ordering::Relaxed);
        self.is_broken.store(false, Ordering::Relaxed);
        self.inner.rebuild(plane, layout).await
    }

    async fn search(&self, plane: Plane, query: Query) -> Result<Found, SearchError> {
        let found = self.inner.search(plane, query).await?;
        *self.found.lock().await = Some(found.clone());
        Ok(found)
    }

    async fn suggest(&self, plane: Plane, request: SuggestRequest) -> Result<Suggested, SearchError> {
        self.inner.suggest(plane, request).await
    }

    fn status(&self, plane: Plane) -> IndexStatus {
        self.inner.status(plane)
    }

    fn highlight(
        &self,
        text: &str,
        language: &str,
        settings: &SearchSettings,
        fragment: usize,
        texts: &[&str],
    ) -> Vec<Option<String>> {
        self.inner.highlight(text, language, settings, fragment, texts)
    }

    fn rank(&self, text: &str, language: &str, settings: &SearchSettings, texts: &[&str]) -> Vec<usize> {
        self.inner.rank(text, language, settings, texts)
    }
}

/// Makes a test of each scenario.
macro_rules! on {
    ($temporary:path) => {
        $crate::catalog::following::on! { $temporary =>
            what_is_written_is_found_from_its_position_on, attributes_are_found_as_soon_as_a_type_has_them,
            searches_rest_on_lists_categories_and_channels_as_they_are, an_index_goes_on_after_a_restart,
            an_index_that_fails_is_made_again, what_is_written_while_an_index_is_begun_is_not_missed,
            a_type_that_changes_back_holds_nobody_up, who_demands_too_much_is_told
        }
    };
    ($temporary:path => $($scenario:ident),+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $scenario() {
            let catalog = $temporary().await;
            $crate::catalog::following::$scenario(&catalog.harness).await;
            catalog.close().await;
        })+
    };
}

pub(super) use on;
