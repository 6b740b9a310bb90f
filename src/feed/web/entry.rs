//! The visitor of a request, before a handler gets it: access, rate, and the audit entry's actor.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;

use super::answer::refusal;
use super::audit::AuditSlot;
use super::door::{NoEntry, Visitor};
use super::site::Site;

impl FromRequestParts<Site> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Response> {
        let path = parts.uri.path().to_owned();
        let refuse = |code, sv, en| refusal(&path, code, sv, en);
        let visitor = site.door.visitor(&parts.headers).map_err(|why| match why {
            NoEntry::Unknown => site.door.challenge(refuse(
                StatusCode::UNAUTHORIZED,
                "Öppna länken som programmet skrev ut när det startade, eller logga in på nytt.",
                "Open the link that the program printed when it started, or log in again.",
            )),
            NoEntry::NoRole => refuse(
                StatusCode::FORBIDDEN,
                "Du är inloggad, men har ingen roll här. Be den som delar ut behörigheter om en.",
                "You are logged in, and have no role here. Ask for one where permissions are given.",
            ),
        })?;
        if !site.door.is_within_rate(&visitor.name) {
            return Err(refuse(
                StatusCode::TOO_MANY_REQUESTS,
                "Det kom för många frågor på kort tid. Vänta några sekunder.",
                "There were too many requests. Wait a few seconds.",
            ));
        }
        if let Some(slot) = parts.extensions.get::<AuditSlot>() {
            slot.note(&visitor);
        }
        Ok(visitor)
    }
}
