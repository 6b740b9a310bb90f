//! The settings of the control unit's process.

use std::net::SocketAddr;

use crate::config::reader::SectionReader;

/// The control unit's process.
#[derive(Clone, Debug)]
pub struct FeedConfig {
    /// Where page and JSON API are served; `None` = nowhere.
    pub listen: Option<SocketAddr>,
    /// Who comes in, and how.
    pub access: Access,
    /// The proxy's header with the reviewer's pseudonym.
    pub user_header: String,
    /// The proxy's header with roles.
    pub roles_header: String,
    /// The proxy's header with municipality codes.
    pub municipalities_header: String,
    /// Time for which a case is taken.
    pub take_minutes: i64,
    /// Amount from which on a release needs a second person, in öre.
    pub two_persons_from_ore: i64,
    /// Whom the accessibility statement names; empty = nobody.
    pub accessibility_contact: String,
    /// The consumer group that it reads under.
    pub group_id: String,
    /// Days that registrations are kept, by their start.
    pub retained_days: u16,
}

/// Who may see and decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The browser that opens the printed link.
    Link,
    /// Whoever a trusted proxy names.
    Header,
    /// Whoever sends an access token.
    Jwt,
}

impl SectionReader<'_> {
    pub(super) fn feed(&mut self) -> FeedConfig {
        FeedConfig {
            listen: self.listen("feed.listen"),
            access: match self.text("feed.access").as_str() {
                "header" => Access::Header,
                "jwt" => Access::Jwt,
                _ => Access::Link,
            },
            user_header: self.header("feed.user_header"),
            roles_header: self.header("feed.roles_header"),
            municipalities_header: self.header("feed.municipalities_header"),
            take_minutes: self.integer("feed.take_minutes"),
            two_persons_from_ore: self.integer("feed.two_persons_from_ore"),
            accessibility_contact: self.contact("feed.accessibility_contact"),
            group_id: self.group_id("feed.group_id"),
            retained_days: self.integer("feed.retained_days"),
        }
    }

    /// One line that a page can show.
    fn contact(&mut self, path: &str) -> String {
        const CHARACTERS_MAX: usize = 200;
        let text = self.text(path);
        if CHARACTERS_MAX < text.chars().count() || text.chars().any(char::is_control) {
            let expected = format!("expected one line of at most {CHARACTERS_MAX} characters");
            self.wrong(path, format!("`{path}` is `{}`, {expected}", text.escape_debug()));
        }
        text
    }

    /// The name of a header, in lower case.
    fn header(&mut self, path: &str) -> String {
        let name = self.text(path).to_ascii_lowercase();
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if name.is_empty() || !name.chars().all(allowed) {
            self.wrong(
                path,
                format!("`{path}` is `{name}`, expected the name of a header, such as `x-forwarded-user`"),
            );
        }
        name
    }
}
