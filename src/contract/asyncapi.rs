//! The AsyncAPI description of all topics.

use std::fmt::Write as _;

use super::progress::CLEARANCE;

/// Days that the feed is kept: the default `retained_days`, and 14 to repair an outage in.
const FEED_DAYS: u64 = 100 + 14;
/// Days that a record which could not be used is kept: a pay period and its correction.
const QUARANTINE_DAYS: u64 = 90;
/// Days that audit records are kept: two years.
const AUDIT_DAYS: u64 = 730;

struct Topic {
    channel: &'static str,
    about: &'static str,
    key: &'static str,
    /// The regular expression that every key matches, as JSON Schema writes it; empty where it can be anything.
    key_pattern: &'static str,
    /// From the service's side: `receive`, `send` or both.
    actions: &'static [&'static str],
    /// Days that records are kept; `None` where the topic is compacted.
    kept_days: Option<u64>,
    message: Message,
}

enum Message {
    /// JSON by this schema, without headers of its own.
    Plain(&'static str),
    /// JSON by this schema, with CloudEvents headers.
    CloudEvent(&'static str),
    /// The bytes of another topic's record, with Kafka Connect's headers.
    Refused,
}

const TOPICS: [Topic; 7] = [
    Topic {
        channel: "registrations",
        about: "One record per version of a registration; all versions come from the provider of the first. A gateway in \
                front of the feed may name the provider that it let in by a header `provider_id`, which is held \
                against the record.",
        key: "Municipality code: one municipality lives in one partition.",
        key_pattern: "^[0-9]{4}$",
        actions: &["receive"],
        kept_days: Some(FEED_DAYS),
        message: Message::Plain("registration"),
    },
    Topic {
        channel: "reference",
        about: "Facts beside the registrations, each valid from and to and recorded at a time. \
                An empty record removes its fact.",
        key: "Municipality code, `|`, fact id.",
        key_pattern: "^[0-9]{4}\\|.+$",
        actions: &["receive"],
        kept_days: None,
        message: Message::Plain("reference-fact"),
    },
    Topic {
        channel: "decisions",
        about: "What reviewers decided about alerts and their holds. A decision counts for the hold that `hold_id` names, and \
                so for one version of the registration; a later version has a hold of its own.",
        key: "Alert id; of `take` and `wait`, the alert id and `|desk`.",
        key_pattern: "^[0-9]{4}:[a-z_]+:.+$",
        actions: &["receive", "send"],
        kept_days: None,
        message: Message::Plain("decision"),
    },
    Topic {
        channel: "alerts",
        about: "The latest state of each alert, with its hold. Readers read committed records, and keep the highest \
                `revision` per `alert_id`; a withdrawal is a record with a body.",
        key: "Alert id; the partition follows the municipality.",
        key_pattern: "^[0-9]{4}:[a-z_]+:.+$",
        actions: &["send"],
        kept_days: None,
        message: Message::CloudEvent("alert"),
    },
    Topic {
        channel: "progress",
        about: CLEARANCE,
        key: "Municipality code, of how far it is assessed; `partition|` and the number of a partition of the feed, of \
              what in it is not.",
        key_pattern: "^([0-9]{4}|partition\\|[0-9]+)$",
        actions: &["send"],
        kept_days: None,
        message: Message::CloudEvent("progress"),
    },
    Topic {
        channel: "quarantine",
        about: "What could not be used: the original key, bytes and headers, and why.",
        key: "That of the record that could not be used; none where it had none.",
        key_pattern: "",
        actions: &["send"],
        kept_days: Some(QUARANTINE_DAYS),
        message: Message::Refused,
    },
    Topic {
        channel: "audit",
        about: "Who looked at a case, an alert or a registration, and who decided, by the control unit's process. Each \
                record has the hash of the one before in its chain.",
        key: "Name of the chain: one for each run of a process.",
        key_pattern: "^feed-[0-9a-f]+$",
        actions: &["send"],
        kept_days: Some(AUDIT_DAYS),
        message: Message::Plain("audit"),
    },
];

const HEAD: &str = "\
asyncapi: 3.0.0
info:
  title: Tidvakt
  version: 1.0.0
  license:
    name: MIT
  description: >-
    Watches home-care time registrations and proposes, before the payout run, which minutes to look
    at. Topic names are settings; these are the defaults. Records are JSON, times RFC 3339 with an
    offset, money whole öre, durations seconds. Fields may be added; none changes its meaning.
defaultContentType: application/json
";

const HEADERS: &str = "  schemas:
    cloudEvent:
      type: object
      description: CloudEvents 1.0 in binary mode.
      required: [ce_specversion, ce_id, ce_source, ce_type, ce_time, content-type]
      properties:
        ce_specversion: {type: string, const: '1.0'}
        ce_id: {type: string, description: Unique within its source.}
        ce_source: {type: string, format: uri-reference}
        ce_type: {type: string}
        ce_time: {type: string, format: date-time, description: 'Append time of the record that led to this one, not a clock.'}
        content-type: {type: string, const: application/json}
        traceparent: {type: string, description: 'W3C Trace Context: the trace of the record that led to this one, where it names one.'}
        tracestate: {type: string, description: As the record that led to this one has it.}
        tidvakt.writer: {type: string, description: 'The instance that wrote the record, and a number of its own for each start.'}
    connectErrors:
      type: object
      description: Kafka Connect's headers of a failed record.
      required:
        - __connect.errors.topic
        - __connect.errors.partition
        - __connect.errors.offset
        - __connect.errors.exception.class.name
        - __connect.errors.exception.message
      properties:
        __connect.errors.topic: {type: string}
        __connect.errors.partition: {type: string, pattern: '^[0-9]+$'}
        __connect.errors.offset: {type: string, pattern: '^[0-9]+$'}
        __connect.errors.exception.class.name:
          type: string
          description: The reason code.
          enum:
";

/// The AsyncAPI 3 document, as YAML.
#[must_use]
pub fn asyncapi() -> String {
    let mut out = String::from(HEAD);
    write_all(&mut out).expect("a string takes every byte");
    out
}

fn write_all(out: &mut String) -> std::fmt::Result {
    writeln!(out, "channels:")?;
    for topic in &TOPICS {
        channel(out, topic)?;
    }
    writeln!(out, "operations:")?;
    for topic in &TOPICS {
        for action in topic.actions {
            let channel = topic.channel;
            writeln!(out, "  {action}-{channel}:\n    action: {action}")?;
            writeln!(out, "    channel:\n      $ref: '#/channels/{channel}'")?;
        }
    }
    writeln!(out, "components:\n  messages:")?;
    for topic in &TOPICS {
        message(out, topic)?;
    }
    out.push_str(HEADERS);
    for reason in crate::domain::Reason::ALL {
        writeln!(out, "            - {}", reason.code())?;
    }
    writeln!(out, "        __connect.errors.exception.message:")?;
    writeln!(out, "          type: string\n          description: Without personal references.")
}

fn channel(out: &mut String, topic: &Topic) -> std::fmt::Result {
    let Topic { channel, about, .. } = topic;
    writeln!(out, "  {channel}:\n    address: tidvakt.{channel}.v1\n    description: >-\n      {about}")?;
    writeln!(out, "    messages:\n      {channel}:\n        $ref: '#/components/messages/{channel}'")?;
    writeln!(out, "    bindings:\n      kafka:\n        topic: tidvakt.{channel}.v1")?;
    writeln!(out, "        topicConfiguration:")?;
    match topic.kept_days {
        Some(days) => {
            writeln!(
                out,
                "          cleanup.policy: [delete]\n          retention.ms: {}",
                days * 86_400_000
            )?;
        }
        None => writeln!(out, "          cleanup.policy: [compact]")?,
    }
    writeln!(out, "        bindingVersion: 0.5.0")
}

fn message(out: &mut String, topic: &Topic) -> std::fmt::Result {
    let Topic { channel, key, key_pattern, .. } = topic;
    let (content, headers, schema) = match topic.message {
        Message::Plain(schema) => ("application/json", None, Some(schema)),
        Message::CloudEvent(schema) => ("application/json", Some("cloudEvent"), Some(schema)),
        Message::Refused => ("application/octet-stream", Some("connectErrors"), None),
    };
    writeln!(out, "    {channel}:\n      name: {channel}\n      contentType: {content}")?;
    if let Some(headers) = headers {
        writeln!(out, "      headers:\n        $ref: '#/components/schemas/{headers}'")?;
    }
    match schema {
        Some(schema) => writeln!(out, "      payload:\n        $ref: './schemas/{schema}.schema.json'")?,
        None => writeln!(out, "      payload: true")?,
    }
    writeln!(out, "      bindings:\n        kafka:\n          key:\n            type: string")?;
    if !key_pattern.is_empty() {
        writeln!(out, "            pattern: '{key_pattern}'")?;
    }
    writeln!(out, "            description: >-\n              {key}\n          bindingVersion: 0.5.0")
}
