//! The server around a toy router: what clients, time and shutdowns can do to requests.

mod answers;
mod bodies;
mod clients;
mod remembered;
mod shutdown;
mod toy;
mod writes;
