//! The trace that a record belongs to: W3C Trace Context (level 1) in Kafka headers.
//!
//! An alert continues the trace of the record that led to it. Its span id is derived from the parent span and
//! from the alert's own name, so that a replay gives the same id.

use std::fmt;

use sha2::{Digest, Sha256};

/// The header that names a trace and a span in it.
pub const TRACEPARENT: &str = "traceparent";
/// The header with the vendors' own state; it is copied unchanged.
pub const TRACESTATE: &str = "tracestate";
/// Vendor state longer than the specification requires to be propagated is left out.
pub const TRACESTATE_BYTES_MAX: usize = 512;

/// A span in a trace, by their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The trace; not all zeros.
    pub trace_id: [u8; 16],
    /// The span in it; not all zeros.
    pub span_id: [u8; 8],
    /// Bit 0: whoever began the trace may have recorded it.
    pub flags: u8,
}

impl Trace {
    /// Reads the value of a `traceparent` header; `None` where it is not as the specification says.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        let mut parts = value.split(|byte| *byte == b'-');
        let [version, trace_id, span_id, flags] = [(); 4].map(|()| parts.next().unwrap_or_default());
        let version = hex::<1>(version)?;
        // A later version may go on after the flags; this one may not.
        if version == [0xff] || (version == [0] && parts.next().is_some()) {
            return None;
        }
        let (trace_id, span_id, [flags]) = (hex::<16>(trace_id)?, hex::<8>(span_id)?, hex::<1>(flags)?);
        (trace_id != [0; 16] && span_id != [0; 8]).then_some(Self { trace_id, span_id, flags: flags & 1 })
    }

    /// The span called `name` that follows from this one.
    #[must_use]
    pub fn child(&self, name: &[u8]) -> Self {
        let hash = Sha256::new().chain_update(self.trace_id).chain_update(self.span_id).chain_update(name);
        let hash: [u8; 32] = hash.finalize().into();
        let mut span_id = [0; 8];
        span_id.copy_from_slice(&hash[..8]);
        // All zeros would mean none.
        span_id[7] |= u8::from(span_id == [0; 8]);
        Self { span_id, ..*self }
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("00-")?;
        self.trace_id.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("-")?;
        self.span_id.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        write!(f, "-{:02x}", self.flags)
    }
}

/// Lower-case hex digits, exactly as many as there must be.
fn hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    if digits.len() != 2 * N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN: &[u8] = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_header_is_read_and_written_as_it_was() {
        let trace = Trace::parse(GIVEN).expect("it is well formed");
        assert_eq!(trace.to_string().as_bytes(), GIVEN);
        assert_eq!(trace.span_id, [0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]);
        let later = [b"cc".as_slice(), &GIVEN[2..], b"-what-comes"].concat();
        assert_eq!(Trace::parse(&later), Some(trace), "a later version is read as far as it is known");
    }

    #[test]
    fn what_is_malformed_is_no_trace() {
        for wrong in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-zz",
        ] {
            assert_eq!(Trace::parse(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn what_follows_is_in_the_same_trace_and_derived_the_same_again() {
        let trace = Trace::parse(GIVEN).expect("it is well formed");
        let child = trace.child(b"0181:registration:R1/1");
        assert_eq!((child.trace_id, child.flags), (trace.trace_id, trace.flags));
        assert_ne!(child.span_id, trace.span_id);
        assert_eq!(child, trace.child(b"0181:registration:R1/1"));
        assert_ne!(child, trace.child(b"0181:registration:R1/2"));
    }
}
