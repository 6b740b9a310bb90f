//! Takes the compression off a file: gzip with any number of members, zstd with any frames.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::GzDecoder;

use super::wrong::Wrong;

const BUFFER_BYTES: usize = 1 << 16;
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// Magic numbers of frames that hold no data: from this one on sixteen (RFC 8878, 3.1.2).
const ZSTD_SKIPPABLE: &[u8] = &[0x50, 0x2a, 0x4d, 0x18];

/// The bytes that `reader` holds, unpacked; or why it is not what its name says.
///
/// # Errors
/// Where reading fails.
pub(super) fn unpacked(
    path: &Path,
    reader: impl Read + Send + 'static,
) -> io::Result<Result<Box<dyn BufRead + Send>, Wrong>> {
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, reader);
    let mut head = Vec::new();
    reader.by_ref().take(ZSTD.len() as u64).read_to_end(&mut head)?;
    let is_gzip = head.starts_with(GZIP);
    let is_zstd = head.starts_with(ZSTD) || is_skippable(&head);
    let name = path.to_string_lossy().to_lowercase();
    for (ending, packing, is_so) in [(".gz", "gzip", is_gzip), (".zst", "zstd", is_zstd)] {
        if name.ends_with(ending) && !is_so {
            return Ok(Err(Wrong::packing(ending, packing, head.is_empty())));
        }
    }
    let whole = io::Cursor::new(head).chain(reader);
    Ok(Ok(if is_gzip {
        Box::new(BufReader::with_capacity(BUFFER_BYTES, GzipMembers(Some(GzDecoder::new(whole)))))
    } else if is_zstd {
        Box::new(BufReader::with_capacity(BUFFER_BYTES, zstd::Decoder::with_buffer(whole)?))
    } else {
        Box::new(whole)
    }))
}

fn is_skippable(head: &[u8]) -> bool {
    head.len() == 4 && head[0] & 0xf0 == ZSTD_SKIPPABLE[0] && head[1..] == ZSTD_SKIPPABLE[1..]
}

/// The members of a gzip file one after the other, up to its end or to zeros that pad it out.
struct GzipMembers<R>(Option<GzDecoder<R>>);

impl<R: BufRead> Read for GzipMembers<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.0 {
            let count = member.read(buffer)?;
            if 0 < count || buffer.is_empty() {
                return Ok(count);
            }
            let rest = self.0.take().map(GzDecoder::into_inner);
            self.0 = rest.map(next_member).transpose()?.flatten();
        }
        Ok(0)
    }
}

/// The next member; `None` at the end.
fn next_member<R: BufRead>(mut rest: R) -> io::Result<Option<GzDecoder<R>>> {
    loop {
        let bytes = rest.fill_buf()?;
        let Some(&first) = bytes.first() else { return Ok(None) };
        if first == GZIP[0] {
            return Ok(Some(GzDecoder::new(rest)));
        }
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        if zeros == 0 {
            let text = "what follows the last gzip member is neither gzip nor zeros";
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        rest.consume(zeros);
    }
}
