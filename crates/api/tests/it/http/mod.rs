//! The service from outside: the real binary over real sockets, on `SQLite` and in-process cache and on `PostgreSQL` and
//! Redis alike.

mod access;
mod agreement;
mod bad_bodies;
mod bad_input;
mod bad_values;
mod batches;
mod caching;
mod categories;
mod category_tree;
mod cdn;
mod channels;
mod conditions;
mod contract;
mod dry_run;
mod edges;
mod erasure;
mod fields;
mod history;
mod idempotency;
mod lifecycle;
mod lists;
mod media;
mod paging;
mod pasts;
mod patches;
mod prices;
mod product_types;
mod products;
mod publishing;
mod store;
mod support;
mod variant_sets;
mod variants;
mod views;
mod warm;
