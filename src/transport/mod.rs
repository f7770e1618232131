//! How connections are made: one TLS factory, one certificate verifier, one way to name what went wrong. Nothing here
//! knows a backend's requests, and nothing here retries.

/// Addresses are needed by pure modules too, so they live above this one.
pub use crate::address;
pub mod deadline;
pub mod diagnose;
pub mod exchange;
pub mod http;
pub mod tls;
pub mod trouble;
pub mod words;

pub use deadline::Deadline;
