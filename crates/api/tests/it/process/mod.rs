//! The real binary against real databases and caches: what happens when processes, servers and clients fail.

mod files;
mod hangups;
mod instances;
mod load;
mod memcached;
mod postgres;
mod redis;
mod relay;
mod servers;
mod shutdown;
mod starting;
mod support;
mod views;
