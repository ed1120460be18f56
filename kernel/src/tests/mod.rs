//! Tests of the kernel on both databases, and of both schemas against each other.

mod audit;
mod db;
mod http;
mod idempotency;
mod outbox;
mod schema;
