//! Which counts the enabled rules read: what no rule reads is not counted.

/// Counts that some rules read. The totals of clients and providers are always counted: limits on holds read them, and
/// baselines of single visits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct CountsRead {
    /// Carers' totals, and the shares of marks among carers: rules on pay periods, and on a carer's days.
    pub(in crate::engine) periods: bool,
    /// Carers by device.
    pub(in crate::engine) devices: bool,
}
