//! Answers: a rendered page, and what a page or the JSON API says where there is none.

use askama::Template;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use serde_json::json;

use crate::feed::pages::MessagePage;
use crate::feed::words::{Language, Texts};

pub(super) fn not_found(language: Language) -> Response {
    let t = Texts(language);
    let page = MessagePage::plain(language, t.not_found_title(), t.not_found_text().to_owned());
    html(StatusCode::NOT_FOUND, &page)
}

/// A page that says why not.
pub(super) fn message(language: Language, code: StatusCode, text: &str) -> Response {
    html(code, &MessagePage::plain(language, Texts(language).error_title(), text.to_owned()))
}

/// A rendered page; a template that fails is a fault of the program, and its text goes to the log alone.
pub(super) fn html(code: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => (code, Html(text)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page can't be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// JSON below `/v1`, else a page, that says what is wrong.
pub(super) fn fault(path: &str, code: StatusCode, sv: &str, en: &str) -> Response {
    if path.starts_with("/v1/") {
        return (code, Json(json!({"error": en}))).into_response();
    }
    let language = if path.starts_with("/en") { Language::En } else { Language::Sv };
    message(language, code, language.of(sv, en))
}

/// JSON below `/v1`, else a page, that says why somebody has no access.
pub(super) fn refusal(path: &str, code: StatusCode, sv: &str, en: &str) -> Response {
    if path.starts_with("/v1/") {
        return (code, Json(json!({"error": en}))).into_response();
    }
    let language = if path.starts_with("/en") { Language::En } else { Language::Sv };
    let text = language.of(sv, en).to_owned();
    html(code, &MessagePage::plain(language, Texts(language).no_access_title(), text))
}

/// A parameter that cannot be used.
pub(super) fn wrong(text: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": text}))).into_response()
}

/// What is not there, and what is out of scope, answer alike.
pub(super) fn nothing() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({"error": "there is no such thing, or you may not see it"})))
        .into_response()
}
