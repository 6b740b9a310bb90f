//! The decode floor: `str::from_utf8` and `serde_json::from_str` into borrowed fields, nothing checked.

use std::hint::black_box;

use serde::Deserialize;

#[derive(Deserialize)]
#[expect(dead_code, reason = "the floor only reads")]
struct Floor<'a> {
    schema_version: u32,
    event_type: &'a str,
    registration_id: &'a str,
    version: u32,
    municipality: &'a str,
    provider_id: &'a str,
    unit_id: Option<&'a str>,
    carer_ref: &'a str,
    client_ref: &'a str,
    order_id: Option<&'a str>,
    planned_start: Option<&'a str>,
    planned_end: Option<&'a str>,
    start_at: &'a str,
    end_at: Option<&'a str>,
    #[serde(borrow)]
    start_capture: Option<FloorCapture<'a>>,
    #[serde(borrow)]
    end_capture: Option<FloorCapture<'a>>,
    visit_kind: Option<&'a str>,
    outcome: Option<&'a str>,
    #[serde(borrow)]
    tasks: Option<Vec<FloorTask<'a>>>,
    required_staff: Option<u8>,
    #[serde(borrow)]
    partner_registration_ids: Option<Vec<&'a str>>,
    trainee: Option<bool>,
    billable: Option<bool>,
    shared_visit_id: Option<&'a str>,
    #[serde(borrow)]
    edits: Option<Vec<FloorEdit<'a>>>,
    #[serde(borrow)]
    payment: Option<FloorPayment<'a>>,
    #[serde(borrow)]
    source: Option<FloorSource<'a>>,
    emitted_at: Option<&'a str>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the floor only reads")]
struct FloorCapture<'a> {
    method: Option<&'a str>,
    tag_ref: Option<&'a str>,
    device_ref: Option<&'a str>,
    recorded_at: Option<&'a str>,
    synced_at: Option<&'a str>,
    geo: Option<FloorGeo>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the floor only reads")]
struct FloorGeo {
    lat: f64,
    lon: f64,
    accuracy_m: Option<f64>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the floor only reads")]
struct FloorTask<'a> {
    code: &'a str,
    minutes: Option<u16>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the floor only reads")]
struct FloorEdit<'a> {
    field: &'a str,
    old: Option<&'a str>,
    new: Option<&'a str>,
    editor_ref: Option<&'a str>,
    editor_role: Option<&'a str>,
    at: &'a str,
    reason_code: Option<&'a str>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the floor only reads")]
struct FloorPayment<'a> {
    mode: Option<&'a str>,
    billable_seconds: Option<u32>,
    tariff_code: Option<&'a str>,
    pay_period: Option<&'a str>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the floor only reads")]
struct FloorSource<'a> {
    system: Option<&'a str>,
    event_id: Option<&'a str>,
}

/// Reads one record.
#[expect(clippy::unwrap_used, reason = "the samples are ours")]
pub fn floor(bytes: &[u8]) {
    let text = std::str::from_utf8(black_box(bytes)).unwrap();
    black_box(serde_json::from_str::<Floor<'_>>(text).unwrap());
}
