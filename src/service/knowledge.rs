//! What is known beside the feed: reference facts and decisions, shared by all workers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use crate::domain::{Decision, FactChange};

/// Something that came to be known.
#[derive(Clone, Debug)]
pub enum News {
    /// A fact came, changed or went.
    Fact(FactChange),
    /// A reviewer decided.
    Decision(Decision),
}

impl News {
    fn municipality(&self) -> &str {
        match self {
            Self::Fact(change) => change.municipality(),
            Self::Decision(decision) => decision.municipality(),
        }
    }
}

/// Facts and decisions per municipality in order of arrival. Only ever added to: a reader
/// remembers how many it has taken. The engines hold what follows from them; this is what an engine
/// that is made later begins with.
#[derive(Debug, Default)]
pub struct Knowledge {
    version: AtomicU64,
    news: RwLock<BTreeMap<String, Vec<News>>>,
}

impl Knowledge {
    /// Nothing is known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A fact came, changed or went.
    pub fn fact(&self, change: FactChange) {
        self.add(News::Fact(change));
    }

    /// A reviewer decided.
    pub fn decision(&self, decision: Decision) {
        self.add(News::Decision(decision));
    }

    /// Rises with everything that is added: equal versions mean that there is nothing new.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Gives `each` what is known of `municipality` beyond the first `taken`, with its number, in
    /// order of arrival, and returns how many there are by now.
    pub fn since(&self, municipality: &str, taken: usize, each: &mut dyn FnMut(usize, &News)) -> usize {
        let news = self.news.read().unwrap_or_else(PoisonError::into_inner);
        let Some(news) = news.get(municipality) else { return taken };
        (taken..).zip(news.iter().skip(taken)).for_each(|(number, news)| each(number, news));
        news.len().max(taken)
    }

    fn add(&self, news: News) {
        let municipality = news.municipality().to_owned();
        let mut known = self.news.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(municipality).or_default().push(news);
        self.version.fetch_add(1, Ordering::Release);
    }
}
