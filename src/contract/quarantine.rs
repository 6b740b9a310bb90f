//! Headers of a record on `tidvakt.quarantine.v1`.

use super::RECORD_BYTES_MAX;
use super::text::{Id, MunicipalityCode};
use crate::domain::Rejection;

/// The headers by which Kafka Connect's tools recognise a failed record: its position, and why it could not
/// be used.
#[must_use]
pub fn quarantine_headers(
    topic: &str,
    partition: i32,
    offset: i64,
    rejection: &Rejection,
) -> Vec<(&'static str, String)> {
    vec![
        ("__connect.errors.topic", topic.to_owned()),
        ("__connect.errors.partition", partition.to_string()),
        ("__connect.errors.offset", offset.to_string()),
        ("__connect.errors.exception.class.name", rejection.reason.code().to_owned()),
        ("__connect.errors.exception.message", rejection.detail.clone()),
    ]
}

/// The topic, partition and offset that the headers of a record on the quarantine topic name. The last header of a
/// name counts: the record may have been in a quarantine before.
#[must_use]
pub fn quarantine_source<'a>(
    headers: impl IntoIterator<Item = (&'a str, Option<&'a [u8]>)>,
) -> Option<(&'a str, i32, i64)> {
    let (mut topic, mut partition, mut offset) = (None, None, None);
    for (name, value) in headers {
        let value = || std::str::from_utf8(value?).ok();
        match name {
            "__connect.errors.topic" => topic = value(),
            "__connect.errors.partition" => partition = value().and_then(|number| number.parse().ok()),
            "__connect.errors.offset" => offset = value().and_then(|number| number.parse().ok()),
            _ => {}
        }
    }
    Some((topic?, partition?, offset?))
}

/// The municipality that a broken record names, found without parsing it: the first string after
/// `"municipality":`, where it is a valid municipality code.
#[must_use]
pub fn peek_municipality(bytes: &[u8]) -> Option<String> {
    let code = peek(bytes, b"\"municipality\"")?;
    MunicipalityCode::new(code).municipality().ok().map(str::to_owned)
}

/// The provider that a broken record names, found without parsing it: the first string after `"provider_id":`, where
/// it is a valid id, and so no personal identity number.
#[must_use]
pub fn peek_provider(bytes: &[u8]) -> Option<&str> {
    let id = peek(bytes, b"\"provider_id\"")?;
    Id::new(id).id("provider_id").is_ok().then_some(id)
}

/// The first string after the quoted `name` and a colon.
fn peek<'a>(bytes: &'a [u8], name: &[u8]) -> Option<&'a str> {
    let bytes = &bytes[..bytes.len().min(RECORD_BYTES_MAX)];
    let at = bytes.windows(name.len()).position(|window| window == name)?;
    let value = bytes[at + name.len()..].trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
    let value = value.strip_prefix(b"\"")?;
    let end = value.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    let (text, rest) = value.split_at(end);
    std::str::from_utf8(text).ok().filter(|_| rest.starts_with(b"\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Reason;

    #[test]
    fn the_municipality_of_a_broken_record() {
        for (bytes, municipality) in [
            (&br#"{"municipality" : "0181", oops"#[..], Some("0181")),
            (b"\xff\"municipality\":\"0181\"", Some("0181")),
            (br#"{"municipality":"19811218-9876"}"#, None),
            (br#"{"municipality":"a\nb"}"#, None),
            (br#"{"municipality":"01:81"}"#, None),
            (br#"{"municipality":"181"}"#, None),
            (br#"{"municipality":181}"#, None),
            (br#"{"municipality":"0181"#, None),
            (b"", None),
        ] {
            assert_eq!(peek_municipality(bytes).as_deref(), municipality);
        }
    }

    #[test]
    fn the_provider_of_a_broken_record() {
        for (bytes, provider) in [
            (&br#"{"provider_id": "P-07", "start_at": "yesterday"}"#[..], Some("P-07")),
            (br#"{"provider_id": "19811218-9876"}"#, None),
            (br#"{"provider_id": ""}"#, None),
            (br#"{"provider_id": null}"#, None),
            (b"not JSON", None),
        ] {
            assert_eq!(peek_provider(bytes), provider);
        }
    }

    #[test]
    fn quarantine_headers_say_where_and_why() {
        let headers = quarantine_headers("feed", 3, 17, &Rejection::new(Reason::Future, "ends 400 s after"));
        let find = |name| headers.iter().find(|(found, _)| *found == name).map(|(_, value)| &**value);
        assert_eq!(find("__connect.errors.topic"), Some("feed"));
        assert_eq!(find("__connect.errors.partition"), Some("3"));
        assert_eq!(find("__connect.errors.offset"), Some("17"));
        assert_eq!(find("__connect.errors.exception.class.name"), Some("in-the-future"));
        assert_eq!(find("__connect.errors.exception.message"), Some("ends 400 s after"));
    }

    #[test]
    fn the_source_of_a_quarantined_record_is_read_back() {
        let headers = quarantine_headers("feed", 3, 17, &Rejection::new(Reason::Future, "ends 400 s after"));
        let again = quarantine_headers("feed-2", 4, 18, &Rejection::new(Reason::Future, "ends 400 s after"));
        let of = |headers: &[(&'static str, String)]| {
            let headers = headers.iter().map(|(name, value)| (*name, Some(value.as_bytes())));
            quarantine_source(headers).map(|(topic, ..)| topic.to_owned())
        };
        assert_eq!(of(&headers).as_deref(), Some("feed"));
        let both: Vec<_> = headers.iter().chain(&again).cloned().collect();
        assert_eq!(of(&both).as_deref(), Some("feed-2"), "the last of a name counts");
        assert_eq!(of(&headers[..2]), None);
        let source = quarantine_source(headers.iter().map(|(name, value)| (*name, Some(value.as_bytes()))));
        assert_eq!(source, Some(("feed", 3, 17)));
    }
}
