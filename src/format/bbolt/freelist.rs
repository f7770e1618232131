//! Which pages are taken: one bit for what a tree reaches, one for what the stored freelist says is free.

use super::meta::{Database, HEADER};
use crate::format::source::{Damage, Damages, Place, read_exact, u16_at, u32_at, u64_at};

/// Marks a freelist page.
pub(super) const FREELIST_FLAG: u16 = 0x10;
/// In a freelist's count: the real count is the first entry.
const COUNT_IS_FIRST: u16 = 0xffff;
/// Bytes of the freelist read at once.
const CHUNK: usize = 64 << 10;

/// Page bitmaps: a 2 GiB file of 4 KiB pages needs 64 KiB for each.
pub(super) struct Ledger {
    reached: Vec<u64>,
    free: Vec<u64>,
    high_water: u64,
    /// Pages on the stored freelist.
    pub(super) free_count: u64,
    /// Whether a freelist is stored. Without one, whatever nothing reaches is free.
    pub(super) stored: bool,
}

impl Ledger {
    /// Starts with the metas and the freelist's own pages taken.
    pub(super) fn open(database: &Database<'_>, damages: &mut Damages) -> Ledger {
        let high_water = database.meta.high_water;
        let words = (high_water as usize).div_ceil(64);
        let (reached, free) = (vec![0; words], vec![0; words]);
        let mut ledger = Ledger { reached, free, high_water, free_count: 0, stored: false };
        set(&mut ledger.reached, 0);
        set(&mut ledger.reached, 1);
        if let Some(page) = database.meta.freelist {
            ledger.stored = true;
            if let Err(damage) = ledger.read_freelist(database, page, damages) {
                damages.push(damage);
            }
        }
        ledger
    }

    /// Takes a page and its overflow for a tree.
    pub(super) fn claim(&mut self, id: u64, overflow: u64) -> Result<(), Damage> {
        let last = id.saturating_add(overflow);
        if last >= self.high_water {
            return Err(Damage::new(Place::Page(id), "it reaches beyond the pages in use"));
        }
        for page in id..=last {
            if get(&self.reached, page) {
                return Err(Damage::new(Place::Page(page), "two places of the file refer to it"));
            }
            if get(&self.free, page) {
                return Err(Damage::new(Place::Page(page), "it is in use and on the freelist"));
            }
        }
        (id..=last).for_each(|page| set(&mut self.reached, page));
        Ok(())
    }

    /// Pages that a tree, the metas or the freelist take.
    pub(super) fn reached_count(&self) -> u64 {
        self.reached.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// With a stored freelist every page is either reached or free. What is neither is told in ranges.
    pub(super) fn tell_lost(&self, damages: &mut Damages) {
        if !self.stored {
            return;
        }
        let mut start = None;
        for page in 0..=self.high_water {
            let lost = page < self.high_water && !get(&self.reached, page) && !get(&self.free, page);
            match (lost, start) {
                (true, None) => start = Some(page),
                (false, Some(from)) => {
                    let what = match page - 1 - from {
                        0 => "nothing reaches it and it is not free".to_owned(),
                        more => format!("nothing reaches it and the {more} behind it, and they are not free"),
                    };
                    damages.push(Damage::new(Place::Page(from), what));
                    start = None;
                }
                _ => {}
            }
        }
    }

    fn read_freelist(
        &mut self,
        database: &Database<'_>,
        id: u64,
        damages: &mut Damages,
    ) -> Result<(), Damage> {
        let here = |what: String| Damage::new(Place::Page(id), what);
        if !(2..self.high_water).contains(&id) {
            return Err(here(format!("the freelist page is not one of {} pages", self.high_water)));
        }
        let size = u64::from(database.meta.page_size);
        let mut head = [0u8; HEADER + 8];
        read_exact(database.source, id * size, &mut head)?;
        if u64_at(&head, 0) != Some(id) || u16_at(&head, 8) != Some(FREELIST_FLAG) {
            return Err(here("no freelist where the meta says it is".to_owned()));
        }
        let overflow = u64::from(u32_at(&head, 12).unwrap_or_default());
        self.claim(id, overflow)?;
        let (count, skip) = match u16_at(&head, 10) {
            Some(COUNT_IS_FIRST) => (u64_at(&head, HEADER).unwrap_or_default(), 8),
            count => (u64::from(count.unwrap_or_default()), 0),
        };
        let room = ((overflow + 1) * size - HEADER as u64 - skip) / 8;
        if count > room {
            return Err(here(format!("the freelist counts {count} pages and has room for {room}")));
        }
        self.read_ids(database, id, id * size + HEADER as u64 + skip, count, damages)
    }

    fn read_ids(
        &mut self,
        database: &Database<'_>,
        id: u64,
        start: u64,
        count: u64,
        damages: &mut Damages,
    ) -> Result<(), Damage> {
        let mut chunk = vec![0u8; CHUNK.min(count as usize * 8)];
        let mut done = 0;
        while done < count {
            let take = (chunk.len() as u64 / 8).min(count - done) as usize;
            read_exact(database.source, start + done * 8, &mut chunk[..take * 8])?;
            for at in 0..take {
                let page = u64_at(&chunk, at * 8).unwrap_or_default();
                if !(2..self.high_water).contains(&page) {
                    damages.push(Damage::new(Place::Page(id), format!("the freelist names page {page}")));
                } else if get(&self.free, page) {
                    damages.push(Damage::new(Place::Page(page), "it is on the freelist twice"));
                } else {
                    set(&mut self.free, page);
                    self.free_count += 1;
                }
            }
            done += take as u64;
        }
        for page in (2..self.high_water).filter(|page| get(&self.reached, *page) && get(&self.free, *page)) {
            damages.push(Damage::new(Place::Page(page), "it holds the freelist and is on it"));
        }
        Ok(())
    }
}

fn get(bits: &[u64], at: u64) -> bool {
    bits.get((at / 64) as usize).is_some_and(|word| word >> (at % 64) & 1 == 1)
}

fn set(bits: &mut [u64], at: u64) {
    if let Some(word) = bits.get_mut((at / 64) as usize) {
        *word |= 1 << (at % 64);
    }
}
