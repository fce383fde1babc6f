//! What HTTP asks of search.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::product::{ProductContent, ProductState};
use domain::value::Locale;
use domain::{ProductId, Timestamp};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::answer::Answered;
use super::compose::{Composer, agree};
use super::copy::CopyReader;
use super::document::TextView;
use super::fields::name;
use super::follow::{self, Follower, Standing};
use super::ground::{Ground, GroundPorts, Grounds, shown};
use super::ports::{Plane, SearchError, SearchIndex};
use super::query::{PriceView, Query, SearchText, SuggestRequest};
use super::request::{Audience, Located, SearchHit, SearchPage, SearchRequest, SuggestQuery, Suggestions};
use super::resolve::{Resolver, languages};
use crate::changelog::{ChangeLog, LogPosition};
use crate::clock::Clock;
use crate::fault::{Fault, Faults};
use crate::product::ProductReader;
use crate::store::StoreError;
use crate::storefront::{StoreProduct, StorefrontReader};

/// Why a search has no answer.
#[derive(Debug, thiserror::Error)]
pub enum SearchFailure {
    /// Item codes are `filter_unknown_field`, `filter_not_allowed`, `sort_not_allowed`, `reference_not_found`,
    /// `contradiction`, and those of values.
    #[error("the search is not valid")]
    Invalid(Faults),
    /// The request is for the other plane: a defect of the caller.
    #[error("the request is not for this plane")]
    Audience,
    /// The index is being built.
    #[error("the search index is not there yet")]
    NotReady,
    /// What was demanded, or what the search is about, is not in the index yet.
    #[error("the search index has not caught up with what is asked of it")]
    NotCaughtUp,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the search index failed")]
    Failed(#[source] SearchError),
}

impl From<SearchError> for SearchFailure {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::NotReady => Self::NotReady,
            failed @ SearchError::Failed(_) => Self::Failed(failed),
        }
    }
}

/// What an index is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaneState {
    /// It is made for the first time, or again after damage; there are no answers meanwhile.
    Building,
    /// Another one is made beside the one that answers.
    Rebuilding,
    /// It follows what is written.
    Following,
}

impl PlaneState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Building => "building",
            Self::Rebuilding => "rebuilding",
            Self::Following => "following",
        }
    }
}

/// How an index of this instance stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaneStatus {
    pub plane: Plane,
    pub state: PlaneState,
    /// It has everything up to here.
    pub position: Option<LogPosition>,
    /// Changes in the log after that, at most [`PlaneStatus::MAX_LAG`].
    pub lag_changes: u64,
    /// How long ago the first of them was written.
    pub lag_millis: u64,
    pub documents: u64,
    pub variants: u64,
    /// On disk.
    pub bytes: u64,
    pub segments: u64,
    pub changed_at: Option<Timestamp>,
}

impl PlaneStatus {
    pub const MAX_LAG: u32 = 1000;
}

/// What search works with.
#[derive(Clone)]
pub struct SearchPorts {
    pub index: Arc<dyn SearchIndex>,
    pub copies: Arc<dyn CopyReader>,
    pub log: Arc<dyn ChangeLog>,
    pub ground: GroundPorts,
    pub storefront: Arc<dyn StorefrontReader>,
    pub products: Arc<dyn ProductReader>,
    pub clock: Arc<dyn Clock>,
}

#[derive(Debug, Clone)]
pub struct SearchPolicy {
    /// In which texts are read where nobody says.
    pub default_locale: Locale,
    /// How often the log is looked at.
    pub interval: Duration,
    /// The longest wait for an index to catch up.
    pub patience: Duration,
}

/// Searches the catalog, in an index that this instance keeps for itself.
#[derive(Clone)]
pub struct Search(Arc<Inner>);

struct Inner {
    ports: SearchPorts,
    policy: SearchPolicy,
    grounds: Arc<Grounds>,
    followers: [Follower; 2],
}

/// What a search is answered from.
struct Ready {
    standing: Standing,
    composer: Arc<Composer>,
    ground: Arc<Ground>,
}

impl Search {
    pub fn new(ports: SearchPorts, policy: SearchPolicy) -> Self {
        let grounds = Arc::new(Grounds::new(ports.ground.clone(), policy.default_locale.clone()));
        let followers = Plane::ALL.map(|plane| Follower {
            plane,
            index: ports.index.clone(),
            copies: ports.copies.clone(),
            log: ports.log.clone(),
            clock: ports.clock.clone(),
            grounds: grounds.clone(),
            standing: watch::Sender::default(),
            interval: policy.interval,
        });
        Self(Arc::new(Inner {
            ports,
            policy,
            grounds,
            followers,
        }))
    }

    /// Keeps the indexes up with the catalog until it is dropped. To be run once.
    pub async fn run(&self) {
        follow::run(&self.0.followers).await;
    }

    /// For shoppers; the audience of the request is [`Audience::Store`].
    pub async fn store(&self, request: SearchRequest) -> Result<SearchPage<StoreProduct>, SearchFailure> {
        let Audience::Store { visit, .. } = request.audience else {
            return Err(SearchFailure::Audience);
        };
        let answered = self.search(Plane::Store, &request).await?;
        let ids: Vec<_> = answered.found.hits.iter().map(|hit| hit.id).collect();
        let found = self
            .0
            .ports
            .storefront
            .among(&ids, &visit, None, ids.len())
            .await?;
        let items = found
            .into_iter()
            .map(|(_, copy)| (copy.product.id, copy))
            .collect();
        Ok(self.page(&request, answered, items, |copy| &copy.product.content))
    }

    /// For editors; the audience of the request is [`Audience::Management`].
    pub async fn management(
        &self,
        request: SearchRequest,
    ) -> Result<SearchPage<ProductState>, SearchFailure> {
        if !matches!(request.audience, Audience::Management { .. }) {
            return Err(SearchFailure::Audience);
        }
        let answered = self.search(Plane::Management, &request).await?;
        let items = self
            .products(answered.found.hits.iter().map(|hit| hit.id))
            .await?;
        Ok(self.page(&request, answered, items, |product| &product.content))
    }

    pub async fn suggest_store(
        &self,
        query: SuggestQuery,
    ) -> Result<Suggestions<StoreProduct>, SearchFailure> {
        let Audience::Store { visit, .. } = query.audience else {
            return Err(SearchFailure::Audience);
        };
        let suggested = self.suggest(Plane::Store, &query).await?;
        let ids = &suggested.products;
        let found = self
            .0
            .ports
            .storefront
            .among(ids, &visit, None, ids.len())
            .await?;
        Ok(suggested.with(found.into_iter().map(|(_, copy)| copy).collect()))
    }

    pub async fn suggest_management(
        &self,
        query: SuggestQuery,
    ) -> Result<Suggestions<ProductState>, SearchFailure> {
        if !matches!(query.audience, Audience::Management { .. }) {
            return Err(SearchFailure::Audience);
        }
        let suggested = self.suggest(Plane::Management, &query).await?;
        let mut found = self.products(suggested.products.iter().copied()).await?;
        let products = suggested
            .products
            .iter()
            .filter_map(|id| found.remove(id))
            .collect();
        Ok(suggested.with(products))
    }

    /// How each plane's index stands.
    pub async fn status(&self) -> Result<Vec<PlaneStatus>, SearchFailure> {
        let mut all = Vec::new();
        for follower in &self.0.followers {
            let index = self.0.ports.index.status(follower.plane);
            let standing = follower.standing.borrow().clone();
            let position = standing.composer.is_some().then_some(standing.position);
            let log = &self.0.ports.log;
            let at = position.unwrap_or_default();
            let behind = log.changes(at, PlaneStatus::MAX_LAG).await?.len();
            let first = if behind == 0 {
                None
            } else {
                log.read(at, 1).await?.pop()
            };
            let age = first.map(|entry| self.0.ports.clock.now() - entry.time);
            all.push(PlaneStatus {
                plane: follower.plane,
                state: match position {
                    None => PlaneState::Building,
                    Some(_) if index.is_rebuilding => PlaneState::Rebuilding,
                    Some(_) => PlaneState::Following,
                },
                position,
                lag_changes: u64::try_from(behind).unwrap_or(u64::MAX),
                lag_millis: age
                    .and_then(|age| u64::try_from(age.num_milliseconds()).ok())
                    .unwrap_or(0),
                documents: index.documents,
                variants: index.variants,
                bytes: index.bytes,
                segments: index.segments,
                changed_at: index.changed_at,
            });
        }
        Ok(all)
    }

    async fn products(
        &self,
        ids: impl Iterator<Item = ProductId>,
    ) -> Result<HashMap<ProductId, ProductState>, SearchFailure> {
        let ids: Vec<_> = ids.collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let found = self.0.ports.products.by_ids(&ids).await?;
        Ok(found.into_iter().map(|product| (product.id, product)).collect())
    }

    fn follower(&self, plane: Plane) -> &Follower {
        let [management, store] = &self.0.followers;
        match plane {
            Plane::Management => management,
            Plane::Store => store,
        }
    }

    /// Waits until the index has come as far as is demanded, and `is_enough` too.
    async fn ready(
        &self,
        plane: Plane,
        least: Option<LogPosition>,
        deadline: Instant,
        is_enough: impl Fn(&Standing) -> bool,
    ) -> Result<Ready, SearchFailure> {
        let mut standing = self.follower(plane).standing.subscribe();
        // Whoever demands nothing is not kept waiting for a first index.
        if least.is_none() && standing.borrow().composer.is_none() {
            return Err(SearchFailure::NotReady);
        }
        let reached = standing.wait_for(|standing| standing.reflects(least) && is_enough(standing));
        let reached = timeout_at(deadline, reached).await;
        let reached = reached.ok().and_then(Result::ok).map(|standing| standing.clone());
        let Some(reached) = reached else {
            return Err(match standing.borrow().composer {
                None => SearchFailure::NotReady,
                Some(_) => SearchFailure::NotCaughtUp,
            });
        };
        let ground = self.0.grounds.current().ok_or(SearchFailure::NotReady)?;
        Ok(Ready {
            composer: reached.composer.clone().ok_or(SearchFailure::NotReady)?,
            standing: reached,
            ground,
        })
    }

    async fn search(&self, plane: Plane, request: &SearchRequest) -> Result<Answered, SearchFailure> {
        let deadline = Instant::now() + self.0.policy.patience;
        let text = typed(request.text.as_ref())?;
        let (locales, pricing, visit) = match &request.audience {
            Audience::Store {
                visit,
                locales,
                pricing,
            } => (locales.clone(), Some(pricing), Some((visit.channel, visit.at))),
            Audience::Management { locale, pricing } => {
                (locale.iter().cloned().collect(), pricing.as_ref(), None)
            }
        };
        let mut ready = self
            .ready(plane, request.min_position, deadline, |_| true)
            .await?;
        let (view, resolved) = loop {
            let known = ready.composer.view(&locales);
            // The name of a view is all that columns depend on.
            let nowhere = TextView::default();
            let named = known.and_then(|view| ready.composer.layout().views.get(view));
            let fields = ready.ground.composer(plane).fields().clone();
            let resolver = Resolver::new(
                &fields,
                &ready.ground.categories,
                named.unwrap_or(&nowhere),
                pricing.map(|pricing| pricing.currency),
            );
            let resolved = resolver.resolve(request).map_err(SearchFailure::Invalid)?;
            let other = ready.composer.fields();
            let is_known = resolved.fields.iter().all(|name| agree(&fields, other, name));
            if let Some(view) = known.filter(|_| is_known) {
                break (view, resolved);
            }
            // A product type or channel has changed, and the index that goes with it is being made.
            let wanted = ready.ground.composer(plane).layout().clone();
            if wanted == *ready.composer.layout() {
                return Err(match plane {
                    Plane::Management => unknown_locale(),
                    Plane::Store => SearchFailure::NotCaughtUp,
                });
            }
            let is_new = |standing: &Standing| {
                standing.composer.as_ref().map(|composer| composer.layout()) == Some(&wanted)
            };
            ready = self.ready(plane, request.min_position, deadline, is_new).await?;
        };
        let settings = ready.ground.settings.clone();
        let query = Query {
            text: text.map(|text| SearchText {
                text,
                view,
                settings: settings.clone(),
            }),
            visit,
            prices: pricing
                .filter(|_| resolved.asks_for_prices)
                .map(|pricing| PriceView {
                    currency: pricing.currency,
                    circumstances: pricing.circumstances(self.0.ports.clock.now()),
                    lists: ready.ground.lists.clone(),
                }),
            filter: resolved.filter,
            facets: resolved.facets,
            sort: resolved.sort,
            limit: request.limit.min(MAX_LIMIT),
            after: request.after.clone(),
            explain: request.explain,
        };
        let found = self.0.ports.index.search(plane, query).await?;
        let language = ready
            .composer
            .layout()
            .views
            .get(view)
            .map(|view| view.language.clone());
        Ok(Answered {
            found,
            facet_fields: resolved.facet_fields,
            languages: languages(&locales, &self.0.policy.default_locale),
            language: language.unwrap_or_default(),
            currency: pricing.map(|pricing| pricing.currency),
            ground: ready.ground,
            position: ready.standing.position,
        })
    }

    fn page<T>(
        &self,
        request: &SearchRequest,
        answered: Answered,
        mut items: HashMap<ProductId, T>,
        content: impl Fn(&T) -> &ProductContent,
    ) -> SearchPage<T> {
        let next = answered.found.hits.last().filter(|_| answered.found.has_more);
        let next = next.map(|hit| hit.place.clone());
        let facets = answered.facets();
        let mut hits = Vec::new();
        for hit in &answered.found.hits {
            // What is gone by now is no hit any more.
            let Some(item) = items.remove(&hit.id) else {
                continue;
            };
            hits.push(SearchHit {
                highlights: answered.highlights(&*self.0.ports.index, request, content(&item)),
                item,
                variant: hit.variant,
                explanation: hit.explanation.clone(),
            });
        }
        SearchPage {
            hits,
            total: answered.found.total,
            next,
            facets,
            position: answered.position,
        }
    }

    async fn suggest(
        &self,
        plane: Plane,
        query: &SuggestQuery,
    ) -> Result<Suggestions<ProductId>, SearchFailure> {
        let deadline = Instant::now() + self.0.policy.patience;
        let text = typed(Some(&query.text))?.unwrap_or_default();
        let (locales, visit) = match &query.audience {
            Audience::Store { visit, locales, .. } => (locales.clone(), Some((visit.channel, visit.at))),
            Audience::Management { locale, .. } => (locale.iter().cloned().collect::<Vec<_>>(), None),
        };
        let is_there = |standing: &Standing| {
            let composer = standing.composer.as_ref();
            composer.is_some_and(|composer| composer.view(&locales).is_some())
        };
        if plane == Plane::Management && !self.offers(plane, &locales) {
            return Err(unknown_locale());
        }
        let ready = self.ready(plane, query.min_position, deadline, is_there).await?;
        let view = ready.composer.view(&locales).ok_or(SearchFailure::NotCaughtUp)?;
        let seen = ready
            .composer
            .layout()
            .views
            .get(view)
            .cloned()
            .unwrap_or_default();
        let limit = query.limit.clamp(1, SuggestQuery::MAX);
        let brand = ready.composer.fields().get(name::BRAND).ok();
        let request = SuggestRequest {
            text: SearchText {
                text: text.clone(),
                view,
                settings: ready.ground.settings.clone(),
            },
            visit,
            values: brand.iter().map(|field| field.column(&seen)).collect(),
            limit,
        };
        let suggested = self.0.ports.index.suggest(plane, request).await?;
        let languages = languages(&locales, &self.0.policy.default_locale);
        let categories = &ready.ground.categories.all;
        let names: Vec<_> = categories
            .iter()
            .map(|c| shown(&c.content.name, &languages))
            .collect();
        let words: Vec<_> = names.iter().map(String::as_str).collect();
        let ranked = self
            .0
            .ports
            .index
            .rank(&text, &seen.language, &ready.ground.settings, &words);
        let named = ranked.into_iter().take(limit).filter_map(|place| {
            let category = categories.get(place)?;
            Some((category.id, names.get(place)?.clone()))
        });
        Ok(Suggestions {
            products: suggested.products,
            categories: named.collect(),
            brands: suggested.values.into_iter().next().unwrap_or_default(),
            position: ready.standing.position,
        })
    }

    /// Whether there is a view of these locales as things stand, be it in an index that is still being made.
    fn offers(&self, plane: Plane, locales: &[Locale]) -> bool {
        let ground = self.0.grounds.current();
        ground.is_none_or(|ground| ground.composer(plane).view(locales).is_some())
    }
}

const MAX_LIMIT: usize = 200;

fn unknown_locale() -> SearchFailure {
    let fault = Fault::new("locale", "not_in_enum", "must be a locale of a channel");
    SearchFailure::Invalid(fault.into())
}

/// The text, where it has one.
fn typed(text: Option<&Located<String>>) -> Result<Option<String>, SearchFailure> {
    let Some(Located { at, value }) = text else {
        return Ok(None);
    };
    if value.chars().count() > SearchText::MAX {
        let detail = format!("must have at most {} characters", SearchText::MAX);
        return Err(SearchFailure::Invalid(Fault::new(at, "too_long", detail).into()));
    }
    Ok(Some(value.clone()).filter(|text| !text.trim().is_empty()))
}
