//! The words of a line, one by one, and what single words mean.

use tidvakt::domain::{
    AbsenceKind, CaptureMethod, CarerAbsenceConfirmedBy, CarerAbsenceKind, ClientAbsenceConfirmedBy,
    Coordinates, EventType, GrantPer, Month, PaymentMode, ProviderKind, UtcSecond, Validity, VisitKind,
    VisitOutcome,
};

use crate::draft::instant;

pub(super) type Read<T> = Result<T, String>;

/// The words of a line, taken one after the other.
pub(super) struct Words<'a>(std::iter::Peekable<std::str::SplitWhitespace<'a>>);

impl<'a> Words<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self(text.split_whitespace().peekable())
    }

    pub(super) fn maybe(&mut self) -> Option<&'a str> {
        self.0.next()
    }

    pub(super) fn next(&mut self, what: &str) -> Read<&'a str> {
        self.0.next().ok_or_else(|| format!("{what} is missing"))
    }

    pub(super) fn take(&mut self, word: &str) -> bool {
        self.0.next_if(|next| *next == word).is_some()
    }

    pub(super) fn expect(&mut self, word: &str) -> Read<()> {
        let found = self.next(&format!("`{word}`"))?;
        if found == word { Ok(()) } else { Err(format!("found `{found}`, expected `{word}`")) }
    }

    pub(super) fn end(&mut self) -> Read<()> {
        self.0.next().map_or(Ok(()), |word| Err(format!("`{word}` is not understood here")))
    }
}

pub(super) fn always() -> Validity {
    Validity { from: day("2020-01-01").expect("a date"), to: None }
}

pub(super) fn validity(text: &str) -> Read<Validity> {
    let (from, to) = text.split_once("..").ok_or_else(|| format!("`{text}` has no `..`"))?;
    Ok(Validity { from: day(from)?, to: if to.is_empty() { None } else { Some(day(to)?) } })
}

pub(super) fn day(text: &str) -> Read<UtcSecond> {
    instant(text).ok_or_else(|| format!("`{text}` is no local time"))
}

/// `08:00-08:30`; an end before the start is on the next day, no end is an open visit.
pub(super) fn times(date: &str, text: &str) -> Read<(UtcSecond, Option<UtcSecond>)> {
    let (from, to) = text.split_once('-').ok_or_else(|| format!("`{text}` is no time"))?;
    let start = day(&format!("{date}T{from}"))?;
    if to.is_empty() {
        return Ok((start, None));
    }
    let end = day(&format!("{date}T{to}"))?;
    Ok((start, Some(if end < start { end.plus(86_400) } else { end })))
}

/// `08:00` on `date`, or a local time with a date of its own.
pub(super) fn clock(date: &str, text: &str) -> Read<UtcSecond> {
    if text.contains('T') { day(text) } else { day(&format!("{date}T{text}")) }
}

/// `a,b,c`
pub(super) fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::to_owned).collect()
}

pub(super) fn number<T: std::str::FromStr>(text: &str) -> Read<T> {
    text.parse().map_err(|_| format!("`{text}` is not a number that fits"))
}

pub(super) fn month(text: &str) -> Read<Month> {
    Month::parse(text).ok_or_else(|| format!("`{text}` is no month"))
}

pub(super) fn place(text: &str) -> Read<Coordinates> {
    let (lat, lon) = text.split_once(',').ok_or_else(|| format!("`{text}` is no place"))?;
    Ok(Coordinates { lat: number(lat)?, lon: number(lon)? })
}

macro_rules! words {
    ($name:ident -> $type:ty, $what:literal, $($word:literal => $value:expr,)*) => {
        pub(super) fn $name(text: &str) -> Read<$type> {
            match text {
                $($word => Ok($value),)*
                other => Err(format!(concat!("`{}` is no ", $what), other)),
            }
        }
    };
}

words! { method -> CaptureMethod, "detail of a visit",
    "nfc" => CaptureMethod::NfcTag,
    "lock" => CaptureMethod::DigitalLock,
    "beacon" => CaptureMethod::Beacon,
    "fixed" => CaptureMethod::FixedDevice,
    "gps" => CaptureMethod::GpsApp,
    "phone" => CaptureMethod::Telephony,
    "app" => CaptureMethod::AppButton,
    "manual" => CaptureMethod::ManualCarer,
    "office" => CaptureMethod::ManualOffice,
    "auto" => CaptureMethod::AutoClosed,
    "unknown" => CaptureMethod::Unknown,
}
words! { kind -> VisitKind, "kind of visit",
    "unplanned" => VisitKind::Unplanned,
    "alarm" => VisitKind::Alarm,
    "night_tour" => VisitKind::NightTour,
    "errand" => VisitKind::Errand,
    "escort" => VisitKind::Escort,
    "remote" => VisitKind::Remote,
    "meal_delivery" => VisitKind::MealDelivery,
}
words! { outcome -> VisitOutcome, "outcome",
    "partly" => VisitOutcome::Partly,
    "declined" => VisitOutcome::Declined,
    "client_absent" => VisitOutcome::ClientAbsent,
    "cancelled_late" => VisitOutcome::CancelledLate,
}
words! { absence -> AbsenceKind, "kind of absence",
    "hospital" => AbsenceKind::Hospital,
    "short_term" => AbsenceKind::ShortTerm,
    "away" => AbsenceKind::Away,
    "deceased" => AbsenceKind::Deceased,
}
words! { confirmed -> ClientAbsenceConfirmedBy, "source of an absence",
    "hospital" => ClientAbsenceConfirmedBy::Hospital,
    "registry" => ClientAbsenceConfirmedBy::Registry,
    "client" => ClientAbsenceConfirmedBy::Client,
    "provider" => ClientAbsenceConfirmedBy::Provider,
}
words! { event -> EventType, "event",
    "recorded" => EventType::Recorded,
    "amended" => EventType::Amended,
    "approved" => EventType::Approved,
    "approval_withdrawn" => EventType::ApprovalWithdrawn,
}
words! { mode -> PaymentMode, "mode of payment",
    "performed" => PaymentMode::Performed,
    "granted" => PaymentMode::Granted,
    "standard_minutes" => PaymentMode::StandardMinutes,
    "per_visit" => PaymentMode::PerVisit,
    "fixed" => PaymentMode::Fixed,
}
words! { per -> GrantPer, "period of a grant",
    "day" => GrantPer::Day,
    "week" => GrantPer::Week,
    "month" => GrantPer::Month,
}
words! { carer_absence -> CarerAbsenceKind, "kind of absence",
    "leave" => CarerAbsenceKind::Leave,
    "sick" => CarerAbsenceKind::Sick,
    "other" => CarerAbsenceKind::Other,
}
words! { carer_confirmed -> CarerAbsenceConfirmedBy, "source of an absence",
    "payroll" => CarerAbsenceConfirmedBy::Payroll,
    "provider" => CarerAbsenceConfirmedBy::Provider,
}
words! { provider_kind -> ProviderKind, "kind of provider",
    "municipal" => ProviderKind::Municipal,
    "private" => ProviderKind::Private,
}
