//! What management reads of a resource that is stored as a whole.

use domain::resource::{Content, Identity as _, State};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::values::instant;

/// A resource as management reads it: what its editors wrote, and what the service keeps beside it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResourceBody<I> {
    id: Uuid,
    /// 1 when created, one more with every change.
    #[schema(example = 1)]
    version: i64,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    deleted_at: Option<String>,
    #[serde(flatten)]
    content: I,
}

impl<C: Content, I: for<'a> From<&'a C>> From<&State<C>> for ResourceBody<I> {
    fn from(state: &State<C>) -> Self {
        let State { id, record, content } = state;
        Self {
            id: id.to_uuid(),
            version: record.version,
            created_at: instant(record.created_at),
            updated_at: instant(record.updated_at),
            deleted_at: record.deleted_at.map(instant),
            content: content.into(),
        }
    }
}
