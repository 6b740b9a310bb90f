//! Who may see and decide what.

use std::collections::BTreeSet;

use super::Action;

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Sees cases.
    Viewer,
    /// Takes, lets wait, confirms and dismisses.
    Reviewer,
    /// Releases and upholds holds as well.
    Release,
    /// All of it.
    Admin,
}

impl Role {
    /// All of them, least first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Reviewer, Self::Release, Self::Admin];

    /// The word in settings, headers and tokens.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Reviewer => "reviewer",
            Self::Release => "release",
            Self::Admin => "admin",
        }
    }

    /// The role with that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// The greatest role among `words`; other words are passed over.
    #[must_use]
    pub fn greatest<'a>(words: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        words.into_iter().filter_map(Self::parse).max()
    }

    /// The least role that may do `action`.
    #[must_use]
    pub const fn for_action(action: Action) -> Self {
        match action {
            Action::Release | Action::Uphold => Self::Release,
            Action::Take | Action::Wait | Action::Confirm | Action::Dismiss | Action::Reopen => {
                Self::Reviewer
            }
        }
    }
}

/// The municipalities that somebody may see. Every reading of cases needs one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope(Covered);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Covered {
    Every,
    These(BTreeSet<String>),
}

impl Scope {
    /// Every municipality.
    #[must_use]
    pub const fn every() -> Self {
        Self(Covered::Every)
    }

    /// Only these municipalities.
    #[must_use]
    pub fn only(municipalities: impl IntoIterator<Item = String>) -> Self {
        Self(Covered::These(municipalities.into_iter().collect()))
    }

    /// The municipalities with these codes, `*` for all.
    #[must_use]
    pub fn of_codes<'a>(codes: impl IntoIterator<Item = &'a str>) -> Self {
        let codes: BTreeSet<String> =
            codes.into_iter().filter(|code| !code.is_empty()).map(str::to_owned).collect();
        if codes.contains("*") { Self::every() } else { Self(Covered::These(codes)) }
    }

    /// The only municipality in scope, where it is one.
    #[must_use]
    pub fn single(&self) -> Option<&str> {
        match &self.0 {
            Covered::These(these) if these.len() == 1 => these.first().map(String::as_str),
            Covered::Every | Covered::These(_) => None,
        }
    }

    /// Is `municipality` in scope?
    #[must_use]
    pub fn covers(&self, municipality: &str) -> bool {
        match &self.0 {
            Covered::Every => true,
            Covered::These(these) => these.contains(municipality),
        }
    }
}
