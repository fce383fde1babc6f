//! Parameters to SQLite and rows from it.

use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Column, Row as _, TypeInfo, ValueRef};

use super::error::failure;
use crate::rows::Instant;
use crate::sql::{Cell, Failure, Param, Query, Row};

pub(super) fn bound(query: Query) -> sqlx::query::Query<'static, sqlx::Sqlite, SqliteArguments> {
    // The text is made of constants; see `Query`.
    let statement = sqlx::query(AssertSqlSafe(query.text));
    query
        .params
        .into_iter()
        .fold(statement, |statement, param| match param {
            Param::Text(text) => statement.bind(text),
            Param::OptionalText(text) => statement.bind(text),
            Param::Uuid(id) => statement.bind(id.to_string()),
            Param::Int(number) => statement.bind(number),
            Param::Time(time) => statement.bind(String::from(Instant(time))),
            Param::Bytes(bytes) => statement.bind(bytes),
        })
}

pub(super) fn row(row: &SqliteRow) -> Result<Row, Failure> {
    let cells: Result<Vec<Cell>, sqlx::Error> = row
        .columns()
        .iter()
        .map(|column| {
            let at = column.ordinal();
            // The value's own type: an expression's column has none.
            let value = row.try_get_raw(at)?;
            let kind = value.type_info();
            Ok(match kind.name() {
                _ if value.is_null() => Cell::Null,
                "BLOB" => Cell::Bytes(row.try_get_unchecked(at)?),
                _ => Cell::Text(row.try_get_unchecked(at)?),
            })
        })
        .collect();
    Ok(Row(cells.map_err(failure)?.into_iter()))
}
