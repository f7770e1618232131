//! The two meta pages: which one is current, and what the file says about itself.

use crate::format::source::{Damage, Damages, Place, Source, read_full, u16_at, u32_at, u64_at};

/// Bytes of a page's header: id u64, flags u16, count u16, overflow u32.
pub(super) const HEADER: usize = 16;
/// Marks a meta page.
pub(super) const META_FLAG: u16 = 4;
/// The bytes 0xED0CDAED that open a meta.
pub(super) const MAGIC: u32 = 0xED0C_DAED;
/// The only version there is.
pub(super) const VERSION: u32 = 2;
/// In a meta's freelist field: the freelist is not stored, free pages are those that nothing reaches.
const NOT_STORED: u64 = u64::MAX;
/// Pages that a file may have before this reader refuses it: 512 GiB of 4 KiB pages. It bounds the page bitmaps to
/// 16 MiB each; etcd's own advice is 8 GiB.
const MAX_PAGES: u64 = 1 << 27;

/// What a valid meta page says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Meta {
    /// Bytes in a page.
    pub page_size: u32,
    /// Page id of the root bucket's tree.
    pub root: u64,
    /// Page id of the stored freelist; `None` when it is not stored.
    pub freelist: Option<u64>,
    /// Pages in use or free: every page id is below.
    pub high_water: u64,
    /// Transaction that wrote it; the valid meta with the larger one is current.
    pub txid: u64,
}

/// A bbolt file with its current meta.
pub struct Database<'s> {
    pub(super) source: &'s dyn Source,
    /// The current meta.
    pub meta: Meta,
    /// Meta 0 and meta 1: their content, or what is wrong with them. One of them is enough to read the file.
    pub metas: [Result<Meta, Damage>; 2],
    /// What is wrong without being in the way: page headers of the metas, odd sizes.
    pub remarks: Damages,
}

impl<'s> Database<'s> {
    /// Finds the current meta. When page 0 is damaged, meta 1 is looked for at every page size from 1 KiB to 64 KiB.
    ///
    /// # Errors
    /// No valid meta, or the current one points outside the file.
    pub fn open(source: &'s dyn Source) -> Result<Database<'s>, Damage> {
        let mut remarks = Damages::default();
        let first = read_meta(source, 0, 0, &mut remarks);
        let second = match &first {
            Ok(meta) => read_meta(source, u64::from(meta.page_size), 1, &mut remarks),
            Err(_) => search_second(source, &mut remarks),
        };
        let meta = match (&first, &second) {
            (Ok(a), Ok(b)) => *if b.txid > a.txid { b } else { a },
            (Ok(only), Err(_)) | (Err(_), Ok(only)) => *only,
            (Err(damage), Err(_)) => {
                return Err(Damage::new(Place::File, format!("not a readable bbolt file: {damage}")));
            }
        };
        judge_metas(&first, &second, &mut remarks);
        check_bounds(source, &meta)?;
        check_length(source, &meta, &mut remarks);
        Ok(Database { source, meta, metas: [first, second], remarks })
    }

    /// Whether the file still has the meta that this was opened with. A running server may write over the pages of this
    /// transaction from the second transaction after it on: what was read from a live file is of one moment only if this
    /// is true afterwards. When it is not, read again.
    pub fn is_current(&self) -> bool {
        Database::open(self.source).is_ok_and(|now| now.meta == self.meta)
    }

    /// Bytes that the current transaction uses: `high water × page size`. The file may be longer.
    pub fn used_bytes(&self) -> u64 {
        self.meta.high_water * u64::from(self.meta.page_size)
    }
}

fn read_meta(source: &dyn Source, offset: u64, id: u64, remarks: &mut Damages) -> Result<Meta, Damage> {
    let broken = |what: String| Damage::new(Place::Page(id), what);
    let mut bytes = [0u8; HEADER + 64];
    if read_full(source, offset, &mut bytes)? < bytes.len() {
        return Err(broken("the file ends before the end of this meta page".to_owned()));
    }
    let field = |at: usize| u64_at(&bytes, HEADER + at).unwrap_or_default();
    let half = |at: usize| u32_at(&bytes, HEADER + at).unwrap_or_default();
    if half(0) != MAGIC {
        return Err(broken(format!("no bbolt meta: it opens with {:08x} instead of {MAGIC:08x}", half(0))));
    }
    if half(4) != VERSION {
        return Err(broken(format!("bbolt version {} where only {VERSION} is known", half(4))));
    }
    let sum = fnv1a(&bytes[HEADER..HEADER + 56]);
    if sum != field(56) {
        return Err(broken(format!("meta checksum is {:016x}, its content gives {sum:016x}", field(56))));
    }
    let page_size = half(8);
    if !(1024..=65536).contains(&page_size) || !page_size.is_power_of_two() {
        return Err(broken(format!("page size {page_size} is none that bbolt can have")));
    }
    if id == 1 && u64::from(page_size) != offset {
        return Err(broken(format!("meta 1 stands at offset {offset}, its page size is {page_size}")));
    }
    let (id_there, flags) = (u64_at(&bytes, 0), u16_at(&bytes, 8));
    if id_there != Some(id) || flags != Some(META_FLAG) {
        remarks.push(broken("the header of this meta page is not that of a meta page".to_owned()));
    }
    let freelist = Some(field(32)).filter(|page| *page != NOT_STORED);
    Ok(Meta { page_size, root: field(16), freelist, high_water: field(40), txid: field(48) })
}

/// Looks for meta 1 at every page size.
fn search_second(source: &dyn Source, remarks: &mut Damages) -> Result<Meta, Damage> {
    let sizes = (10..=16).map(|bits| 1u64 << bits);
    let mut last = Damage::new(Place::Page(1), "no meta page found");
    for offset in sizes {
        let mut remark = Damages::default();
        match read_meta(source, offset, 1, &mut remark) {
            Ok(meta) => {
                remarks.absorb(remark);
                return Ok(meta);
            }
            Err(damage) if !damage.what.starts_with("no bbolt meta") => last = damage,
            Err(_) => {}
        }
    }
    Err(last)
}

/// Both metas are written in turns: they are one transaction apart and of one page size.
fn judge_metas(first: &Result<Meta, Damage>, second: &Result<Meta, Damage>, remarks: &mut Damages) {
    match (first, second) {
        (Ok(a), Ok(b)) => {
            if a.page_size != b.page_size {
                remarks.push(Damage::new(Place::Page(1), "the two metas differ in their page size"));
            }
            if a.txid.abs_diff(b.txid) > 1 {
                let what = format!("the two metas are of transactions {} and {}", a.txid, b.txid);
                remarks.push(Damage::new(Place::Page(1), format!("{what}: one of them was lost")));
            }
        }
        (Err(damage), _) | (_, Err(damage)) => remarks.push(damage.clone()),
    }
}

fn check_bounds(source: &dyn Source, meta: &Meta) -> Result<(), Damage> {
    let pages = source.len() / u64::from(meta.page_size);
    let high = meta.high_water;
    if !(3..=MAX_PAGES).contains(&high) {
        return Err(Damage::new(Place::File, format!("{high} pages in use is outside of what can be read")));
    }
    if high > pages {
        let what =
            format!("the file is cut: it has {pages} whole pages, its meta says that {high} are in use");
        return Err(Damage::new(Place::Offset(source.len()), what));
    }
    let inside = |page: u64| (2..high).contains(&page);
    if !inside(meta.root) {
        return Err(Damage::new(
            Place::File,
            format!("the root page {} is not one of {high} pages", meta.root),
        ));
    }
    Ok(())
}

/// bbolt files are whole pages; a snapshot has 32 bytes of digest behind them.
fn check_length(source: &dyn Source, meta: &Meta, remarks: &mut Damages) {
    let length = source.len();
    let rest = length % u64::from(meta.page_size);
    if rest != 0 && rest != 32 {
        let what =
            format!("{rest} bytes behind the last whole page: neither a database nor a snapshot ends so");
        remarks.push(Damage::new(Place::Offset(length - rest), what));
    }
}

/// FNV-1a, 64 bits.
pub(super) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::super::handmade::{self, PAGE};
    use super::*;

    #[test]
    fn the_newer_valid_meta_counts() {
        let file = handmade::file(&[(b"b", &[(b"k", b"v")])]);
        let database = Database::open(&file).expect("valid");
        assert_eq!((database.meta.txid, database.meta.page_size), (8, PAGE as u32));
        assert!(database.remarks.is_empty(), "{:?}", database.remarks);
    }

    #[test]
    fn one_damaged_meta_is_survived_and_told() {
        for (id, txid) in [(0usize, 8), (1, 7)] {
            let mut file = handmade::file(&[(b"b", &[(b"k", b"v")])]);
            file[id * PAGE + HEADER + 20] ^= 1;
            let database = Database::open(&file).expect("the other one is valid");
            assert_eq!(database.meta.txid, txid);
            assert_eq!(database.remarks.first[0].at, Place::Page(id as u64));
            assert!(database.remarks.first[0].what.contains("checksum"));
        }
    }

    #[test]
    fn a_file_that_went_on_is_not_current() {
        use std::cell::RefCell;
        struct Live(RefCell<Vec<u8>>);
        impl Source for Live {
            fn len(&self) -> u64 {
                Source::len(&*self.0.borrow())
            }

            fn read_at(&self, offset: u64, into: &mut [u8]) -> std::io::Result<usize> {
                self.0.borrow().read_at(offset, into)
            }
        }
        let live = Live(RefCell::new(handmade::file(&[(b"b", &[(b"k", b"v")])])));
        let database = Database::open(&live).expect("valid");
        assert!(database.is_current());
        // the next transaction writes meta 0
        let mut meta = live.0.borrow()[HEADER..HEADER + 56].to_vec();
        meta[48] = 9;
        let sum = fnv1a(&meta).to_le_bytes();
        live.0.borrow_mut()[HEADER..HEADER + 64].copy_from_slice(&[&meta[..], &sum].concat());
        assert!(!database.is_current());
    }

    #[test]
    fn what_is_no_database_says_so() {
        for bytes in [Vec::new(), vec![0; 10], vec![7; 100_000]] {
            let damage = Database::open(&bytes).err().expect("refused");
            assert!(damage.to_string().contains("not a readable bbolt file"), "{damage}");
        }
    }

    #[test]
    fn a_cut_file_and_odd_bytes_are_told() {
        let file = handmade::file(&[(b"b", &[(b"k", b"v")])]);
        let damage = Database::open(&file[..file.len() - 1].to_vec()).err().expect("refused");
        assert!(damage.what.contains("the file is cut"), "{damage}");
        let longer = [file, vec![0; 31]].concat();
        assert_eq!(Database::open(&longer).expect("readable").remarks.count(), 1);
    }
}
