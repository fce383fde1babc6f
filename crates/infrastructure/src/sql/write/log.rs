//! The change log's rows of a commit.

use application::changelog::LogPosition;
use application::store::{Changes, WriteContext};
use domain::category::CategoryState;
use domain::media::MediaState;
use domain::pricing::PriceState;
use domain::product::{ProductState, VariantState};
use domain::resource::{Identity, State};
use domain::{Change, Event, Recorded, Timestamp};
use serde::Serialize;
use uuid::Uuid;

use super::Writer;
use super::batch::Batch;
use crate::rows::{
    CategoryDoc, ChannelDoc, Instant, MediaFileDoc, PriceDoc, PriceListDoc, ProductDoc, ProductTypeDoc,
    SearchSettingsDoc, StateDoc, Stored, VariantDoc,
};
use crate::sql::changelog::position;
use crate::sql::dialect::Kind;
use crate::sql::{Dialect, Failure};

const COLUMNS: &[(&str, Kind)] = &[
    ("resource", Kind::Text),
    ("id", Kind::Uuid),
    ("root", Kind::Uuid),
    ("version", Kind::Int),
    ("events", Kind::Text),
    ("actor", Kind::Text),
    ("request_id", Kind::Text),
    ("before", Kind::Json),
    ("after", Kind::Json),
];

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Doc {
    Category(CategoryDoc),
    Product(ProductDoc),
    Variant(VariantDoc),
    Media(MediaFileDoc),
    Channel(StateDoc<ChannelDoc>),
    ProductType(StateDoc<ProductTypeDoc>),
    PriceList(StateDoc<PriceListDoc>),
    SearchSettings(StateDoc<SearchSettingsDoc>),
    Price(PriceDoc),
    /// Of what is erased not even the state is told.
    Erased(ErasedDoc),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ErasedDoc {
    id: Uuid,
    version: i64,
    updated_at: Instant,
}

#[derive(Debug, Serialize)]
pub(super) struct LogRow {
    resource: &'static str,
    id: Uuid,
    root: Uuid,
    version: i64,
    events: String,
    actor: String,
    request_id: String,
    before: Option<Doc>,
    after: Doc,
}

pub(super) fn rows(changes: &Changes, context: &WriteContext) -> Batch<LogRow> {
    let category = |state: &CategoryState| Doc::Category(state.into());
    let product = |state: &ProductState| Doc::Product(state.into());
    let variant = |state: &VariantState| Doc::Variant(state.into());
    let media = |state: &MediaState| Doc::Media(state.into());
    let price = |state: &PriceState| Doc::Price(state.into());
    let mut rows = Batch::default();
    rows.extend(changes.categories.iter().map(|change| {
        let id = change.after.id.uuid();
        row("category", (id, id), change, category, context)
    }));
    rows.extend(changes.products.iter().map(|change| {
        let id = change.after.id.uuid();
        let row = row("product", (id, id), change, product, context);
        if change.events.contains(&Event::Erased) {
            return erased(row, change.after.record.updated_at);
        }
        row
    }));
    rows.extend(changes.variants.iter().map(|change| {
        let ids = (change.after.id.uuid(), change.after.product.uuid());
        row("variant", ids, change, variant, context)
    }));
    rows.extend(changes.media.iter().map(|change| {
        let id = change.after.id.uuid();
        row("media", (id, id), change, media, context)
    }));
    rows.extend(resources(&changes.channels, Doc::Channel, context));
    rows.extend(resources(&changes.product_types, Doc::ProductType, context));
    rows.extend(resources(&changes.price_lists, Doc::PriceList, context));
    rows.extend(resources(&changes.search_settings, Doc::SearchSettings, context));
    rows.extend(changes.prices.iter().map(|change| {
        let ids = (change.after.id.uuid(), change.after.product.uuid());
        row("price", ids, change, price, context)
    }));
    rows
}

fn resources<'a, C: Stored>(
    changes: &'a [Change<State<C>>],
    doc: impl Fn(StateDoc<C::Doc>) -> Doc + 'a,
    context: &'a WriteContext,
) -> impl Iterator<Item = LogRow> + 'a {
    changes.iter().map(move |change| {
        let id = change.after.id.to_uuid();
        row(C::RESOURCE, (id, id), change, |state| doc(state.into()), context)
    })
}

fn row<S: Recorded>(
    resource: &'static str,
    (id, root): (Uuid, Uuid),
    change: &Change<S>,
    doc: impl Fn(&S) -> Doc,
    context: &WriteContext,
) -> LogRow {
    let events: Vec<&str> = change.events.iter().copied().map(Event::as_str).collect();
    LogRow {
        resource,
        id,
        root,
        version: change.after.record().version,
        events: events.join(","),
        actor: context.actor.clone(),
        request_id: context.request_id.clone(),
        before: change.before.as_ref().map(&doc),
        after: doc(&change.after),
    }
}

fn erased(row: LogRow, at: Timestamp) -> LogRow {
    LogRow {
        before: None,
        after: Doc::Erased(ErasedDoc {
            id: row.id,
            version: row.version,
            updated_at: Instant(at),
        }),
        ..row
    }
}

/// Where the last of the rows stands in the log.
pub(super) async fn write(rows: &Batch<LogRow>, tx: &mut Writer<'_>) -> Result<Option<LogPosition>, Failure> {
    let names = "resource, id, root, version, events, actor, request_id, before, after";
    let (batch, now) = (tx.dialect.batch(COLUMNS), tx.dialect.now());
    let insert = format!("insert into changes (at, {names}) select {now}, {names} from r");
    let text = match tx.dialect {
        Dialect::Postgres => format!(
            "with {batch}, written as ({insert} returning tx, position) \
             select cast(tx as text), cast(max(position) as text) from written group by tx"
        ),
        Dialect::Sqlite => format!("with {batch} {insert} returning '0', cast(position as text)"),
    };
    let written = tx.fetch(rows, text).await?.into_iter().map(position);
    let positions: Vec<_> = written.collect::<Result<_, _>>()?;
    Ok(positions.into_iter().max())
}
