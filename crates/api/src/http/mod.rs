//! The HTTP interface: two planes over the same use cases, management under `/v1` and the store under `/v1/store`.

pub(crate) mod auth;
mod conditions;
mod cursor;
mod encode;
mod files;
mod openapi;
mod operations;
mod patch;
mod query;
mod reply;
mod router;
mod state;
mod store;
mod store_prices;
mod submission;
mod upload;
mod v1;

pub(crate) use cursor::CursorKey;
pub(crate) use encode::JsonEncoder;
pub(crate) use openapi::document;
pub(crate) use operations::{Health, Probe};
pub(crate) use router::{allowance, is_stream, router, routes};
pub(crate) use state::{App, AppState};
pub(crate) use upload::Uploads;
pub(crate) use v1::{Histories, Imports, OpenWorkspace, Workspace};
