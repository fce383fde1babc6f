//! Parameters to PostgreSQL and rows from it.

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{AssertSqlSafe, Column, Row as _, TypeInfo};

use super::error::failure;
use crate::sql::{Cell, Failure, Param, Query, Row};

pub(super) fn bound(query: Query) -> sqlx::query::Query<'static, sqlx::Postgres, PgArguments> {
    // The text is made of constants; see `Query`.
    let statement = sqlx::query(AssertSqlSafe(query.text));
    query
        .params
        .into_iter()
        .fold(statement, |statement, param| match param {
            Param::Text(text) => statement.bind(text),
            Param::OptionalText(text) => statement.bind(text),
            Param::Uuid(id) => statement.bind(id),
            Param::Int(number) => statement.bind(number),
            Param::Time(time) => statement.bind(time),
            Param::Bytes(bytes) => statement.bind(bytes),
        })
}

pub(super) fn row(row: &PgRow) -> Result<Row, Failure> {
    let cells: Result<Vec<Cell>, sqlx::Error> = row
        .columns()
        .iter()
        .map(|column| {
            let at = column.ordinal();
            Ok(match column.type_info().name() {
                "BYTEA" => row
                    .try_get::<Option<Vec<u8>>, _>(at)?
                    .map_or(Cell::Null, Cell::Bytes),
                _ => row
                    .try_get_unchecked::<Option<String>, _>(at)?
                    .map_or(Cell::Null, Cell::Text),
            })
        })
        .collect();
    Ok(Row(cells.map_err(failure)?.into_iter()))
}
