//! What the history of a booking tells of it, in words of its own: the audit trail holds the same acts for auditors, with their circumstances.

use crate::names::names;

names! {
    /// What was done to a booking.
    HistoryAct {
        Apply = "apply",
        /// Put on the waiting list.
        Wait = "wait",
        Withdraw = "withdraw",
        /// Nobody decided before its time came.
        Lapse = "lapse",
        /// A place was offered to who waits.
        Offer = "offer",
        Accept = "accept",
        Decline = "decline",
        OfferExpire = "offer_expire",
        Amend = "amend",
        HoldExpire = "hold_expire",
        Approve = "approve",
        Return = "return",
        Refuse = "refuse",
        Resubmit = "resubmit",
        OverrideAsk = "override_ask",
        OverrideConfirm = "override_confirm",
        OverrideDecline = "override_decline",
        OverrideUse = "override_use",
        ConsentAsk = "consent_ask",
        ConsentGive = "consent_give",
        ConsentWithhold = "consent_withhold",
        CheckIn = "check_in",
        CheckInUndo = "check_in_undo",
        Extend = "extend",
        NoShowWarning = "no_show_warning",
        NoShow = "no_show",
        /// A site was lost to a fault or maintenance.
        Displace = "displace",
        Resite = "resite",
        GoOnline = "go_online",
        Restore = "restore",
        /// A change of site, calendar or policy made it not to fit.
        Flag = "flag",
        Unflag = "unflag",
        /// Moved to the same time on the wall, as the zone's rules have changed.
        KeepWallTime = "keep_wall_time",
        ConditionFile = "condition.file",
    }
}
