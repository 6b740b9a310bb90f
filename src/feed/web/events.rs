//! Server-Sent Events: an event for each alert that opens, with `Last-Event-ID`.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::json;
use tokio::sync::watch;

use super::door::{Visitor, is_foreign};
use super::site::Site;
use crate::domain::Scope;
use crate::feed::topics::{News, Opened};
use crate::service::gate::Pass;

/// A line that keeps proxies from closing the connection.
const ALIVE_EVERY: Duration = Duration::from_secs(15);
/// The state of one reader.
struct EventReader {
    news: News,
    scope: Scope,
    changes: watch::Receiver<u64>,
    /// The last number that was sent, or passed over.
    at: u64,
    waiting: VecDeque<Event>,
    _pass: Pass<String>,
}

/// Events from now on, or from the one after `Last-Event-ID`.
pub(super) async fn events(State(site): State<Site>, visitor: Visitor, headers: HeaderMap) -> Response {
    if is_foreign(&headers) {
        return (StatusCode::FORBIDDEN, axum::Json(json!({"error": "the request is of another page"})))
            .into_response();
    }
    let Some(pass) = site.streams.enter(visitor.name.as_str()) else {
        return (StatusCode::TOO_MANY_REQUESTS, axum::Json(json!({"error": "too many streams"})))
            .into_response();
    };
    let news = site.memory.news();
    let changes = news.watch();
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let known = last.and_then(|id| id.strip_prefix(&*site.started)?.strip_prefix('-')?.parse().ok());
    let latest = *changes.borrow();
    // An id of another run names nothing here: its reader has to read the list again.
    let mut waiting = VecDeque::new();
    if last.is_some() && known.is_none() {
        waiting.push_back(Event::default().event("reset").data("{}"));
    }
    let at = known.unwrap_or(latest).min(latest);
    let reading = EventReader { news, scope: visitor.scope, changes, at, waiting, _pass: pass };
    let started = site.started.clone();
    let stream = stream::unfold((reading, started), |(mut reading, started)| async move {
        loop {
            if let Some(event) = reading.waiting.pop_front() {
                return Some((Ok::<_, Infallible>(event), (reading, started)));
            }
            reading.changes.borrow_and_update();
            reading.gather(&started);
            if reading.waiting.is_empty() && reading.changes.changed().await.is_err() {
                return None;
            }
        }
    });
    Sse::new(stream).keep_alive(KeepAlive::new().interval(ALIVE_EVERY)).into_response()
}

impl EventReader {
    /// The events after the last one, as far as they are in scope.
    fn gather(&mut self, started: &str) {
        let (news, is_gap) = self.news.after(self.at);
        if is_gap {
            self.waiting.push_back(Event::default().event("reset").data("{}"));
        }
        for opened in news {
            self.at = opened.number;
            if self.scope.covers(&opened.municipality) {
                self.waiting.push_back(event(&opened, started));
            }
        }
    }
}

fn event(opened: &Opened, started: &str) -> Event {
    let data = json!({"municipality": opened.municipality, "alert_id": opened.alert_id}).to_string();
    Event::default().event("alert").id(format!("{started}-{}", opened.number)).data(data)
}
