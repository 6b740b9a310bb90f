//! Connections that anybody on the way can read or change. Refused, unless `kafka.insecure` says that this is meant.

use std::collections::BTreeMap;
use std::net::IpAddr;

/// Properties that name brokers.
const SERVERS: [&str; 2] = ["bootstrap.servers", "metadata.broker.list"];
const PROTOCOL: &str = "security.protocol";
const VERIFICATION: &str = "enable.ssl.certificate.verification";
const IDENTIFICATION: &str = "ssl.endpoint.identification.algorithm";

/// What is unsafe in properties of librdkafka: the property, and what is wrong with it.
pub(super) fn faults(properties: &BTreeMap<String, String>) -> Vec<(&'static str, String)> {
    let value = |name: &str| properties.get(name).map(|value| value.trim().to_lowercase());
    let meant = "or `kafka.insecure = true` where that is meant";
    let mut faults = Vec::new();
    let protocol = value(PROTOCOL).unwrap_or_else(|| "plaintext".to_owned());
    if protocol.ends_with("plaintext") {
        for name in SERVERS {
            let servers = properties.get(name).map(String::as_str).unwrap_or_default();
            if let Some(server) = servers.split(',').map(str::trim).find(|server| !is_local(server)) {
                let text = format!(
                    "`{server}` is another machine, and `{PROTOCOL}` is `{protocol}`: expected `ssl` or \
                     `sasl_ssl`, {meant}"
                );
                faults.push((name, text));
            }
        }
    }
    if value(VERIFICATION).is_some_and(|value| !matches!(value.as_str(), "true" | "t" | "1")) {
        let text =
            format!("`{VERIFICATION}` is off, so that anybody can be the broker: expected `true`, {meant}");
        faults.push((VERIFICATION, text));
    }
    if value(IDENTIFICATION).is_some_and(|value| value == "none") {
        let text = format!(
            "`{IDENTIFICATION}` is `none`, so that any certificate is the broker's: expected `https`, {meant}"
        );
        faults.push((IDENTIFICATION, text));
    }
    faults
}

/// Does a server, `host`, `host:port` or `protocol://host:port`, lie on this machine? An empty one is judged elsewhere.
fn is_local(server: &str) -> bool {
    let server = server.split_once("://").map_or(server, |(_, server)| server);
    let host = match server.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, _)) => host,
        None => server.rsplit_once(':').map_or(server, |(host, _)| host),
    };
    host.is_empty()
        || host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(properties: &[(&str, &str)]) -> Vec<&'static str> {
        let given = properties.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        faults(&given.collect()).into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn without_encryption_only_this_machine_is_reached() {
        for local in
            ["localhost:9092", "127.0.0.1:9092,LOCALHOST", "[::1]:9092", "PLAINTEXT://127.0.0.2:1", ""]
        {
            assert!(names(&[("bootstrap.servers", local)]).is_empty(), "{local}");
        }
        for other in
            ["kafka:9092", "localhost:9092, 10.0.0.1:9092", "localhost.example.se:9092", "[2001:db8::1]:1"]
        {
            assert_eq!(names(&[("bootstrap.servers", other)]), ["bootstrap.servers"], "{other}");
            assert_eq!(names(&[("metadata.broker.list", other)]), ["metadata.broker.list"], "{other}");
            let with_password = [("bootstrap.servers", other), ("security.protocol", "SASL_PLAINTEXT")];
            assert_eq!(names(&with_password), ["bootstrap.servers"], "{other}");
            assert!(names(&[("bootstrap.servers", other), ("security.protocol", "sasl_ssl")]).is_empty());
        }
    }

    #[test]
    fn who_the_broker_is_is_always_verified() {
        for off in ["false", "F", "0"] {
            assert_eq!(names(&[(VERIFICATION, off)]), [VERIFICATION], "{off}");
        }
        assert_eq!(names(&[(IDENTIFICATION, "None")]), [IDENTIFICATION]);
        assert!(names(&[(VERIFICATION, "true"), (IDENTIFICATION, "https")]).is_empty());
    }
}
