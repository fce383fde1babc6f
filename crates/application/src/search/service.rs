//! What HTTP asks of search.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::ProductId;
use domain::product::{ProductContent, ProductState};
use domain::value::Locale;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::answer::Answered;
use super::compose::{Composer, agree};
use super::copy::CopyReader;
use super::document::TextView;
use super::follow::{self, Follower, Standing};
use super::ground::{Ground, GroundPorts, Grounds};
use super::ports::{Plane, SearchIndex};
use super::query::{PriceView, Query, SearchText};
use super::request::{Audience, Located, SearchHit, SearchPage, SearchRequest};
use super::resolve::{Resolver, languages};
use super::status::SearchFailure;
use crate::changelog::{ChangeLog, LogPosition};
use crate::clock::Clock;
use crate::fault::Fault;
use crate::product::ProductReader;
use crate::storefront::{StoreProduct, StorefrontReader};

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
pub struct Search(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) ports: SearchPorts,
    pub(super) policy: SearchPolicy,
    pub(super) grounds: Arc<Grounds>,
    pub(super) followers: [Follower; 2],
}

/// What a search is answered from.
pub(super) struct Ready {
    pub(super) standing: Standing,
    pub(super) composer: Arc<Composer>,
    pub(super) ground: Arc<Ground>,
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
        self.page(&request, &answered, items, |copy| &copy.product.content)
            .await
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
        self.page(&request, &answered, items, |product| &product.content)
            .await
    }

    pub(super) async fn products(
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
    pub(super) async fn ready(
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

    async fn page<T>(
        &self,
        request: &SearchRequest,
        answered: &Answered,
        mut items: HashMap<ProductId, T>,
        content: impl Fn(&T) -> &ProductContent,
    ) -> Result<SearchPage<T>, SearchFailure> {
        let next = answered.found.hits.last().filter(|_| answered.found.has_more);
        // What is gone by now is no hit any more.
        let there = answered.found.hits.iter();
        let there: Vec<_> = there
            .filter_map(|hit| Some((hit, items.remove(&hit.id)?)))
            .collect();
        let contents: Vec<_> = there.iter().map(|(_, item)| content(item)).collect();
        let index = self.0.ports.index.clone();
        let highlights = answered.highlights(index, request, &contents).await?;
        let hits = there.into_iter().zip(highlights);
        Ok(SearchPage {
            hits: hits
                .map(|((hit, item), highlights)| SearchHit {
                    item,
                    variant: hit.variant,
                    highlights,
                    explanation: hit.explanation.clone(),
                })
                .collect(),
            total: answered.found.total,
            next: next.map(|hit| hit.place.clone()),
            facets: answered.facets(),
            position: answered.position,
        })
    }
}

const MAX_LIMIT: usize = 200;

pub(super) fn unknown_locale() -> SearchFailure {
    let fault = Fault::new("locale", "not_in_enum", "must be a locale of a channel");
    SearchFailure::Invalid(fault.into())
}

/// The text, where it has one.
pub(super) fn typed(text: Option<&Located<String>>) -> Result<Option<String>, SearchFailure> {
    let Some(Located { at, value }) = text else {
        return Ok(None);
    };
    if value.chars().count() > SearchText::MAX {
        let detail = format!("must have at most {} characters", SearchText::MAX);
        return Err(SearchFailure::Invalid(Fault::new(at, "too_long", detail).into()));
    }
    Ok(Some(value.clone()).filter(|text| !text.trim().is_empty()))
}
