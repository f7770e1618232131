//! Files of stopped or running servers, read without a server: never changed, never locked.

mod recognise;
mod verify;

pub use recognise::{Kind, Unrecognised, recognise};
pub use verify::{Verified, examine, verify};
