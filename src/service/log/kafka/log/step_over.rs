//! The way over a batch of the feed that the client library cannot read, such as one that unpacks to more than the
//! library may hold.
//!
//! The library names the first offset that it wanted and not the last one of the batch, and the broker gives the same
//! batch for every offset in it. So the end is searched: reading starts at one offset after another, and either works
//! or not.

/// A batch that broke on its way is whole at the next attempt: it is fetched so often before it is given up.
const ATTEMPTS: u32 = 3;

/// The search for the end of one batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct StepOver {
    attempts: u32,
    /// The first offset that was wanted.
    from: i64,
    /// Where reading starts now.
    probe: i64,
    /// The greatest offset at which reading does not work.
    unreadable: i64,
    /// The least one at which it does.
    readable: Option<i64>,
}

/// What the search asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Start to read at this offset.
    ReadFrom(i64),
    /// The batch ends before this offset.
    Behind(i64),
}

impl StepOver {
    /// The batch at offset `from` is to be read.
    pub(super) fn new(from: i64) -> Self {
        Self { attempts: 0, from, probe: from, unreadable: from, readable: None }
    }

    /// Reading at the last offset failed; the partition ends at `end`.
    pub(super) fn failed(&mut self, end: i64) -> Next {
        self.attempts += 1;
        if self.attempts < ATTEMPTS {
            return Next::ReadFrom(self.probe);
        }
        self.unreadable = self.probe.max(self.unreadable);
        self.next(end)
    }

    /// Reading at the last offset worked; `None` where that is the one that was wanted.
    pub(super) fn worked(&mut self) -> Option<Next> {
        if self.probe == self.from {
            return None;
        }
        self.readable = Some(self.probe);
        Some(self.next(self.probe))
    }

    /// Doubles the step until reading works, then halves what is between.
    fn next(&mut self, end: i64) -> Next {
        self.probe = match self.readable {
            Some(readable) if readable <= self.unreadable + 1 => return Next::Behind(readable),
            Some(readable) => self.unreadable + (readable - self.unreadable) / 2,
            None => (self.unreadable + (self.unreadable - self.from).max(1)).min(end),
        };
        Next::ReadFrom(self.probe)
    }

    /// The first offset that was wanted.
    pub(super) fn from(&self) -> i64 {
        self.from
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found of a batch that ends before `behind`, in a partition that ends at `end`, and in how many fetches.
    fn search(from: i64, behind: i64, end: i64) -> (i64, u32) {
        let mut search = StepOver::new(from);
        let (mut at, mut fetches) = (from, 0);
        loop {
            fetches += 1;
            let next =
                if at < behind { search.failed(end) } else { search.worked().expect("it was not wanted") };
            match next {
                Next::ReadFrom(offset) => at = offset,
                Next::Behind(found) => return (found, fetches),
            }
        }
    }

    #[test]
    fn the_end_of_a_batch_is_found_in_few_fetches() {
        for (behind, end) in
            [(11, 11), (11, 12), (12, 12), (500, 500), (500, 9_000), (12_010, 12_010), (12_010, 1 << 40)]
        {
            let (found, fetches) = search(10, behind, end);
            assert_eq!(found, behind, "of {end}");
            assert!(fetches <= 32, "{fetches} fetches for {behind} of {end}");
        }
    }

    #[test]
    fn a_batch_that_broke_on_its_way_is_read_at_the_next_attempt() {
        let mut search = StepOver::new(10);
        assert_eq!(search.failed(20), Next::ReadFrom(10));
        assert_eq!(search.worked(), None);
    }
}
