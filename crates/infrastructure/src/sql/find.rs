//! Finding one resource by any of its names.

use domain::value::{Locale, Slug};
use uuid::Uuid;

use super::{Database, Failure, Query, SqlCatalog};
use crate::rows::RowError;

/// A name, and where it is kept.
pub(super) enum Name<'a> {
    Id(Uuid),
    /// A column of the resource's own table.
    Column(&'static str, &'a str),
    Slug(&'a Locale, &'a Slug),
}

/// A kind of resource by its tables.
pub(super) struct Tables {
    pub(super) own: &'static str,
    /// The table of slugs and its column with the resource's id, where the kind has slugs.
    pub(super) slugs: Option<(&'static str, &'static str)>,
}

/// A statement for one value of the resource `t`: of a live one first, else, if asked for, of the one deleted last.
pub(super) fn find(tables: &Tables, value: &str, name: Name<'_>, with_deleted: bool) -> Query {
    let own = tables.own;
    let (from, condition, params) = match (name, tables.slugs) {
        (Name::Id(id), _) => (String::new(), "t.id = $1".to_owned(), Query::new("").with(id)),
        (Name::Column(name, value), _) => (
            String::new(),
            format!("t.{name} = $1"),
            Query::new("").with(value),
        ),
        (Name::Slug(locale, slug), slugs) => {
            let (table, id) = slugs.unwrap_or(("product_slugs", "product_id"));
            (
                format!(" join {table} s on s.{id} = t.id"),
                "s.locale = $1 and s.slug = $2".to_owned(),
                Query::new("").with(locale.as_str()).with(slug.as_str()),
            )
        }
    };
    let slugs = !from.is_empty();
    let live = if slugs { " and s.live" } else { "" };
    let dead = if slugs { " and not s.live" } else { "" };
    let alive = format!(
        "select {value} as found, 0 as rank, t.deleted_at from {own} t{from} \
         where {condition}{live} and t.deleted_at is null"
    );
    let deleted = format!(
        "select {value}, 1, t.deleted_at from {own} t{from} where {condition}{dead} and t.deleted_at is not null"
    );
    let text = if with_deleted {
        format!(
            "select cast(found as text) from ({alive} union all {deleted}) f \
             order by rank, deleted_at desc limit 1"
        )
    } else {
        format!("select cast(found as text) from ({alive}) f limit 1")
    };
    Query {
        text,
        params: params.params,
    }
}

impl<D: Database> SqlCatalog<D> {
    /// The state that a statement of [`find`] on `data` finds.
    pub(super) async fn one<Doc, S>(&self, query: Query) -> Result<Option<S>, Failure>
    where
        Doc: serde::de::DeserializeOwned,
        S: TryFrom<Doc, Error = RowError>,
    {
        let found = super::query::states::<Doc, S>(self.database.fetch(query).await?)?;
        Ok(found.into_iter().next())
    }
}
