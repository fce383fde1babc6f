//! The vitrine service: HTTP and command line around the catalog's use cases, and the root that composes it all.

mod wire;
