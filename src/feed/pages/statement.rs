//! The accessibility statement: how far the pages are accessible, how that was tested, and where gaps are reported.

use askama::Template;

use super::Head;
use crate::feed::words::{Language, Texts, visible};

/// Where a reader reports what is not accessible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementContact {
    /// The settings name nobody.
    None,
    /// A mail address.
    Mail(String),
    /// A page.
    Page(String),
    /// Anything else, such as a phone number.
    Text(String),
}

impl StatementContact {
    /// What the setting says.
    #[must_use]
    pub fn of(setting: &str) -> Self {
        let setting = setting.trim();
        let text = visible(setting);
        let is_address = |text: &str| !text.contains(|c: char| c.is_whitespace() || "<>\"'?&:".contains(c));
        match setting.split_once('@') {
            _ if setting.is_empty() => Self::None,
            _ if setting.starts_with("https://") && !setting.contains(char::is_whitespace) => {
                Self::Page(text)
            }
            Some((name, host)) if !name.is_empty() && host.contains('.') && is_address(setting) => {
                Self::Mail(text)
            }
            _ => Self::Text(text),
        }
    }
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "statement.html")]
pub struct StatementPage {
    /// What every page has.
    pub head: Head,
    /// Where gaps are reported.
    pub contact: StatementContact,
}

impl StatementPage {
    /// The statement, which needs no session.
    #[must_use]
    pub fn new(language: Language, contact: &str) -> Self {
        let title = Texts(language).statement();
        Self { head: Head::plain(language, title, "/accessibility"), contact: StatementContact::of(contact) }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail and say why")]

    use super::*;

    #[test]
    fn the_statement_names_the_contact_of_the_settings_as_what_it_is() {
        let page = |contact: &str| StatementPage::new(Language::Sv, contact).render().unwrap();
        assert!(page("it@kommunen.example").contains(r#"<a href="mailto:it@kommunen.example">"#));
        assert!(page("https://kommunen.example/a").contains(r#"<a href="https://kommunen.example/a">"#));
        assert!(page("08-123 45 67").contains("08-123 45 67</p>"));
        assert!(page("").contains("feed.accessibility_contact"));
        for hostile in ["javascript:alert(1)", "a@b.se?cc=c@d.se", "<b>@x.y"] {
            assert!(
                !page(hostile).contains("href=\"mailto:") && !page(hostile).contains("href=\"javascript")
            );
            assert!(!page(hostile).contains("<b>"), "{hostile}");
        }
        let english = StatementPage::new(Language::En, "").render().unwrap();
        assert!(
            english.contains(r#"<html lang="en">"#) && english.contains("/sv/accessibility"),
            "{english}"
        );
    }
}
