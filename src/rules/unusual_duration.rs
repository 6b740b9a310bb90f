//! `unusual-duration`: a visit is far longer than is usual at this client and for this carer.
//!
//! Why: padding shows first as visits that outgrow the plan, the client's and the carer's habit. One
//! such visit proves nothing: it is observed, and reviewed only where it is extreme.
//!
//! Every comparable visit is assessed once, cheaply: the natural logarithm of registered over planned
//! length, less what was usual at the client in the pay period before, in standard deviations
//! (`visit_sd_log`, with `visit_sd_seconds` for what does not grow with the plan). Beyond
//! `odd_deviations` it is marked as long or short, so that it counts over a pay period, and how far
//! it lies out is a signal about the visit, by a t-like tail in closed form.
//!
//! Where it is marked as long, the natural logarithm of registered over planned length is held against two baselines of the
//! `baseline_days` local days before the visit: the client's visits of the same service, and all the
//! carer's visits. Each is Student's t after a normal–inverse-gamma prior round the plan, learned
//! robustly (see the engine's `baseline`). The p-value is the larger of the two tails, so that
//! neither a client who always takes longer nor a carer who always does is accused for that.
//!
//! Not a finding: less than `excess_seconds_min` above the plan; visits without a plan (undetermined)
//! or of which the length is no evidence (closed by the source, typed in, not performed); shorter
//! visits; night tours, escorts, errands and alarms.
//!
//! Grade: observe at `p_observe_max`; review at `p_review_max` where both ends were captured by something
//! bound to the place and the client's baseline has seen at least `observations_min` visits. The seconds in question are those above the length that one
//! visit in a hundred reaches.

use serde::Deserialize;

use super::visit_rule;
use crate::domain::wording::{EN, SV, clock_minutes, nearest_minutes};
use crate::domain::{Class, Explanation, Grade, Measure, MissingFact, Sentence, Span, VisitKind};
use crate::engine::{
    Baseline, Definition, Hit, Mark, Prior, Report, Sight, Signal, Visit, VisitRule, Wording,
};

pub(super) const RULE: Definition = Definition {
    id: "unusual-duration",
    version: 2,
    class: Class::Deviation,
    summary_sv: "Ett besök är mycket längre än vad som är vanligt för brukaren och medarbetaren.",
    summary_en: "A visit is far longer than is usual for the client and the carer.",
    build: visit_rule::<UnusualDuration>,
};

/// The expected range ends where one visit in a hundred begins.
const RANGE_TAIL: f64 = 0.01;
/// As of Student's t with so many degrees of freedom, as lengths have long tails.
const TAIL_FREEDOM: f64 = 8.0;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UnusualDuration {
    /// At most this likely: noted.
    p_observe_max: f64,
    /// At most this likely: a person should look.
    p_review_max: f64,
    /// Less above the plan than this is not worth a look.
    excess_seconds_min: u32,
    /// Visits that the client's baseline must have seen before a person is asked.
    observations_min: u32,
    /// Local days that the baselines look back.
    baseline_days: u16,
    /// Standard deviation before anything was seen, of the natural logarithm of the ratio.
    prior_sd_log: f64,
    /// Weight of the planned length as the centre, in visits.
    prior_mean_weight: f64,
    /// Weight of that standard deviation, in visits.
    prior_sd_weight: f64,
    /// About this many of the latest visits count.
    observations_effective: f64,
    /// Standard deviation of the natural logarithm of the ratio from visit to visit.
    visit_sd_log: f64,
    /// The same for what does not grow with the plan.
    visit_sd_seconds: f64,
    /// So many standard deviations from the usual count as long or short.
    odd_deviations: f64,
    /// Weight of the plan against what was usual at the client, in visits.
    client_plan_weight: f64,
}

impl VisitRule for UnusualDuration {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let own = sight.visit();
        if !is_comparable(own) {
            return;
        }
        let Some(planned) = own.planned().map(Span::seconds) else {
            return report.undetermined(MissingFact::Plan);
        };
        let Some(value) = own.log_ratio() else { return };
        let is_long = self.measure(sight, value, planned, report);
        if !is_long || !self.exceeds(own, planned) {
            return;
        }
        let prior = Prior {
            mean: 0.0,
            sd: self.prior_sd_log,
            mean_weight: self.prior_mean_weight,
            sd_weight: self.prior_sd_weight,
            observations_effective: self.observations_effective,
        };
        let days = i32::from(self.baseline_days);
        let client = sight.client_baseline(prior, days);
        let Some(client_tail) = client.upper_tail(value, self.p_observe_max) else { return };
        let carer = sight.carer_baseline(prior, days);
        let Some(carer_tail) = carer.upper_tail(value, self.p_observe_max) else { return };
        report.hit(self.hit(sight, &client, &carer, client_tail.max(carer_tail), planned));
    }

    fn depends_on(&self, sight: &Sight<'_>, later: &Visit) -> bool {
        let own = sight.visit();
        let Some(planned) = later.planned().map(Span::seconds).filter(|plan| self.exceeds(later, *plan))
        else {
            return false;
        };
        let is_long =
            |value: f64| self.odd_deviations < self.deviations(self.residual(sight, later, value), planned);
        own.day < later.day
            && own.is_measured()
            && is_comparable(later)
            && later.log_ratio().is_some_and(is_long)
    }

    fn reads_history(&self) -> bool {
        true
    }
}

impl UnusualDuration {
    fn exceeds(&self, visit: &Visit, planned: i64) -> bool {
        i64::from(self.excess_seconds_min) <= visit.seconds() - planned
    }

    /// The logarithm of its length against the plan, less what is usual for the client.
    fn residual(&self, sight: &Sight<'_>, visit: &Visit, value: f64) -> f64 {
        value - sight.client_usual_length(visit, self.client_plan_weight)
    }

    fn deviations(&self, residual: f64, planned: i64) -> f64 {
        let fixed = self.visit_sd_seconds / planned as f64;
        residual / (self.visit_sd_log * self.visit_sd_log + fixed * fixed).sqrt()
    }

    /// Notes how far the visit lies from what is usual; is it a long one?
    fn measure(&self, sight: &Sight<'_>, value: f64, planned: i64, report: &mut Report<'_>) -> bool {
        let residual = self.residual(sight, sight.visit(), value);
        report.length(value, residual);
        let deviations = self.deviations(residual, planned);
        let [long, short] = [deviations, -deviations].map(|out| self.odd_deviations < out);
        report.mark(Mark::Long, long);
        report.mark(Mark::Short, short);
        let tail = half_tail(deviations);
        let (above, below) = if deviations < 0.0 { (1.0 - tail, tail) } else { (tail, 1.0 - tail) };
        report.signal(Signal::Long, above);
        report.signal(Signal::Short, below);
        long
    }

    fn hit(
        &self,
        sight: &Sight<'_>,
        client: &Baseline,
        carer: &Baseline,
        p_value: f64,
        planned: i64,
    ) -> Hit<impl Wording> {
        let own = sight.visit();
        let seconds_at = |log_ratio: f64| (planned as f64 * log_ratio.exp()).round() as i64;
        let usual = seconds_at(client.predictive().centre);
        let most = seconds_at(client.upper_quantile(RANGE_TAIL)).clamp(0, own.seconds());
        let known = self.observations_min <= client.observations();
        // A button can be pressed long after the door was closed.
        let grave = known && p_value <= self.p_review_max && own.is_electronic();
        let excess = Span::new(own.span.start().plus(most), own.span.end());
        Hit::new(if grave { Grade::Review } else { Grade::Observe })
            .p_value(p_value)
            .disputed(excess)
            .observed([
                Measure::whole("registered_seconds", own.seconds()),
                Measure::whole("planned_seconds", planned),
                Measure::whole("client_visits", i64::from(client.observations())),
                Measure::whole("carer_visits", i64::from(carer.observations())),
                Measure::real("prior_share", client.prior_share()),
            ])
            .expected([
                Measure::whole("usual_seconds", usual),
                Measure::whole("usual_seconds_max", most),
                Measure::real("usual_ratio_of_carer", carer.predictive().centre.exp()),
                Measure::real("p_value_min", if grave { self.p_review_max } else { self.p_observe_max }),
            ])
            .excluded(&[
                Explanation::AutoClosed,
                Explanation::ManualEnd,
                Explanation::NightTour,
                Explanation::OutsideHome,
                Explanation::Alarm,
                Explanation::DeclinedVisit,
            ])
            .text(move || sentence(sight, usual, planned, client.observations()))
    }
}

/// About how likely something so many standard deviations out, or further, is on its own side.
fn half_tail(deviations: f64) -> f64 {
    let base = 1.0 + deviations * deviations / TAIL_FREEDOM;
    // To the power of half the degrees of freedom and a half more.
    let squared = base * base;
    0.5 / (squared * squared * base.sqrt())
}

fn is_comparable(visit: &Visit) -> bool {
    visit.is_at_home()
        && !visit.end_method.is_manual()
        && !matches!(visit.kind, VisitKind::NightTour | VisitKind::Alarm)
}

fn sentence(sight: &Sight<'_>, usual: i64, planned: i64, observations: u32) -> Sentence {
    let (label, client) = (sight.label(), sight.client_ref());
    let registered = clock_minutes(sight.visit().span);
    let (planned, usual) = (nearest_minutes(planned), nearest_minutes(usual));
    let (usual_sv, usual_en) = if observations == 0 {
        (
            format!("Inga tidigare besök hos brukaren {client} kan jämföras."),
            format!("No earlier visits to client {client} can be compared."),
        )
    } else {
        (
            format!(
                "Liknande besök hos brukaren {client} tar vanligen {} (underlag: {} tidigare besök).",
                SV.length(usual),
                SV.number(observations.into())
            ),
            format!(
                "Such visits to client {client} usually take {} (based on {}).",
                EN.length(usual),
                EN.counted(observations.into(), "earlier visit", "earlier visits")
            ),
        )
    };
    Sentence {
        sv: format!(
            "Besöket {} varade i {}. Planerad tid är {}. {usual_sv}",
            label.dated_sv(),
            SV.length(registered),
            SV.length(planned)
        ),
        en: format!(
            "Visit {} lasted {}. The planned time is {}. {usual_en}",
            label.dated_en(),
            EN.length(registered),
            EN.length(planned)
        ),
    }
}
