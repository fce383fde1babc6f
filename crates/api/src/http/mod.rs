//! The HTTP interface: two planes over the same use cases, management under `/v1` and the store under `/v1/store`.

pub(crate) mod auth;
mod cached;
mod coding;
mod conditions;
mod cursor;
mod files;
mod openapi;
mod operations;
mod patch;
mod position;
mod query;
mod reply;
mod router;
mod search;
mod shape;
mod state;
mod store;
mod submission;
mod upload;
mod v1;

pub(crate) use cursor::CursorKey;
pub(crate) use openapi::document;
pub(crate) use operations::{Health, Probe};
pub(crate) use position::write as position_text;
pub(crate) use router::{allowance, is_stream, router, routes};
pub(crate) use state::{App, AppState};
pub(crate) use upload::Uploads;
pub(crate) use v1::{Histories, Imports, OpenWorkspace, Workspace};
