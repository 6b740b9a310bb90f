//! Who looked at a case, an alert, a registration or a list, and who decided: an entry for each request.

use std::sync::{Arc, OnceLock};

use axum::extract::{RawPathParams, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

use super::answer::fault;
use super::door::Visitor;
use super::site::{Site, clock};
use crate::domain::{AuditAction, AuditEntry, Role};

/// Parameters of paths that name one case, alert or registration.
const SUBJECTS: [&str; 2] = ["id", "registration_id"];
/// Characters of a subject, at most; no id has more.
const SUBJECT_CHARACTERS_MAX: usize = 512;

/// Where the visitor of a request is noted once it is known.
#[derive(Clone, Debug, Default)]
pub(super) struct AuditSlot(Arc<OnceLock<(String, Role)>>);

impl AuditSlot {
    pub(super) fn note(&self, visitor: &Visitor) {
        // A request has one visitor; a handler that asks twice gets the same.
        let _ = self.0.set((visitor.name.clone(), visitor.role));
    }
}

/// Notes the request before its answer goes out; where that cannot be done, there is no answer.
pub(super) async fn audited(
    State(site): State<Site>,
    params: RawPathParams,
    mut request: Request,
    next: Next,
) -> Response {
    let named = params.iter().find(|(name, _)| SUBJECTS.contains(name)).map(|(_, id)| id.to_owned());
    // Lists are named by their address with the filter, which says what of them was shown.
    let subject = named.unwrap_or_else(|| request.uri().to_string());
    let subject: String = subject.chars().take(SUBJECT_CHARACTERS_MAX).collect();
    let action = if request.method() == Method::POST { AuditAction::Decide } else { AuditAction::View };
    let path = request.uri().path().to_owned();
    let slot = AuditSlot::default();
    request.extensions_mut().insert(slot.clone());
    let response = next.run(request).await;
    // Who is not known at all leaves nothing but the answer's status.
    let Some((actor, role)) = slot.0.get().cloned() else { return response };
    let status = response.status().as_u16();
    match site.audit.record(AuditEntry { at: clock(), actor, role, action, subject, status }) {
        Ok(()) => response,
        Err(_) => {
            tracing::error!("audit records can't be written: nothing is shown");
            let sv = "Det går inte att föra logg över vem som läser. Försök igen om en stund.";
            let en = "The audit log can't be written. Try again in a while.";
            fault(&path, StatusCode::SERVICE_UNAVAILABLE, sv, en)
        }
    }
}
