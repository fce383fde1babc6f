//! What someone who types is shown: products, categories and brands.

use domain::ProductId;
use domain::product::ProductState;
use tokio::time::Instant;

use super::fields::name;
use super::follow::Standing;
use super::ground::shown;
use super::ports::Plane;
use super::query::{SearchText, SuggestRequest};
use super::request::{Audience, SuggestQuery, Suggestions};
use super::resolve::languages;
use super::service::{Search, typed, unknown_locale};
use super::status::SearchFailure;
use crate::storefront::StoreProduct;
use domain::value::Locale;

impl Search {
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
