//! Clients: where they live, with whom, and which visits are ordered for them.

use std::sync::Arc;

use super::lives::Life;
use super::stays::Stay;
use crate::domain::{CaptureMethod, GrantPer, Span, UtcSecond, VisitKind};

/// What a visit is for; its code names the task in the registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ServiceKind {
    Medication,
    Hygiene,
    Cleaning,
    Shopping,
    Relief,
    Escort,
    Meal,
    NightCheck,
    Call,
}

impl ServiceKind {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Medication => "medication",
            Self::Hygiene => "hygiene",
            Self::Cleaning => "cleaning",
            Self::Shopping => "shopping",
            Self::Relief => "relief",
            Self::Escort => "escort",
            Self::Meal => "meal",
            Self::NightCheck => "night_check",
            Self::Call => "call",
        }
    }

    /// Every task that belongs to it, the one that names it first.
    pub(super) const fn tasks(self) -> &'static [&'static str] {
        match self {
            Self::Hygiene => &["hygiene", "dressing", "toilet", "bed"],
            Self::Cleaning => &["cleaning", "laundry", "waste"],
            Self::Meal => &["meal", "dishes"],
            Self::Relief => &["relief", "meal"],
            Self::Medication => &["medication"],
            Self::Shopping => &["shopping"],
            Self::Escort => &["escort"],
            Self::NightCheck => &["night_check", "toilet"],
            Self::Call => &["call"],
        }
    }

    /// Standard minutes that the contract pays for it, whatever it took.
    pub(super) const fn standard_minutes(self) -> Option<u32> {
        match self {
            Self::Shopping => Some(60),
            Self::Cleaning => Some(96),
            Self::Meal => Some(20),
            _ => None,
        }
    }

    /// The kind of a planned visit of this service.
    pub(super) const fn kind(self) -> VisitKind {
        match self {
            Self::Shopping => VisitKind::Errand,
            Self::Escort => VisitKind::Escort,
            Self::Meal => VisitKind::MealDelivery,
            Self::NightCheck => VisitKind::NightTour,
            Self::Call => VisitKind::Remote,
            Self::Medication | Self::Hygiene | Self::Cleaning | Self::Relief => VisitKind::Planned,
        }
    }
}

/// An order (*beställning*): one service for one client.
#[derive(Debug)]
pub(super) struct OrderedService {
    pub(super) id: Arc<str>,
    pub(super) client: usize,
    pub(super) provider: usize,
    pub(super) service: ServiceKind,
    pub(super) granted_minutes: u32,
    pub(super) granted_per: GrantPer,
    pub(super) staff: u8,
}

/// A visit that comes again on certain weekdays.
#[derive(Clone, Debug)]
pub(super) struct Need {
    pub(super) service: ServiceKind,
    pub(super) minutes: i64,
    /// Desired start, in seconds after local midnight.
    pub(super) second: i32,
    /// Bit 0 is Monday.
    pub(super) weekdays: u8,
    pub(super) staff: u8,
    pub(super) order: usize,
}

/// How one carer registers a couple's joint visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joint {
    /// One after the other.
    Adjacent,
    /// Both under one `shared_visit_id`, the time split in the bill.
    Shared,
    /// Both logged in all the time, the time split in the bill.
    Both,
}

/// A client.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) reference: Arc<str>,
    pub(super) unit: usize,
    pub(super) household: Arc<str>,
    /// The other one of a couple.
    pub(super) spouse: Option<usize>,
    pub(super) joint: Joint,
    pub(super) home: crate::domain::Coordinates,
    pub(super) method: CaptureMethod,
    pub(super) tag: Option<Arc<str>>,
    /// Natural logarithm of visit length over planned length.
    pub(super) pace: f64,
    pub(super) needs: Vec<Need>,
    pub(super) stays: Vec<Stay>,
    /// Changes in the client's life.
    pub(super) life: Life,
    /// The carer who goes there wherever it can be arranged.
    pub(super) favourite: Option<usize>,
}

impl Client {
    /// The tag or lock at the home at `at`; a lost one is replaced.
    pub(super) fn tag_at(&self, at: UtcSecond) -> Option<Arc<str>> {
        let tag = self.tag.as_ref()?;
        match self.life.new_tag {
            Some(new) if new.from <= at => Some(format!("{tag}-b").into()),
            _ => Some(tag.clone()),
        }
    }

    /// The stay because of which nobody is at home at `at`. Visits are still possible up to two hours after the
    /// noted departure, and again from an hour before the noted return.
    pub(super) fn away_at(&self, at: UtcSecond) -> Option<&Stay> {
        self.stays.iter().find(|stay| stay.from.plus(7_200) <= at && at < stay.to.plus(-3_600))
    }

    /// Does `span` overlap a whole day away?
    pub(super) fn away_during(&self, span: Span) -> bool {
        self.stays.iter().any(|stay| stay.whole_days.is_some_and(|days| days.intersection(span).is_some()))
    }
}
