//! What is read from files that somebody else keeps fresh, as keys and certificates are.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::client::read_small;

/// A change of the files counts at the first use after so long.
const READ_EVERY: Duration = Duration::from_secs(1);
/// Keys and certificates have a few kilobytes each.
const FILE_BYTES_MAX: u64 = 262_144;

/// A file that can't be used.
#[derive(Debug, PartialEq, Eq)]
pub struct FileFault {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: String,
}

impl FileFault {
    /// `fault` of the file at `path`.
    #[must_use]
    pub fn new(path: &Path, fault: String) -> Self {
        Self { path: path.to_owned(), fault }
    }
}

/// What the log says of a change.
#[derive(Clone, Copy, Debug)]
pub struct FollowedWords {
    /// The files have changed.
    pub changed: &'static str,
    /// The files can't be used; the value before stays in use.
    pub unusable: &'static str,
}

/// Makes the value of the texts of the files, in their order.
type Parse<T> = Box<dyn Fn(&[String]) -> Result<T, FileFault> + Send + Sync>;

/// A value that is made of the texts of files, and made again when they change.
pub struct Followed<T> {
    paths: Vec<PathBuf>,
    words: FollowedWords,
    parse: Parse<T>,
    known: Mutex<KnownFiles<T>>,
}

struct KnownFiles<T> {
    value: T,
    /// What the files had when they were read last.
    texts: Vec<String>,
    read_at: Instant,
    is_faulty: bool,
}

impl<T: Clone> Followed<T> {
    /// The value of the files at `paths`.
    ///
    /// # Errors
    /// Where a file can't be read, or `parse` can make no value of the texts.
    pub fn open(
        paths: Vec<PathBuf>,
        words: FollowedWords,
        parse: impl Fn(&[String]) -> Result<T, FileFault> + Send + Sync + 'static,
    ) -> Result<Self, FileFault> {
        let texts = read(&paths)?;
        let known = KnownFiles { value: parse(&texts)?, texts, read_at: Instant::now(), is_faulty: false };
        Ok(Self { paths, words, parse: Box::new(parse), known: Mutex::new(known) })
    }

    /// The value of what the files have now.
    pub fn current(&self) -> T {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if READ_EVERY <= known.read_at.elapsed() {
            self.read_again(&mut known);
        }
        known.value.clone()
    }

    /// Files that can't be used leave the value as it is: whoever writes them may be in the middle of it.
    fn read_again(&self, known: &mut KnownFiles<T>) {
        known.read_at = Instant::now();
        let read = read(&self.paths).and_then(|texts| match texts == known.texts {
            true => Ok(None),
            false => (self.parse)(&texts).map(|value| Some((value, texts))),
        });
        match read {
            Ok(None) => known.is_faulty = false,
            Ok(Some((value, texts))) => {
                tracing::info!(path = %self.paths[0].display(), "{}", self.words.changed);
                (known.value, known.texts, known.is_faulty) = (value, texts, false);
            }
            Err(FileFault { path, fault }) if !known.is_faulty => {
                tracing::error!(path = %path.display(), fault, "{}", self.words.unusable);
                known.is_faulty = true;
            }
            Err(_) => {}
        }
    }
}

fn read(paths: &[PathBuf]) -> Result<Vec<String>, FileFault> {
    let text = |path: &PathBuf| {
        read_small(path, FILE_BYTES_MAX)
            .map_err(|error| FileFault::new(path, format!("can't be read: {error}")))
    };
    paths.iter().map(text).collect()
}
