//! What every search rests on beside the index: product types, channels, price lists, the category tree and the
//! settings, as they were at one position of the change log or later.
//!
//! Invariant: a part is loaded again whenever the log tells of a change of it, before anyone is told that the log was
//! followed so far.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use domain::CategoryId;
use domain::category::CategoryState;
use domain::channel::ChannelState;
use domain::pricing::PriceListState;
use domain::product_type::ProductTypeState;
use domain::resource::{Content, State};
use domain::value::{Locale, Localized};
use tokio::sync::{Mutex, watch};

use super::compose::Composer;
use super::ports::Plane;
use super::query::{Category, CategoryTree};
use super::settings::{SearchSettings, SearchSettingsId, SearchSettingsReader};
use crate::category::CategoryReader;
use crate::changelog::{LogChange, LogPosition};
use crate::channel::ChannelReader;
use crate::page::{Count, PageRequest, Position, Sort, SortField};
use crate::pricing::PriceListReader;
use crate::product_type::ProductTypeReader;
use crate::resource::{ResourceReader, ResourceRef};
use crate::store::StoreError;

/// The category tree in memory.
#[derive(Debug, Default)]
pub(super) struct Categories {
    /// Parents before children, siblings in their order.
    pub(super) all: Vec<CategoryState>,
    pub(super) tree: Arc<CategoryTree>,
    children: HashMap<CategoryId, Vec<CategoryId>>,
}

impl Categories {
    pub(super) fn new(all: Vec<CategoryState>) -> Self {
        let mut tree = CategoryTree::new();
        let mut children: HashMap<CategoryId, Vec<CategoryId>> = HashMap::new();
        for state in &all {
            let parent = state.content.parent;
            tree.insert(state.id, Category { parent });
            if let Some(parent) = parent {
                children.entry(parent).or_default().push(state.id);
            }
        }
        Self {
            all,
            tree: Arc::new(tree),
            children,
        }
    }

    /// These and all below them.
    pub(super) fn with_descendants(&self, roots: &[CategoryId]) -> BTreeSet<CategoryId> {
        let mut found = BTreeSet::new();
        let mut open = roots.to_vec();
        while let Some(id) = open.pop() {
            if found.insert(id) {
                open.extend(self.children.get(&id).into_iter().flatten());
            }
        }
        found
    }

    pub(super) fn find(&self, is_it: impl Fn(&CategoryState) -> bool) -> Option<CategoryId> {
        self.all.iter().find(|state| is_it(state)).map(|state| state.id)
    }

    pub(super) fn name(&self, id: CategoryId, locales: &[Locale]) -> Option<String> {
        let state = self.all.iter().find(|state| state.id == id)?;
        Some(shown(&state.content.name, locales))
    }
}

/// The text in the best language.
pub(super) fn shown<const MAX: usize>(text: &Localized<MAX>, locales: &[Locale]) -> String {
    text.resolve(locales).map(ToString::to_string).unwrap_or_default()
}

#[derive(Debug)]
pub(super) struct Ground {
    types: Arc<Vec<ProductTypeState>>,
    channels: Arc<Vec<ChannelState>>,
    pub(super) lists: Arc<Vec<PriceListState>>,
    pub(super) categories: Arc<Categories>,
    pub(super) settings: Arc<SearchSettings>,
    management: Arc<Composer>,
    store: Arc<Composer>,
}

impl Ground {
    pub(super) const fn composer(&self, plane: Plane) -> &Arc<Composer> {
        match plane {
            Plane::Management => &self.management,
            Plane::Store => &self.store,
        }
    }
}

/// A part of the ground, in the words of the change log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Part {
    Types,
    Channels,
    Lists,
    Categories,
    Settings,
}

impl Part {
    const ALL: [Self; 5] = [
        Self::Types,
        Self::Channels,
        Self::Lists,
        Self::Categories,
        Self::Settings,
    ];

    fn of(resource: &str) -> Option<Self> {
        match resource {
            "productType" => Some(Self::Types),
            "channel" => Some(Self::Channels),
            "priceList" => Some(Self::Lists),
            "category" => Some(Self::Categories),
            "searchSettings" => Some(Self::Settings),
            _ => None,
        }
    }
}

/// Where the parts of the ground are read.
#[derive(Clone)]
pub struct GroundPorts {
    pub types: Arc<ProductTypeReader>,
    pub channels: Arc<ChannelReader>,
    pub lists: Arc<PriceListReader>,
    pub categories: Arc<dyn CategoryReader>,
    pub settings: Arc<SearchSettingsReader>,
}

/// Keeps the ground.
pub(super) struct Grounds {
    ports: GroundPorts,
    default_locale: Locale,
    current: watch::Sender<Option<Arc<Ground>>>,
    /// Up to where each part is known to reflect the log. Held while parts are loaded.
    loaded: Mutex<HashMap<Part, LogPosition>>,
}

impl Grounds {
    pub(super) fn new(ports: GroundPorts, default_locale: Locale) -> Self {
        Self {
            ports,
            default_locale,
            current: watch::Sender::new(None),
            loaded: Mutex::default(),
        }
    }

    pub(super) fn current(&self) -> Option<Arc<Ground>> {
        self.current.borrow().clone()
    }

    /// The ground, loaded where it has not been.
    pub(super) async fn load(&self) -> Result<Arc<Ground>, StoreError> {
        let loaded = self.loaded.lock().await;
        if let Some(ground) = self.current() {
            return Ok(ground);
        }
        let ground = self.read(&Part::ALL.into_iter().collect()).await?;
        drop(loaded);
        Ok(ground)
    }

    /// The ground as it was at a position, or later.
    pub(super) async fn reload(&self, at: LogPosition) -> Result<Arc<Ground>, StoreError> {
        let mut loaded = self.loaded.lock().await;
        let is_old = |part: &Part| loaded.get(part).is_none_or(|known| *known < at);
        let parts: HashSet<Part> = Part::ALL.into_iter().filter(is_old).collect();
        let ground = self.read(&parts).await?;
        loaded.extend(parts.into_iter().map(|part| (part, at)));
        Ok(ground)
    }

    /// Loads again what these changes name.
    pub(super) async fn refresh(&self, changes: &[LogChange]) -> Result<(), StoreError> {
        let Some(last) = changes.last() else {
            return Ok(());
        };
        let mut loaded = self.loaded.lock().await;
        let stale = |change: &LogChange| {
            let part = Part::of(&change.resource)?;
            let known = loaded.get(&part).copied().unwrap_or_default();
            (known < change.at).then_some(part)
        };
        let parts: HashSet<Part> = changes.iter().filter_map(stale).collect();
        if !parts.is_empty() {
            self.read(&parts).await?;
            // All of these changes were committed before it was read.
            loaded.extend(parts.into_iter().map(|part| (part, last.at)));
        }
        Ok(())
    }

    async fn settings(&self) -> Result<SearchSettings, StoreError> {
        let only = ResourceRef::Id(SearchSettingsId::ONLY);
        let state = self.ports.settings.find(&only, false).await?;
        Ok(state.map(|state| state.content).unwrap_or_default())
    }

    async fn read(&self, parts: &HashSet<Part>) -> Result<Arc<Ground>, StoreError> {
        let before = self.current();
        let kept = |part| before.as_ref().filter(|_| !parts.contains(&part));
        let types = match kept(Part::Types) {
            Some(ground) => ground.types.clone(),
            None => Arc::new(all(&*self.ports.types).await?),
        };
        let channels = match kept(Part::Channels) {
            Some(ground) => ground.channels.clone(),
            None => Arc::new(all(&*self.ports.channels).await?),
        };
        let lists = match kept(Part::Lists) {
            Some(ground) => ground.lists.clone(),
            None => Arc::new(all(&*self.ports.lists).await?),
        };
        let categories = match kept(Part::Categories) {
            Some(ground) => ground.categories.clone(),
            None => Arc::new(Categories::new(self.ports.categories.tree().await?)),
        };
        let settings = match kept(Part::Settings) {
            Some(ground) => ground.settings.clone(),
            None => Arc::new(self.settings().await?),
        };
        let composer = |plane| match kept(Part::Types).and(kept(Part::Channels)) {
            Some(ground) => ground.composer(plane).clone(),
            None => Arc::new(Composer::new(plane, &types, &channels, &self.default_locale)),
        };
        let ground = Arc::new(Ground {
            management: composer(Plane::Management),
            store: composer(Plane::Store),
            types,
            channels,
            lists,
            categories,
            settings,
        });
        self.current.send_replace(Some(ground.clone()));
        Ok(ground)
    }
}

/// All resources of a kind that are not deleted.
async fn all<C: Content>(reader: &dyn ResourceReader<C>) -> Result<Vec<State<C>>, StoreError> {
    let mut states = Vec::new();
    let mut after: Option<Position> = None;
    loop {
        let request = PageRequest {
            sort: Sort {
                field: SortField::Id,
                descending: false,
            },
            after,
            limit: 200,
            count: Count::None,
        };
        let page = reader.list(false, &request).await?;
        states.extend(page.items);
        after = page.next;
        if after.is_none() {
            return Ok(states);
        }
    }
}
