//! The row document of a resource that is stored as a whole.

use domain::resource::{Content, Identity, State};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{RecordDoc, RowError};

/// A content that has a table of its own, with the columns that all resources have.
pub trait Stored: Content {
    const TABLE: &'static str;

    /// What the change log calls the kind.
    const RESOURCE: &'static str;

    type Doc: Serialize
        + DeserializeOwned
        + for<'a> From<&'a Self>
        + TryInto<Self, Error = RowError>
        + std::fmt::Debug
        + Clone
        + Send
        + Sync;
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StateDoc<D> {
    id: Uuid,
    #[serde(flatten)]
    record: RecordDoc,
    #[serde(flatten)]
    content: D,
}

impl<C: Stored> From<&State<C>> for StateDoc<C::Doc> {
    fn from(state: &State<C>) -> Self {
        let State { id, record, content } = state;
        Self {
            id: id.to_uuid(),
            record: record.into(),
            content: content.into(),
        }
    }
}

impl<C: Stored> TryFrom<StateDoc<C::Doc>> for State<C> {
    type Error = RowError;

    fn try_from(doc: StateDoc<C::Doc>) -> Result<Self, Self::Error> {
        let StateDoc { id, record, content } = doc;
        Ok(Self {
            id: C::Id::from_uuid(id),
            record: record.into(),
            content: content.try_into()?,
        })
    }
}
