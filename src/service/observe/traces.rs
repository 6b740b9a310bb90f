//! Spans of published alerts, for an OTLP collector.
//!
//! A record that names a trace has its alerts carry it on, always. Telling a collector of the spans is
//! the cargo feature `otlp`, and even then happens only where OpenTelemetry's usual variables name one.

use std::time::SystemTime;

use crate::service::log::TraceSpan;

/// Variables that name a collector, by OpenTelemetry's specification.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

/// An alert that was published, or that the broker did not take.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "otlp"), expect(dead_code, reason = "only a collector reads it"))]
pub(in crate::service) struct Published {
    /// Its span and the one before.
    pub(in crate::service) span: TraceSpan,
    /// When the record behind it was appended.
    pub(in crate::service) from: SystemTime,
    /// When the broker had it, or had refused it.
    pub(in crate::service) until: SystemTime,
    /// Does the broker have it?
    pub(in crate::service) arrived: bool,
}

/// Tells a collector of spans, or nobody.
#[derive(Default)]
pub(in crate::service) struct Traces {
    #[cfg(feature = "otlp")]
    exporter: Option<otlp::Exporter>,
}

impl Traces {
    /// Tells the collector that the environment names, if it names one.
    pub(in crate::service) fn from_environment() -> Self {
        let named = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let Some(variable) = ENDPOINTS.iter().find(|name| named(name)) else { return Self::default() };
        Self::to_named(variable)
    }

    #[cfg(not(feature = "otlp"))]
    fn to_named(variable: &str) -> Self {
        tracing::warn!(variable, "traces are not exported: this program was built without `otlp`");
        Self::default()
    }

    #[cfg(feature = "otlp")]
    fn to_named(variable: &str) -> Self {
        match otlp::Exporter::new(None) {
            Ok(exporter) => {
                tracing::info!(variable, "traces are exported");
                Self { exporter: Some(exporter) }
            }
            Err(error) => {
                tracing::error!(variable, error, "traces can't be exported");
                Self::default()
            }
        }
    }

    /// An alert of a traced record was published. Never waits.
    #[cfg_attr(not(feature = "otlp"), expect(clippy::unused_self, reason = "spans go nowhere"))]
    pub(in crate::service) fn published(&self, published: &Published) {
        #[cfg(feature = "otlp")]
        if let Some(exporter) = &self.exporter {
            exporter.published(published);
        }
        #[cfg(not(feature = "otlp"))]
        let _ = published;
    }
}

#[cfg(feature = "otlp")]
mod otlp {
    use std::time::Duration;

    use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
    use opentelemetry::{InstrumentationScope, KeyValue};
    use opentelemetry_otlp::{SpanExporter, WithExportConfig};
    use opentelemetry_sdk::Resource;
    use opentelemetry_sdk::trace::{BatchSpanProcessor, SpanData, SpanEvents, SpanLinks, SpanProcessor};

    use super::Published;

    /// What is still under way at the end has so long.
    const LAST_WAIT: Duration = Duration::from_secs(2);

    /// Hands spans to a thread of its own, which sends them in batches. A full queue drops them.
    pub(in crate::service) struct Exporter(BatchSpanProcessor);

    impl Exporter {
        /// To `endpoint`, else to the one that the environment names.
        pub(in crate::service) fn new(endpoint: Option<String>) -> Result<Self, String> {
            let builder = SpanExporter::builder().with_http();
            let exporter = match endpoint {
                Some(endpoint) => builder.with_endpoint(endpoint).build(),
                None => builder.build(),
            };
            let exporter = exporter.map_err(|error| error.to_string())?;
            let mut processor = BatchSpanProcessor::builder(exporter).build();
            let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
            let resource = Resource::builder().with_service_name("tidvakt").with_attribute(version);
            processor.set_resource(&resource.build());
            Ok(Self(processor))
        }

        /// The ids are those of the headers, which a replay derives again: none is drawn here.
        pub(in crate::service) fn published(&self, published: &Published) {
            let Published { span, from, until, arrived } = *published;
            let flags = if span.own.flags & 1 == 1 { TraceFlags::SAMPLED } else { TraceFlags::NOT_SAMPLED };
            let (trace, id) = (TraceId::from_bytes(span.own.trace_id), SpanId::from_bytes(span.own.span_id));
            self.0.on_end(SpanData {
                span_context: SpanContext::new(trace, id, flags, false, TraceState::NONE),
                parent_span_id: SpanId::from_bytes(span.parent.span_id),
                parent_span_is_remote: true,
                span_kind: SpanKind::Producer,
                name: "publish alert".into(),
                // The broker's clock began it, this machine's ends it.
                start_time: from.min(until),
                end_time: until,
                attributes: vec![KeyValue::new("messaging.system", "kafka")],
                dropped_attributes_count: 0,
                events: SpanEvents::default(),
                links: SpanLinks::default(),
                status: if arrived { Status::Unset } else { Status::error("the broker did not take it") },
                instrumentation_scope: InstrumentationScope::builder("tidvakt").build(),
            });
        }
    }

    impl Drop for Exporter {
        fn drop(&mut self) {
            if let Err(error) = self.0.shutdown_with_timeout(LAST_WAIT) {
                tracing::warn!(%error, "the last traces may not have arrived");
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use std::io::{Read, Write};
        use std::net::TcpListener;
        use std::time::SystemTime;

        use super::*;
        use crate::contract::Trace;
        use crate::service::log::TraceSpan;

        #[test]
        fn a_collector_gets_the_ids_of_the_headers() {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
            let address = listener.local_addr().expect("it is bound");
            let collector = std::thread::spawn(move || {
                let (mut stream, _) = listener.accept().expect("the exporter connects");
                let mut got = Vec::new();
                let mut part = [0; 4096];
                // Until the body is whole: the header carries its length.
                while !is_whole(&got) {
                    let read = stream.read(&mut part).expect("it can be read");
                    got.extend_from_slice(&part[..read]);
                }
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                stream.write_all(answer).expect("it can be answered");
                got
            });
            let exporter =
                Exporter::new(Some(format!("http://{address}/v1/traces"))).expect("it can be made");
            let given = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
            let parent = Trace::parse(given).expect("it is well formed");
            let own = parent.child(b"0181:registration:R1/1");
            let (from, until) = (SystemTime::now(), SystemTime::now());
            exporter.published(&Published { span: TraceSpan { parent, own }, from, until, arrived: true });
            drop(exporter);
            let got = collector.join().expect("the collector ends well");
            let has = |bytes: &[u8]| got.windows(bytes.len()).any(|window| window == bytes);
            assert!(has(b"POST /v1/traces"), "{}", String::from_utf8_lossy(&got));
            assert!(has(&own.trace_id) && has(&own.span_id) && has(&parent.span_id));
            assert!(has(b"publish alert") && has(b"tidvakt"));
        }

        fn is_whole(got: &[u8]) -> bool {
            let text = String::from_utf8_lossy(got).to_lowercase();
            let Some(head) = got.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
            let length = text.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
            let length: usize = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
            head + 4 + length <= got.len()
        }
    }
}
