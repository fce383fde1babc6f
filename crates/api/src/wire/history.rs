//! The past of resources on the wire.

use application::history::HistoryEntry;
use deserr::Deserr;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::values::instant;

/// One version of a resource, and how it came about.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HistoryEntryBody {
    #[schema(example = 3)]
    version: i64,
    /// When the resource came to this version.
    #[schema(format = DateTime)]
    at: String,
    /// The subject of the token with which it was written, or the command that ran.
    #[schema(example = "ann")]
    actor: String,
    /// The `Request-Id` of the write.
    #[schema(example = "0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64")]
    request_id: String,
    /// What happened: `created`, `updated`, `published`, `unpublished`, `archived`, `discarded`,
    /// `deleted`, `restored`.
    #[schema(example = json!(["updated", "published"]))]
    events: Vec<String>,
}

impl From<&HistoryEntry> for HistoryEntryBody {
    fn from(entry: &HistoryEntry) -> Self {
        let HistoryEntry {
            version,
            at,
            actor,
            request_id,
            events,
        } = entry;
        Self {
            version: *version,
            at: instant(*at),
            actor: actor.clone(),
            request_id: request_id.clone(),
            events: events.split(',').map(str::to_owned).collect(),
        }
    }
}

/// What differs between two versions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DiffBody {
    #[schema(example = 1)]
    pub(crate) from: i64,
    #[schema(example = 3)]
    pub(crate) to: i64,
    /// What makes the one version into the other, as a JSON Patch (RFC 6902) of the body as it is read; `version` and
    /// `updatedAt`, which always differ, are left out.
    #[schema(value_type = Vec<Object>, example = json!([{"op": "replace", "path": "/brand", "value": "Hearthmoor"}]))]
    pub(crate) operations: Value,
}

/// The version to go back to.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(deny_unknown_fields)]
pub(crate) struct RevertInput {
    #[schema(example = 1)]
    pub(crate) version: i64,
}
