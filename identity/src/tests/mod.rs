//! Identity over HTTP and in the store, on both databases.

mod accounts;
mod audit;
mod coverage;
mod password;
mod session;
mod setup;
mod world;
