//! What the audit trail calls what was done: `object.verb`. Whoever writes a row names one of these, and the client has words for each.

macro_rules! audit_acts {
    ($($(#[$doc:meta])* $name:ident = $text:literal),* $(,)?) => {
        /// An act of the audit trail. The text is stable: it is stored, and the reports read it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, ts_rs::TS)]
        #[ts(export)]
        pub enum AuditAct { $($(#[$doc])* #[serde(rename = $text)] $name),* }

        impl AuditAct {
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
            pub const fn text(self) -> &'static str { match self { $(Self::$name => $text),* } }
            /// The act of that name; nothing where there is none.
            pub fn named(text: &str) -> Option<Self> { match text { $($text => Some(Self::$name),)* _ => None } }
        }
    };
}

audit_acts! {
    AgencyCreate = "agency.create",
    AgencyWantUse = "agency.want_use",

    AttendanceView = "attendance.view",

    BlockKeepOpen = "block.keep_open",
    BlockLift = "block.lift",
    BlockMake = "block.make",
    BlockMoveEnd = "block.move_end",
    BlockRenew = "block.renew",

    ConditionFile = "condition.file",
    ConditionSign = "condition.sign",

    ConsentAnswer = "consent.answer",
    ConsentAsk = "consent.ask",

    DecisionRemind = "decision.remind",

    DelegationEnd = "delegation.end",
    DelegationMake = "delegation.make",

    DeviceConfirm = "device.confirm",
    DeviceEnterCode = "device.enter_code",
    DeviceRefuse = "device.refuse",
    DeviceRenew = "device.renew",
    DeviceRevoke = "device.revoke",

    DraftDiscard = "draft.discard",
    DraftKeep = "draft.keep",

    EquipmentAdd = "equipment.add",
    EquipmentAmend = "equipment.amend",
    EquipmentRestore = "equipment.restore",
    EquipmentRetire = "equipment.retire",
    EquipmentTest = "equipment.test",

    FaultAssign = "fault.assign",
    FaultClose = "fault.close",
    FaultComment = "fault.comment",
    FaultMend = "fault.mend",
    FaultRemind = "fault.remind",
    FaultReopen = "fault.reopen",
    FaultReport = "fault.report",
    FaultResume = "fault.resume",
    FaultSeverity = "fault.severity",
    FaultStart = "fault.start",
    FaultWait = "fault.wait",

    FaultTargetSet = "fault_target.set",

    FeedCreate = "feed.create",
    FeedRevoke = "feed.revoke",

    GrantMint = "grant.mint",

    GuestInvite = "guest.invite",
    GuestOpen = "guest.open",
    GuestResend = "guest.resend",
    GuestRevoke = "guest.revoke",

    HolidayAdd = "holiday.add",
    HolidayAmend = "holiday.amend",
    HolidayRemove = "holiday.remove",
    HolidayWeekend = "holiday.weekend",
    HolidayYear = "holiday.year",

    MailRead = "mail.read",
    MailResend = "mail.resend",

    MaintenanceCancel = "maintenance.cancel",
    MaintenanceFinish = "maintenance.finish",
    MaintenanceMoveEnd = "maintenance.move_end",
    MaintenancePlan = "maintenance.plan",
    MaintenanceStart = "maintenance.start",
    MaintenanceTick = "maintenance.tick",

    MeetingChangeRole = "meeting.change_role",
    MeetingCloseBreakouts = "meeting.close_breakouts",
    MeetingCreate = "meeting.create",
    MeetingDoor = "meeting.door",
    MeetingEnd = "meeting.end",
    MeetingOpenBreakouts = "meeting.open_breakouts",
    MeetingReadmit = "meeting.readmit",
    MeetingSetDoor = "meeting.set_door",
    MeetingRaiseClassification = "meeting.raise_classification",
    MeetingRemovePerson = "meeting.remove_person",

    OverrideAsk = "override.ask",
    OverrideConfirm = "override.confirm",
    OverrideDecline = "override.decline",
    OverrideRecord = "override.record",
    OverrideUse = "override.use",

    PasswordChange = "password.change",

    PersonCreate = "person.create",

    PhotographSend = "photograph.send",

    PolicyCreate = "policy.create",
    PolicyWithdraw = "policy.withdraw",

    RecordingStart = "recording.start",
    RecordingStop = "recording.stop",
    RecordingView = "recording.view",

    ReservationAcceptOffer = "reservation.accept_offer",
    ReservationAmend = "reservation.amend",
    ReservationApply = "reservation.apply",
    ReservationApprove = "reservation.approve",
    ReservationCheckIn = "reservation.check_in",
    ReservationCheckInUndo = "reservation.check_in_undo",
    ReservationDeclineOffer = "reservation.decline_offer",
    ReservationDisplace = "reservation.displace",
    ReservationExtend = "reservation.extend",
    ReservationFlag = "reservation.flag",
    ReservationGoOnline = "reservation.go_online",
    ReservationHoldExpire = "reservation.hold_expire",
    ReservationHoldRemind = "reservation.hold_remind",
    ReservationKeepWallTime = "reservation.keep_wall_time",
    ReservationLapse = "reservation.lapse",
    ReservationNoShow = "reservation.no_show",
    ReservationNoShowWarning = "reservation.no_show_warning",
    ReservationOffer = "reservation.offer",
    ReservationOfferExpire = "reservation.offer_expire",
    ReservationRefuse = "reservation.refuse",
    ReservationResite = "reservation.resite",
    ReservationRestore = "reservation.restore",
    ReservationResubmit = "reservation.resubmit",
    ReservationReturn = "reservation.return",
    ReservationUnflag = "reservation.unflag",
    ReservationWithdraw = "reservation.withdraw",

    SeriesApply = "series.apply",

    ServiceRestored = "service.restored",
    ServiceZoneChanged = "service.zone_changed",

    SessionClose = "session.close",
    SessionOpen = "session.open",

    SigningKeyRotate = "signing_key.rotate",

    SiteAmend = "site.amend",
    SiteCreate = "site.create",
}

#[cfg(test)]
mod tests {
    use super::AuditAct;

    #[test]
    fn an_act_is_known_by_its_name_alone() {
        for act in AuditAct::ALL {
            assert_eq!(AuditAct::named(act.text()), Some(*act));
        }
        assert_eq!(AuditAct::named("reservation"), None);
        assert_eq!(AuditAct::named("Reservation.Apply"), None);
    }
}
