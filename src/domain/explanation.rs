//! The closed lists of words by which a finding says what it rests on, each with its text for people.

/// A closed list: its type, and per value the word of the contract, the Swedish and the English text.
macro_rules! closed_list {
    ($(#[$doc:meta])* $name:ident { $($value:ident = $word:literal, $sv:literal, $en:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $(#[doc = concat!("`", $word, "`: ", $en, ".")] $value,)*
        }

        impl $name {
            /// All of them, in alphabetical order of their words.
            pub const ALL: &'static [Self] = &[$(Self::$value,)*];

            /// The word on the topics.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$value => $word,)* }
            }

            /// The Swedish text, which fits after a colon.
            #[must_use]
            pub const fn text_sv(self) -> &'static str {
                match self { $(Self::$value => $sv,)* }
            }

            /// The English text.
            #[must_use]
            pub const fn text_en(self) -> &'static str {
                match self { $(Self::$value => $en,)* }
            }
        }
    };
}

closed_list! {
    /// A lawful explanation that a rule has tested, and that does not apply to its finding: `excluded`.
    Explanation {
        AcuteHelp = "acute-help", "akut hjälp efter ett larm eller ett oplanerat besök", "acute help after an alarm or an unplanned visit";
        AdmissionDay = "admission-day", "dagen då frånvaron började", "the day on which the absence began";
        Alarm = "alarm", "besök efter larm", "an answer to an alarm";
        Approval = "approval", "attest av registreringen", "an approval of the registration";
        AsPlanned = "as-planned", "tider enligt planeringen", "times as planned";
        AutoClosed = "auto-closed", "besök som systemet avslutade", "a visit that the source system closed";
        BackdatedGrant = "backdated-grant", "beslut som gäller bakåt i tiden", "a grant with effect from an earlier day";
        ClientAway = "client-away", "brukaren var frånvarande", "the client was away";
        DayOff = "day-off", "medarbetaren hade en ledig dag", "the carer had a day off";
        DeclinedVisit = "declined-visit", "avböjt eller inställt besök", "a declined or cancelled visit";
        DischargeDay = "discharge-day", "dagen då frånvaron slutade", "the day on which the absence ended";
        DoubleStaffing = "double-staffing", "dubbelbemanning", "double staffing";
        ElectronicContact = "electronic-contact", "elektroniskt registrerat besök", "a visit that was captured electronically";
        FewChanges = "few-changes", "för få ändringar för en slutsats", "too few changes for a conclusion";
        FewGrantedHours = "few-granted-hours", "för lite beviljad tid för en slutsats", "too little granted time for a conclusion";
        FewMinutes = "few-minutes", "för lite besökstid för en slutsats", "too little time for a conclusion";
        FewVisits = "few-visits", "för få besök för en slutsats", "too few visits for a conclusion";
        FirstDay = "first-day", "frånvarons första dag", "the first day of the absence";
        Handover = "handover", "överlämning mellan medarbetare", "a handover between carers";
        LastDay = "last-day", "frånvarons sista dag", "the last day of the absence";
        LateArrival = "late-arrival", "registreringar som kom in samtidigt från en telefon utan täckning", "registrations that arrived together from a phone without coverage";
        LentForADay = "lent-for-a-day", "telefon som lånades ut under en dag", "a phone lent for a day";
        LongAbsence = "long-absence", "lång frånvaro", "a long absence";
        LongerThanPlanned = "longer-than-planned", "besök som blev längre än planerat", "a visit that took longer than planned";
        ManualEnd = "manual-end", "manuellt registrerad sluttid", "an end that was entered by hand";
        ManualStart = "manual-start", "manuellt registrerad starttid", "a start that was entered by hand";
        ManualTimes = "manual-times", "manuellt registrerade tider", "times that were entered by hand";
        MealDelivery = "meal-delivery", "matleverans", "a meal delivery";
        MinimumTime = "minimum-time", "avtalets minsta tid per besök", "the contract's minimum time for a visit";
        MonthNotOver = "month-not-over", "månaden är inte slut", "the month is not over";
        NewPhone = "new-phone", "ny telefon i stället för en trasig", "a new phone in place of a broken one";
        NewProvider = "new-provider", "ny utförare", "a new provider";
        NewerVersion = "newer-version", "senare version av samma registrering", "a newer version of the same registration";
        NightShift = "night-shift", "nattpass som började kvällen före", "a night shift that began the evening before";
        NightTour = "night-tour", "nattpatrull", "the night patrol";
        NotBilled = "not-billed", "besök som inte faktureras", "a visit that is not billed";
        OfficeHoursOnly = "office-hours-only", "besök enbart på kontorstid", "visits in office hours only";
        OneAfterTheOther = "one-after-the-other", "besök efter varandra", "visits one after the other";
        OneCarer = "one-carer", "en enda medarbetare", "a single carer";
        OneHousehold = "one-household", "brukare i samma hushåll", "clients of one household";
        OneShiftADay = "one-shift-a-day", "ett arbetspass om dagen", "one shift a day";
        OneVisitADay = "one-visit-a-day", "ett besök om dagen", "one visit a day";
        OpenVisit = "open-visit", "pågående besök", "a visit that is still open";
        OralOrder = "oral-order", "muntlig beställning", "an order by word of mouth";
        OtherPayment = "other-payment", "annan ersättningsform", "another form of payment";
        OtherService = "other-service", "besök för en annan insats", "a visit for another service";
        OutsideHome = "outside-home", "insats utanför hemmet", "a service outside the home";
        PaidByGrant = "paid-by-grant", "ersättning efter beviljad tid", "payment by granted time";
        Partner = "partner", "besök som anger varandra som dubbelbemanning", "visits that name each other as double staffing";
        PerformedTimePaid = "performed-time-paid", "ersättning efter utförd tid", "payment by performed time";
        PlannedAsTwo = "planned-as-two", "planerade som två besök", "planned as two visits";
        PlanningSource = "planning-source", "system som föreslår planerad tid för alla", "a system that proposes the planned time to everybody";
        PoolPhones = "pool-phones", "gemensamma telefoner", "pool phones";
        ReasonGiven = "reason-given", "ändring med angiven orsak", "a change with a reason";
        Relief = "relief", "medarbetare som avlöste varandra", "carers who relieved each other";
        Remote = "remote", "besök på distans", "a remote visit";
        Repeat = "repeat", "samma registrering en gång till", "the same record sent again";
        ReplacedTag = "replaced-tag", "utbytt tagg", "a replaced tag";
        Rounding = "rounding", "avtalets avrundning", "the contract's rounding";
        RoundingSource = "rounding-source", "system som avrundar för alla", "a system that rounds for everybody";
        SameClient = "same-client", "besök hos samma brukare", "visits to the same client";
        SamePartOfPlannedVisits = "same-part-of-planned-visits", "lika stor andel av de planerade besöken", "as large a part of the planned visits";
        SameStartOnly = "same-start-only", "enbart samma starttid", "only the same start";
        SeveralClients = "several-clients", "flera brukare", "several clients";
        SharedTime = "shared-time", "överlappande tid", "overlapping time";
        SharedVisit = "shared-visit", "gemensamt besök hos flera brukare", "one shared visit to several clients";
        ShortList = "short-list", "kort insatslista", "a short list of tasks";
        SingleStaffing = "single-staffing", "besök för en enda medarbetare", "a visit for a single carer";
        StandardMinutes = "standard-minutes", "ersättning efter schablontid", "payment by standard minutes";
        Template = "template", "mall som markerar alla insatser", "a template that ticks all tasks";
        Trainee = "trainee", "medarbetare under introduktion", "a trainee";
        Unplanned = "unplanned", "oplanerat besök", "an unplanned visit";
        UsualForClient = "usual-for-client", "besökslängd som är vanlig för brukaren", "a length that is usual for the client";
        UsualForOthers = "usual-for-others", "besökslängd som är vanlig för andra", "a length that is usual for others";
        UsualShiftStart = "usual-shift-start", "arbetspass som brukar börja då", "shifts that usually begin then";
        WayAndBreaks = "way-and-breaks", "resor och raster", "travel and breaks";
        WeakPosition = "weak-position", "osäker position", "an inaccurate position";
    }
}

closed_list! {
    /// A fact whose absence lowered a grade (`not_tested`), or for want of which a rule could not decide
    /// (`undetermined`).
    MissingFact {
        Calendar = "calendar", "månadens spärrdatum", "the lock date of the month";
        ClientAbsence = "client_absence", "brukarens frånvaro", "the client's absences";
        ClientHome = "client_home", "var brukaren bor", "where the client lives";
        Employment = "employment", "utförarens personallista", "the provider's list of staff";
        Household = "household", "vilket hushåll brukaren tillhör", "which household the client belongs to";
        Order = "order", "brukarens beställningar", "the client's orders";
        Plan = "plan", "besökets planerade tid", "the visit's planned time";
        Provider = "provider", "personalens betalda timmar", "the staff's paid hours";
        SyncedAt = "synced_at", "när registreringen kom in", "when the registration arrived";
        Tag = "tag", "var taggarna sitter", "where the tags hang";
    }
}
