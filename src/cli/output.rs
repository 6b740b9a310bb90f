//! Where data goes: standard output or a file.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::exit::{Exit, Failure, OrExit};

/// Opens `path` for writing; `None` and `-` are standard output. To be flushed at the end.
///
/// # Errors
/// Where the file can't be made.
pub fn create(path: Option<&Path>) -> Result<Box<dyn Write + Send>, Failure> {
    match path {
        Some(path) if path.as_os_str() != "-" => {
            let file = File::create(path)
                .or_exit(Exit::CannotCreate, format!("`{}` can't be made", path.display()))?;
            Ok(Box::new(BufWriter::with_capacity(1 << 17, file)))
        }
        _ => Ok(Box::new(BufWriter::with_capacity(1 << 17, io::stdout()))),
    }
}

/// Writes `text` to standard output.
///
/// # Errors
/// Where it can't be written.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// What became of a write: a reader that went away, as `head` does, is no failure.
///
/// # Errors
/// All others.
pub fn written(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.or_exit(Exit::InputOutput, "the output can't be written"),
    }
}
