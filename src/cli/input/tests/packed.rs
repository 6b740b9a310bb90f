//! Compressed files.

use super::*;

const TEXT: &[u8] = b"{\"a\":1}\n{\"b\":2}\n";

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

/// A frame of zstd that holds no data, with one of its sixteen magic numbers.
fn skippable(number: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_le_bytes();
    [&[0x50 + number, 0x2a, 0x4d, 0x18], &length[..], content].concat()
}

#[test]
fn compressed_files_are_known_by_their_first_bytes() {
    let expected = lines("x", TEXT);
    assert_eq!(lines("x.jsonl.gz", &gzip(TEXT)), expected);
    assert_eq!(lines("x.jsonl", &zstd(TEXT)), expected);
}

#[test]
fn gzip_may_have_several_members_and_zeros_at_its_end() {
    let expected = lines("x", TEXT);
    for whole in [
        [gzip(&TEXT[..8]), gzip(&TEXT[8..])].concat(),
        [gzip(&TEXT[..3]), gzip(b""), gzip(&TEXT[3..])].concat(),
        [gzip(TEXT), vec![0; 512]].concat(),
        [gzip(TEXT), vec![0; 200_000]].concat(),
        [gzip(&TEXT[..8]), vec![0; 100], gzip(&TEXT[8..])].concat(),
    ] {
        assert_eq!(lines("x.gz", &whole), expected);
    }
}

#[test]
fn zstd_may_have_several_frames_and_some_that_are_skipped() {
    let expected = lines("x", TEXT);
    let (first, second) = (zstd(&TEXT[..8]), zstd(&TEXT[8..]));
    for whole in [
        [first.clone(), second.clone()].concat(),
        [skippable(0, b"size"), first.clone(), second.clone()].concat(),
        [skippable(15, b""), first.clone(), skippable(7, &[0; 70_000]), second, skippable(1, b"end")]
            .concat(),
    ] {
        assert_eq!(lines("x.jsonl.zst", &whole), expected);
    }
}

#[test]
fn a_compressed_file_that_is_cut_off_or_goes_on_is_an_error_and_not_an_end() {
    let text: Vec<u8> = (0..200_000).flat_map(|n| format!("{{\"n\":{n}}}\n").into_bytes()).collect();
    let whole = zstd(&text);
    for broken in [
        gzip(&text)[..300_000].to_vec(),
        whole[..whole.len() / 2].to_vec(),
        [whole.clone(), skippable(0, b"some content")[..12].to_vec()].concat(),
        [gzip(&text), b"and more".to_vec()].concat(),
        [gzip(&text), gzip(&text)[..5].to_vec()].concat(),
    ] {
        let mut input = open("x.jsonl", &broken).unwrap();
        let end = loop {
            match input.next_line() {
                Ok(Some(_)) => {}
                other => break other.map(|line| line.is_some()),
            }
        };
        assert!(matches!(end, Err(InputError::Read { .. })), "{end:?}");
    }
}

#[test]
fn a_file_that_is_called_compressed_and_is_not_is_refused_as_a_whole() {
    for (name, bytes) in [
        ("x.jsonl.gz", TEXT),
        ("x.csv.zst", TEXT),
        ("x.gz", &zstd(TEXT)),
        ("x.zst", &gzip(TEXT)),
        ("x.zst", b""),
    ] {
        let error = open(name, bytes).err().unwrap();
        assert!(matches!(error, InputError::Kind { .. }), "{name}");
        assert!(error.to_string().contains("file, although it is called `."), "{error}");
    }
}
