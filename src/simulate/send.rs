//! From what a source holds to the records it sends: versions, corrections, repeats.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::claim::{Later, SimulatedClaim};
use super::owned::{OwnedCapture, OwnedEdit, OwnedRegistration};
use super::random::Random;
use super::reference::locks_at;
use super::town::Town;
use super::walk::Ids;
use crate::domain::{CaptureMethod, EventType, UtcSecond};

/// Records that wait until it is their time.
#[derive(Default)]
pub(super) struct Post {
    waiting: BTreeMap<(UtcSecond, u64), OwnedRegistration>,
    sent: u64,
}

impl Post {
    fn put(&mut self, record: OwnedRegistration) {
        self.sent += 1;
        self.waiting.insert((record.emitted_at, self.sent), record);
    }

    /// The earliest record that is sent before `until`.
    pub(super) fn take(&mut self, until: UtcSecond) -> Option<OwnedRegistration> {
        let ((at, _), _) = self.waiting.first_key_value()?;
        if *at < until { self.waiting.pop_first().map(|(_, record)| record) } else { None }
    }
}

/// A change after a registration was sent.
enum LaterChange {
    /// Start and end are set right.
    Times,
    /// A task took longer than was noted.
    Task,
    Approve,
    Withdraw,
    /// A correction that the municipality ordered after the period was locked.
    Ordered,
    Planted(Later),
    /// The visit was at another client.
    Cancel,
}

/// How an ordered correction is marked.
const ORDERED: Later = Later {
    at: UtcSecond(0),
    longer_seconds: -300,
    by_owner: false,
    reason: Some("ordered_correction"),
    approved: false,
};

/// Sends all versions of a claim.
pub(super) fn send(town: &Town, claim: SimulatedClaim, ids: &mut Ids, post: &mut Post, random: &mut Random) {
    let registration = &claim.registration;
    let wrong = !claim.frozen
        && registration.start_capture.method.is_manual()
        && registration.end_capture.method.is_manual()
        && registration.partner.is_none()
        && registration.shared_visit.is_none()
        && random.chance(0.03);
    if wrong {
        return mistaken(town, &claim, ids, post, random);
    }
    let sent = first(town, &claim, post, random);
    let mut changes = corrections(town, &claim, sent.emitted_at, random);
    if town.provider_of(claim.carer).approves && !claim.registration.trainee {
        let day = town.day_of(claim.end).max(0) as u32;
        let monday = day + 7 - town.weekday(day);
        let at = town.at(monday, random.between(36_000, 46_800) as i32);
        if sent.emitted_at < at {
            changes.push((at, LaterChange::Approve));
        }
    }
    if let Some(later) = claim.later {
        let at = later.at.max(sent.emitted_at.plus(600));
        changes.push((at, LaterChange::Planted(later)));
        if later.approved {
            changes.push((sent.emitted_at.plus(300), LaterChange::Approve));
            changes.push((at.plus(-120), LaterChange::Withdraw));
            changes.push((at.plus(240), LaterChange::Approve));
        }
    }
    changes.sort_by_key(|(at, _)| *at);
    let mut latest = sent;
    for (at, change) in changes {
        latest = changed(town, &claim, latest, at, &change);
        put(post, latest.clone(), random);
    }
}

/// Puts a record in the post, and now and then a second time.
fn put(post: &mut Post, mut record: OwnedRegistration, random: &mut Random) {
    record.event_id = format!("e{}-{}", &record.id[1..], record.version).into();
    if random.chance(0.004) {
        let mut again = record.clone();
        again.emitted_at = again.emitted_at.plus(random.between(1, 7_200));
        post.put(again);
    }
    post.put(record);
}

/// The first version, or the first two where the system sends starts. Without coverage the second can arrive
/// before the first.
fn first(town: &Town, claim: &SimulatedClaim, post: &mut Post, random: &mut Random) -> OwnedRegistration {
    let mut record = claim.registration.clone();
    let synced = |capture: &OwnedCapture| capture.synced_at.unwrap_or(claim.end).plus(1);
    let (start, end) = (synced(&record.start_capture), synced(&record.end_capture));
    record.emitted_at = end.max(start);
    if town.provider_of(claim.carer).live && !record.start_capture.method.is_manual() {
        let mut started = record.clone();
        started.event_type = EventType::Started;
        started.end_at = None;
        started.end_capture = OwnedCapture::default();
        started.billable_seconds = None;
        started.emitted_at = start;
        put(post, started, random);
        record.event_type = EventType::Ended;
        record.version = 2;
        record.emitted_at = end;
    }
    put(post, record.clone(), random);
    record
}

fn corrections(
    town: &Town,
    claim: &SimulatedClaim,
    sent: UtcSecond,
    random: &mut Random,
) -> Vec<(UtcSecond, LaterChange)> {
    let (start, end) = (claim.registration.start_capture.method, claim.registration.end_capture.method);
    let lock = locks_at(town, claim.registration.pay_period);
    if !claim.frozen && claim.registration.end_at.is_some() && random.chance(0.0008) {
        return vec![(lock.plus(random.between(86_400, 10 * 86_400)), LaterChange::Ordered)];
    }
    let (share, change) = match (start.is_manual(), end) {
        _ if claim.frozen => (0.0, LaterChange::Task),
        (_, CaptureMethod::AutoClosed) => (0.5, LaterChange::Times),
        (true, _) => (0.06, LaterChange::Times),
        (_, end) if end.is_manual() => (0.06, LaterChange::Times),
        _ if claim.registration.tasks.is_empty() => (0.0, LaterChange::Task),
        _ => (0.012, LaterChange::Task),
    };
    if !random.chance(share) {
        return Vec::new();
    }
    // In the days after, or in the last two before the period is locked.
    let late = lock.plus(-random.between(600, 2 * 86_400));
    let soon = claim.registered_end().max(sent).plus(random.between(3_600, 6 * 86_400));
    let at = if random.chance(0.35) && sent.plus(3_600) < late { late } else { soon };
    vec![(at, change)]
}

fn changed(
    town: &Town,
    claim: &SimulatedClaim,
    mut record: OwnedRegistration,
    at: UtcSecond,
    change: &LaterChange,
) -> OwnedRegistration {
    record.version += 1;
    record.emitted_at = at.plus(3);
    match change {
        LaterChange::Approve => record.event_type = EventType::Approved,
        LaterChange::Cancel => record.event_type = EventType::Cancelled,
        LaterChange::Task => {
            record.event_type = EventType::Amended;
            let Some(first) = record.tasks.first_mut() else { return record };
            let old = format!("{} {}", first.0, first.1);
            first.1 += 5;
            let new = format!("{} {}", first.0, first.1);
            record.edits.push(edit(town, claim, "tasks", (old, new), at));
        }
        LaterChange::Times => {
            record.event_type = EventType::Amended;
            set_right(town, claim, &mut record, at);
        }
        LaterChange::Ordered => {
            // The municipality asked for it: some minutes less.
            record.event_type = EventType::Amended;
            let end = record.end_at.unwrap_or(record.start_at);
            let shorter = end.plus(-300).max(record.start_at.plus(60));
            move_end(town, claim, &mut record, (shorter, at), &ORDERED);
        }
        LaterChange::Withdraw => record.event_type = EventType::ApprovalWithdrawn,
        LaterChange::Planted(later) => {
            record.event_type = EventType::Amended;
            let end = record.end_at.unwrap_or(record.start_at).plus(later.longer_seconds);
            move_end(town, claim, &mut record, (end, at), later);
        }
    }
    record
}

/// Corrects the ends that were not captured electronically to their real minute.
fn set_right(town: &Town, claim: &SimulatedClaim, record: &mut OwnedRegistration, at: UtcSecond) {
    let minute = |at: UtcSecond| UtcSecond(at.0.div_euclid(60) * 60);
    let by_office = |capture: &mut OwnedCapture| {
        *capture = OwnedCapture {
            method: CaptureMethod::ManualOffice,
            recorded_at: Some(at),
            synced_at: Some(at),
            ..OwnedCapture::default()
        }
    };
    if record.start_capture.method.is_manual() {
        let start = minute(claim.start);
        let texts = (record.start_at.to_string(), start.to_string());
        record.edits.push(edit(town, claim, "start_at", texts, at));
        record.start_at = start;
        by_office(&mut record.start_capture);
    }
    if !record.end_capture.method.is_electronic() {
        let end = minute(claim.end).max(record.start_at.plus(60));
        let old = record.end_at.map_or_else(String::new, |end| end.to_string());
        record.edits.push(edit(town, claim, "end_at", (old, end.to_string()), at));
        record.end_at = Some(end);
        by_office(&mut record.end_capture);
    }
    let mut billed = SimulatedClaim { registration: record.clone(), ..claim.clone() };
    billed.bill();
    record.billable_seconds = billed.registration.billable_seconds;
}

/// Moves the end to what `(end, at)` says, with the bill.
fn move_end(
    town: &Town,
    claim: &SimulatedClaim,
    record: &mut OwnedRegistration,
    (end, at): (UtcSecond, UtcSecond),
    why: &Later,
) {
    let old = record.end_at.map_or_else(String::new, |end| end.to_string());
    let mut edit = edit(town, claim, "end_at", (old, end.to_string()), at);
    edit.reason = why.reason;
    if why.by_owner {
        edit.editor = format!("owner-{}", record.provider).into();
        edit.role = "owner";
    }
    record.edits.push(edit);
    let moved = end.since(record.end_at.unwrap_or(end));
    record.end_at = Some(end);
    record.billable_seconds =
        record.billable_seconds.map(|seconds| (i64::from(seconds) + moved).max(0) as u32);
}

fn edit(
    town: &Town,
    claim: &SimulatedClaim,
    field: &'static str,
    (old, new): (String, String),
    at: UtcSecond,
) -> OwnedEdit {
    let editor: Arc<str> = town.units[town.carers[claim.carer].unit].planner.clone();
    let reason = Some(if field == "tasks" { "wrong_task" } else { "forgot" });
    OwnedEdit { field, old, new, editor, role: "planner", at, reason }
}

/// Entered at the wrong client, cancelled later, and entered again at the right one.
fn mistaken(town: &Town, claim: &SimulatedClaim, ids: &mut Ids, post: &mut Post, random: &mut Random) {
    let unit = town.clients[claim.client].unit;
    // Picked on a list of the day's clients: whoever is away or gone is not on it.
    let start = claim.registration.start_at;
    let day = town.day_of(start).max(0) as u32;
    let away = |client: usize| {
        let client = &town.clients[client];
        let stays = &client.stays;
        !client.life.is_client(day) || stays.iter().any(|stay| stay.from <= start && start < stay.to)
    };
    let other = random.pick(&town.units[unit].clients).copied().filter(|other| !away(*other));
    let other = other.unwrap_or(claim.client);
    let mut wrong = claim.clone();
    wrong.registration.client = town.clients[other].reference.clone();
    wrong.registration.order = None;
    let sent = first(town, &wrong, post, random);
    let at = sent.emitted_at.plus(random.between(900, 48 * 3600));
    let cancelled = changed(town, claim, sent, at, &LaterChange::Cancel);
    put(post, cancelled, random);
    let mut right = claim.registration.clone();
    right.id = ids.next();
    right.emitted_at = at.plus(random.between(20, 600));
    for capture in [&mut right.start_capture, &mut right.end_capture] {
        capture.method = CaptureMethod::ManualOffice;
        capture.recorded_at = Some(right.emitted_at);
        capture.synced_at = Some(right.emitted_at);
    }
    put(post, right, random);
}
