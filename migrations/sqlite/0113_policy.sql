-- The policy of booking with its versions: the lead time (TP-2) and every number beside it. A reservation keeps the version by which it was judged.
ALTER TABLE lead_time_policy RENAME TO policy;
ALTER TABLE policy RENAME COLUMN days TO lead_days;
-- how the days are counted, and whose holidays and weekends make a working day
ALTER TABLE policy ADD COLUMN lead_mode TEXT NOT NULL DEFAULT 'calendar' CONSTRAINT policy_lead_mode CHECK (lead_mode IN ('calendar', 'clear', 'working'));
ALTER TABLE policy ADD COLUMN region TEXT NOT NULL DEFAULT 'wp_putrajaya' CONSTRAINT policy_region CHECK (region IN ('johor', 'kedah', 'kelantan', 'melaka', 'negeri_sembilan', 'pahang', 'perak', 'perlis', 'pulau_pinang', 'sabah', 'sarawak', 'selangor', 'terengganu', 'wp_kuala_lumpur', 'wp_labuan', 'wp_putrajaya'));
ALTER TABLE policy ADD COLUMN advance_days_max INTEGER NOT NULL DEFAULT 180 CONSTRAINT policy_advance CHECK (advance_days_max BETWEEN 1 AND 730);
ALTER TABLE policy ADD COLUMN slot_minutes_max INTEGER NOT NULL DEFAULT 540 CONSTRAINT policy_slot CHECK (slot_minutes_max BETWEEN 15 AND 1440);
ALTER TABLE policy ADD COLUMN rest_day_use TEXT NOT NULL DEFAULT 'consent' CONSTRAINT policy_rest_day_use CHECK (rest_day_use IN ('free', 'consent', 'refused'));
-- how long an application holds its slot undecided
ALTER TABLE policy ADD COLUMN hold_working_days INTEGER NOT NULL DEFAULT 1 CONSTRAINT policy_hold_days CHECK (hold_working_days BETWEEN 0 AND 30);
ALTER TABLE policy ADD COLUMN hold_until_minute INTEGER NOT NULL DEFAULT 1020 CONSTRAINT policy_hold_minute CHECK (hold_until_minute BETWEEN 0 AND 1440);
ALTER TABLE policy ADD COLUMN remind_after_minutes INTEGER NOT NULL DEFAULT 240 CONSTRAINT policy_remind CHECK (remind_after_minutes BETWEEN 15 AND 14400);
ALTER TABLE policy ADD COLUMN escalate_after_minutes INTEGER NOT NULL DEFAULT 480 CONSTRAINT policy_escalate CHECK (escalate_after_minutes BETWEEN 15 AND 14400);
ALTER TABLE policy ADD COLUMN same_day_shift TEXT NOT NULL DEFAULT 'approval' CONSTRAINT policy_same_day_shift CHECK (same_day_shift IN ('approval', 'lead_time'));
ALTER TABLE policy ADD COLUMN returned_keeps_receipt INTEGER NOT NULL DEFAULT 1 CHECK (returned_keeps_receipt IN (0, 1));
ALTER TABLE policy ADD COLUMN occurrences_max INTEGER NOT NULL DEFAULT 12 CONSTRAINT policy_occurrences CHECK (occurrences_max BETWEEN 1 AND 12);
ALTER TABLE policy ADD COLUMN offer_minutes INTEGER NOT NULL DEFAULT 120 CONSTRAINT policy_offer CHECK (offer_minutes BETWEEN 15 AND 2880);
ALTER TABLE policy ADD COLUMN no_show_warn_minutes INTEGER NOT NULL DEFAULT 10 CONSTRAINT policy_no_show_warn CHECK (no_show_warn_minutes BETWEEN 1 AND 120);
ALTER TABLE policy ADD COLUMN no_show_minutes INTEGER NOT NULL DEFAULT 15 CONSTRAINT policy_no_show CHECK (no_show_minutes BETWEEN 5 AND 240);
ALTER TABLE policy ADD COLUMN extension_minutes_max INTEGER NOT NULL DEFAULT 60 CONSTRAINT policy_extension CHECK (extension_minutes_max BETWEEN 0 AND 240 AND extension_minutes_max % 15 = 0);
ALTER TABLE policy ADD COLUMN condition_overdue_hours INTEGER NOT NULL DEFAULT 24 CONSTRAINT policy_condition CHECK (condition_overdue_hours BETWEEN 1 AND 336);
ALTER TABLE policy ADD COLUMN wanted_uses_per_month INTEGER NOT NULL DEFAULT 1 CONSTRAINT policy_wanted_uses CHECK (wanted_uses_per_month BETWEEN 0 AND 100);
-- why it was made, by whom; a version that has not come into force can be taken back
ALTER TABLE policy ADD COLUMN note TEXT;
ALTER TABLE policy ADD COLUMN created_by TEXT;
ALTER TABLE policy ADD COLUMN created_at_ms INTEGER;
ALTER TABLE policy ADD COLUMN withdrawn_at_ms INTEGER;
