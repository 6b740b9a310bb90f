//! Conversion between the bodies of facts on the topic and the domain's, with the checks of their fields.

use serde::Serialize;

use super::body::{
    CalendarBody, CarerAbsenceBody, ClientAbsenceBody, ClientHomeBody, EmploymentBody, ExceptionBody,
    OrderBody, ProviderBody, TagBody, TariffBody,
};
use super::checks::{optional_id, staff};
use super::fields::Fields;
use super::parts::place;
use super::text::{Id, List, Text};
use super::time::{PayPeriod, Time};
use super::words::{FactType, Word};
use crate::domain::{Exception, FactBody, Reason, Rejection};

/// A body, for writing.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Body<'a> {
    ClientHome(ClientHomeBody<'a>),
    Order(OrderBody<'a>),
    ClientAbsence(ClientAbsenceBody<'a>),
    Employment(EmploymentBody<'a>),
    CarerAbsence(CarerAbsenceBody<'a>),
    Tag(TagBody<'a>),
    Tariff(TariffBody<'a>),
    Calendar(CalendarBody),
    Provider(ProviderBody<'a>),
    Exception(ExceptionBody<'a>),
}

impl<'a> Body<'a> {
    /// The type that goes with it.
    pub(super) const fn kind(&self) -> FactType {
        match self {
            Self::ClientHome(_) => FactType::ClientHome,
            Self::Order(_) => FactType::Order,
            Self::ClientAbsence(_) => FactType::ClientAbsence,
            Self::Employment(_) => FactType::Employment,
            Self::CarerAbsence(_) => FactType::CarerAbsence,
            Self::Tag(_) => FactType::Tag,
            Self::Tariff(_) => FactType::Tariff,
            Self::Calendar(_) => FactType::Calendar,
            Self::Provider(_) => FactType::Provider,
            Self::Exception(_) => FactType::Exception,
        }
    }

    pub(super) fn of(body: &'a FactBody) -> Self {
        match body {
            FactBody::ClientHome { client_ref, household_ref, place } => Self::ClientHome(ClientHomeBody {
                client_ref: Text::new(client_ref),
                household_ref: Text::option(household_ref.as_deref()),
                lat: place.map(|place| place.lat),
                lon: place.map(|place| place.lon),
            }),
            FactBody::Order {
                order_id,
                client_ref,
                provider_id,
                task_codes,
                granted_minutes,
                granted_per,
                required_staff,
            } => Self::Order(OrderBody {
                order_id: Text::new(order_id),
                client_ref: Text::new(client_ref),
                provider_id: Text::option(provider_id.as_deref()),
                task_codes: (!task_codes.is_empty())
                    .then(|| List(task_codes.iter().map(|code| Text::new(code)).collect())),
                granted_minutes: *granted_minutes,
                granted_per: granted_per.map(Word),
                required_staff: *required_staff,
            }),
            FactBody::ClientAbsence { client_ref, kind, confirmed_by } => {
                Self::ClientAbsence(ClientAbsenceBody {
                    client_ref: Text::new(client_ref),
                    kind: Word(*kind),
                    confirmed_by: Word(*confirmed_by),
                })
            }
            FactBody::Employment { carer_ref, provider_id } => Self::Employment(EmploymentBody {
                carer_ref: Text::new(carer_ref),
                provider_id: Text::new(provider_id),
            }),
            FactBody::CarerAbsence { carer_ref, kind, confirmed_by } => {
                Self::CarerAbsence(CarerAbsenceBody {
                    carer_ref: Text::new(carer_ref),
                    kind: Word(*kind),
                    confirmed_by: Word(*confirmed_by),
                })
            }
            FactBody::Tag { tag_ref, client_ref } => {
                Self::Tag(TagBody { tag_ref: Text::new(tag_ref), client_ref: Text::new(client_ref) })
            }
            FactBody::Tariff { tariff_code, ore_per_hour } => {
                Self::Tariff(TariffBody { tariff_code: Text::new(tariff_code), ore_per_hour: *ore_per_hour })
            }
            FactBody::Calendar { pay_period, locks_at, payout_run_at } => Self::Calendar(CalendarBody {
                pay_period: PayPeriod(*pay_period),
                locks_at: Time(*locks_at),
                payout_run_at: Time(*payout_run_at),
            }),
            FactBody::Provider { provider_id, kind, paid_staff_hours, pay_period } => {
                Self::Provider(ProviderBody {
                    provider_id: Text::new(provider_id),
                    kind: Word(*kind),
                    paid_staff_hours: *paid_staff_hours,
                    pay_period: pay_period.map(PayPeriod),
                })
            }
            FactBody::Exception(exception) => Self::Exception(ExceptionBody::of(exception)),
        }
    }
}

/// The body of a fact of type `kind`, its ids, texts and numbers checked.
pub(super) fn body(kind: FactType, fields: &Fields) -> Result<FactBody, Rejection> {
    match kind {
        FactType::ClientHome => fields.read::<ClientHomeBody<'_>>()?.checked(),
        FactType::Order => fields.read::<OrderBody<'_>>()?.checked(),
        FactType::ClientAbsence => {
            let ClientAbsenceBody { client_ref, kind, confirmed_by } = fields.read()?;
            let client_ref = id(&client_ref, "client_ref")?;
            Ok(FactBody::ClientAbsence { client_ref, kind: kind.0, confirmed_by: confirmed_by.0 })
        }
        FactType::Employment => {
            let EmploymentBody { carer_ref, provider_id } = fields.read()?;
            Ok(FactBody::Employment {
                carer_ref: id(&carer_ref, "carer_ref")?,
                provider_id: id(&provider_id, "provider_id")?,
            })
        }
        FactType::CarerAbsence => {
            let CarerAbsenceBody { carer_ref, kind, confirmed_by } = fields.read()?;
            let carer_ref = id(&carer_ref, "carer_ref")?;
            Ok(FactBody::CarerAbsence { carer_ref, kind: kind.0, confirmed_by: confirmed_by.0 })
        }
        FactType::Tag => {
            let TagBody { tag_ref, client_ref } = fields.read()?;
            Ok(FactBody::Tag {
                tag_ref: id(&tag_ref, "tag_ref")?,
                client_ref: id(&client_ref, "client_ref")?,
            })
        }
        FactType::Tariff => {
            let TariffBody { tariff_code, ore_per_hour } = fields.read()?;
            let tariff_code = tariff_code.checked("tariff_code")?.to_owned();
            let ore_per_hour = not_negative(ore_per_hour, "ore_per_hour")?;
            Ok(FactBody::Tariff { tariff_code, ore_per_hour })
        }
        FactType::Calendar => {
            let CalendarBody { pay_period, locks_at, payout_run_at } = fields.read()?;
            Ok(FactBody::Calendar {
                pay_period: pay_period.0,
                locks_at: locks_at.0,
                payout_run_at: payout_run_at.0,
            })
        }
        FactType::Provider => fields.read::<ProviderBody<'_>>()?.checked(),
        FactType::Exception => fields.read::<ExceptionBody<'_>>()?.checked().map(FactBody::Exception),
    }
}

fn id(text: &Id<'_>, field: &'static str) -> Result<String, Rejection> {
    text.id(field).map(str::to_owned)
}

fn option(text: Option<&Id<'_>>, field: &'static str) -> Result<Option<String>, Rejection> {
    Ok(optional_id(text, field)?.map(str::to_owned))
}

fn not_negative<T: PartialOrd + Default>(number: T, field: &str) -> Result<T, Rejection> {
    if number < T::default() {
        return Err(Rejection::new(Reason::BadField, format!("`{field}` is negative")));
    }
    Ok(number)
}

impl ClientHomeBody<'_> {
    fn checked(&self) -> Result<FactBody, Rejection> {
        Ok(FactBody::ClientHome {
            client_ref: id(&self.client_ref, "client_ref")?,
            household_ref: option(self.household_ref.as_ref(), "household_ref")?,
            place: self.lat.zip(self.lon).map(|(lat, lon)| place(lat, lon)).transpose()?,
        })
    }
}

impl OrderBody<'_> {
    fn checked(&self) -> Result<FactBody, Rejection> {
        let codes = self.task_codes.iter().flat_map(|codes| &codes.0);
        Ok(FactBody::Order {
            order_id: id(&self.order_id, "order_id")?,
            client_ref: id(&self.client_ref, "client_ref")?,
            provider_id: option(self.provider_id.as_ref(), "provider_id")?,
            task_codes: codes
                .map(|code| code.checked("task_codes").map(str::to_owned))
                .collect::<Result<_, _>>()?,
            granted_minutes: self.granted_minutes,
            granted_per: self.granted_per.map(|per| per.0),
            required_staff: staff(self.required_staff)?,
        })
    }
}

impl ProviderBody<'_> {
    fn checked(&self) -> Result<FactBody, Rejection> {
        Ok(FactBody::Provider {
            provider_id: id(&self.provider_id, "provider_id")?,
            kind: self.kind.0,
            paid_staff_hours: self
                .paid_staff_hours
                .map(|hours| not_negative(hours, "paid_staff_hours"))
                .transpose()?,
            pay_period: self.pay_period.map(|period| period.0),
        })
    }
}

impl<'a> ExceptionBody<'a> {
    pub(super) fn of(exception: &'a Exception) -> Self {
        Self {
            rule: Text::new(&exception.rule),
            carer_ref: Text::option(exception.carer_ref.as_deref()),
            client_ref: Text::option(exception.client_ref.as_deref()),
            provider_id: Text::option(exception.provider_id.as_deref()),
            author: Text::new(&exception.author),
            reason: Text::new(&exception.reason),
        }
    }

    pub(super) fn checked(&self) -> Result<Exception, Rejection> {
        Ok(Exception {
            rule: id(&self.rule, "rule")?,
            carer_ref: option(self.carer_ref.as_ref(), "carer_ref")?,
            client_ref: option(self.client_ref.as_ref(), "client_ref")?,
            provider_id: option(self.provider_id.as_ref(), "provider_id")?,
            author: id(&self.author, "author")?,
            reason: self.reason.checked("reason")?.to_owned(),
        })
    }
}
