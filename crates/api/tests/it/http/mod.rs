//! The service from outside.
mod conditions;
mod categories;
mod lifecycle;
mod lists;
mod paging;
mod patches;
mod products;
mod support;
mod variants;
