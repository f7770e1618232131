//! bbolt, the file format of etcd's database: read in pages, in bounded memory, without mapping or locking the file.
//!
//! [`Database`] finds the current meta page, [`Cursor`] reads one tree in key order, [`Database::walk`] reads everything
//! once and proves the structure while it goes, as bbolt's own `tx.Check` does and more strictly: elements of a page
//! must also follow one another without gap, as every bbolt writes them.

mod begin;
mod meta;
mod page;
mod cursor;
mod freelist;
mod walk;
#[cfg(test)]
pub(in crate::format) mod handmade;

pub use begin::file as first_file;
pub use cursor::{Cursor, Item};
pub use meta::{Database, Meta};
pub use walk::{Visitor, Walked};
