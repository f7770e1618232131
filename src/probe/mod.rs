//! Measurements of the world outside a cluster's own API: what a stranger finds on a listener.

pub mod certificate;
pub mod legacy;
pub mod survey;
pub mod tls;
