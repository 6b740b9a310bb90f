//! Reference facts: what is known beside the registrations, each valid for a time and recorded at
//! a time.

use super::{Coordinates, Month, UtcSecond};

/// When a fact is valid; open-ended where `to` is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// First second at which it is valid.
    pub from: UtcSecond,
    /// First second at which it is no longer valid.
    pub to: Option<UtcSecond>,
}

impl Validity {
    /// Is it valid at `at`?
    #[must_use]
    pub fn covers(self, at: UtcSecond) -> bool {
        self.from <= at && self.to.is_none_or(|to| at < to)
    }
}

/// A change of one fact, as read from the reference topic.
#[derive(Clone, Debug, PartialEq)]
pub enum FactChange {
    /// The fact was added, or replaced.
    Put(Fact),
    /// The fact was removed (an empty record).
    Remove {
        /// Municipality code.
        municipality: String,
        /// The fact's id.
        fact_id: String,
    },
}

impl FactChange {
    /// The municipality that it belongs to.
    #[must_use]
    pub fn municipality(&self) -> &str {
        match self {
            Self::Put(fact) => &fact.municipality,
            Self::Remove { municipality, .. } => municipality,
        }
    }
}

/// A fact, with its validity and the time at which it became known.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// Municipality code.
    pub municipality: String,
    /// A later record of the same id replaces this one.
    pub fact_id: String,
    /// When it is valid.
    pub valid: Validity,
    /// When it became known.
    pub recorded_at: UtcSecond,
    /// Its content, by type.
    pub body: FactBody,
}

/// Why a client is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AbsenceKind {
    /// In hospital.
    Hospital,
    /// In short-term care (*korttidsboende*).
    ShortTerm,
    /// Away from home.
    Away,
    /// Dead.
    Deceased,
}

/// Who confirmed that a client is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientAbsenceConfirmedBy {
    /// The hospital side.
    Hospital,
    /// The population registry.
    Registry,
    /// The client or a relative.
    Client,
    /// The provider.
    Provider,
}

/// Why a carer is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CarerAbsenceKind {
    /// On leave.
    Leave,
    /// Ill.
    Sick,
    /// Anything else.
    Other,
}

/// Who confirmed that a carer is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CarerAbsenceConfirmedBy {
    /// Payroll.
    Payroll,
    /// The provider.
    Provider,
}

/// The period that granted minutes are counted over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GrantPer {
    /// A day.
    Day,
    /// A week.
    Week,
    /// A month.
    Month,
}

/// Who runs the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProviderKind {
    /// The municipality itself (*egen regi*).
    Municipal,
    /// A private company or association.
    Private,
}

/// An accepted exception: the rule makes no finding about these while the fact is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// The rule's id.
    pub rule: String,
    /// Only this carer, where given.
    pub carer_ref: Option<String>,
    /// Only this client, where given.
    pub client_ref: Option<String>,
    /// Only this provider, where given.
    pub provider_id: Option<String>,
    /// Who decided it.
    pub author: String,
    /// Why.
    pub reason: String,
}

/// The content of a fact, by type.
#[derive(Clone, Debug, PartialEq)]
pub enum FactBody {
    /// Where a client lives, and in which household.
    ClientHome {
        /// The client.
        client_ref: String,
        /// Shared by all who live together.
        household_ref: Option<String>,
        /// The home's position.
        place: Option<Coordinates>,
    },
    /// An order with its grant (*beställning, beviljad tid*).
    Order {
        /// The order.
        order_id: String,
        /// Its client.
        client_ref: String,
        /// Its provider.
        provider_id: Option<String>,
        /// The tasks that it covers; empty where they are not listed.
        task_codes: Vec<String>,
        /// Granted minutes.
        granted_minutes: Option<u32>,
        /// Over which period.
        granted_per: Option<GrantPer>,
        /// Carers per visit.
        required_staff: Option<u8>,
    },
    /// A client is away.
    ClientAbsence {
        /// The client.
        client_ref: String,
        /// Why.
        kind: AbsenceKind,
        /// Who confirmed it.
        confirmed_by: ClientAbsenceConfirmedBy,
    },
    /// A carer works for a provider.
    Employment {
        /// The carer.
        carer_ref: String,
        /// The provider.
        provider_id: String,
    },
    /// A carer is away.
    CarerAbsence {
        /// The carer.
        carer_ref: String,
        /// Why.
        kind: CarerAbsenceKind,
        /// Who confirmed it.
        confirmed_by: CarerAbsenceConfirmedBy,
    },
    /// A tag or lock is mounted at a client's home.
    Tag {
        /// The tag.
        tag_ref: String,
        /// The client.
        client_ref: String,
    },
    /// What an hour costs.
    Tariff {
        /// The tariff.
        tariff_code: String,
        /// Öre per hour.
        ore_per_hour: i64,
    },
    /// When a pay period is locked and paid.
    Calendar {
        /// The period.
        pay_period: Month,
        /// No changes after this (*spärrdatum*).
        locks_at: UtcSecond,
        /// The payout run.
        payout_run_at: UtcSecond,
    },
    /// A provider.
    Provider {
        /// The provider.
        provider_id: String,
        /// Who runs it.
        kind: ProviderKind,
        /// Paid hours of its staff in `pay_period`.
        paid_staff_hours: Option<f64>,
        /// The period of `paid_staff_hours`.
        pay_period: Option<Month>,
    },
    /// An accepted exception.
    Exception(Exception),
}

impl FactBody {
    /// The types of facts, as records name them.
    pub const TYPES: [&'static str; 10] = [
        "client_home",
        "order",
        "client_absence",
        "employment",
        "carer_absence",
        "tag",
        "tariff",
        "calendar",
        "provider",
        "exception",
    ];

    /// The place of its type in [`FactBody::TYPES`].
    #[must_use]
    pub const fn type_number(&self) -> usize {
        match self {
            Self::ClientHome { .. } => 0,
            Self::Order { .. } => 1,
            Self::ClientAbsence { .. } => 2,
            Self::Employment { .. } => 3,
            Self::CarerAbsence { .. } => 4,
            Self::Tag { .. } => 5,
            Self::Tariff { .. } => 6,
            Self::Calendar { .. } => 7,
            Self::Provider { .. } => 8,
            Self::Exception(_) => 9,
        }
    }
}
