//! The service from outside.
mod categories;
mod conditions;
mod lifecycle;
mod lists;
mod paging;
mod patches;
mod products;
mod support;
mod variants;
