/** The sentences of a call: for what happened, for why it ended, for what is wrong with a device. */
import type { Notice, Over } from '@/call';
import type { DeviceKind, DeviceProblem } from '@/media/devices';
import { m } from '@/paraglide/messages';
import type { LeaveReason } from '@/signal/wire/LeaveReason';
import type { SourceKind } from '@/signal/wire/SourceKind';
import { actWord, signWord } from '../together/words';

export function noticeText(notice: Notice): string {
  switch (notice.kind) {
    case 'joined':
      return m.call_notice_joined({ name: notice.name });
    case 'left':
      return notice.reason === 'lost' ? m.call_notice_lost({ name: notice.name }) : m.call_notice_left({ name: notice.name });
    case 'hand_raised':
      return m.call_notice_hand_raised({ name: notice.name });
    case 'hand_lowered':
      return m.call_notice_hand_lowered({ name: notice.name });
    case 'share_started':
      return m.call_notice_share_started({ name: notice.name });
    case 'share_stopped':
      return m.call_notice_share_stopped({ name: notice.name });
    case 'recording_started':
      return m.call_notice_recording_started({ name: notice.name });
    case 'recording_stopped':
      return m.call_notice_recording_stopped();
    case 'classification_raised':
      return m.call_notice_classification({ classification: notice.to.replace('_', ' ') });
    case 'muted_by_host':
      return mutedByHost(notice.source);
    case 'said':
      return notice.line.to ? m.together_said_you({ name: notice.line.from.name, text: notice.line.text }) : m.together_said({ name: notice.line.from.name, text: notice.line.text });
    case 'announced':
      return m.breakout_notice_announced({ name: notice.line.from.name, text: notice.line.text });
    case 'moved':
      return notice.name === undefined ? m.breakout_notice_main() : m.breakout_notice_moved({ room: notice.name });
    case 'came':
      return m.breakout_notice_came({ name: notice.name });
    case 'went':
      return m.breakout_notice_went({ name: notice.name });
    case 'breakouts_open':
      return m.breakout_notice_open();
    case 'breakouts_closed':
      return m.breakout_notice_closed();
    case 'breakouts_ending':
      return m.breakout_notice_ending({ seconds: String(notice.seconds) });
    case 'help_called':
      return m.breakout_notice_help({ name: notice.name, room: notice.room });
    case 'reacted':
      return m.together_notice_reacted({ name: notice.name, sign: signWord(notice.reaction) });
    case 'poll_opened':
      return m.together_notice_poll({ question: notice.question });
    case 'poll_closed':
      return m.together_notice_poll_closed({ question: notice.question });
    case 'waits':
      return m.together_notice_waits({ name: notice.name, agency: notice.agency });
    case 'floor_yours':
      return notice.seconds === undefined ? m.together_notice_floor_yours() : m.together_notice_floor_yours_time({ seconds: String(notice.seconds) });
    case 'floor_lost':
      return m.together_notice_floor_lost();
    case 'floor_controlled':
      return m.together_notice_floor_on();
    case 'floor_open':
      return m.together_notice_floor_off();
    case 'acts_changed':
      return [
        ...(notice.lost.length > 0 ? [m.together_notice_may_not({ acts: notice.lost.map(actWord).join(', ') })] : []),
        ...(notice.gained.length > 0 ? [m.together_notice_may({ acts: notice.gained.map(actWord).join(', ') })] : []),
      ].join(' ');
    case 'door_locked':
      return m.together_notice_locked();
    case 'door_unlocked':
      return m.together_notice_unlocked();
    case 'spotlight_self':
      return m.together_notice_spotlight();
    case 'reconnecting':
      return m.call_notice_reconnecting();
    case 'reconnected':
      return m.call_notice_reconnected();
  }
}

function mutedByHost(source: SourceKind): string {
  switch (source) {
    case 'microphone':
      return m.call_notice_muted_microphone();
    case 'camera':
      return m.call_notice_muted_camera();
    case 'share_video':
    case 'share_audio':
      return m.call_notice_muted_share();
  }
}

/** What must be heard at once, over anything else that is being read. */
export const isUrgent = (notice: Notice): boolean =>
  notice.kind === 'recording_started' || notice.kind === 'classification_raised' || notice.kind === 'muted_by_host' || notice.kind === 'floor_yours' || notice.kind === 'floor_lost' || notice.kind === 'announced' || notice.kind === 'moved' || notice.kind === 'breakouts_ending' || notice.kind === 'help_called';

export function deviceProblemText(kind: DeviceKind | 'screen', problem: DeviceProblem): string {
  switch (problem) {
    case 'denied':
      return kind === 'camera' ? m.call_device_camera_denied() : m.call_device_microphone_denied();
    case 'missing':
      return kind === 'camera' ? m.call_device_camera_missing() : m.call_device_microphone_missing();
    case 'busy':
      return kind === 'camera' ? m.call_device_camera_busy() : kind === 'screen' ? m.call_device_screen_failed() : m.call_device_microphone_busy();
    case 'insecure':
      return kind === 'screen' ? m.call_device_screen_unsupported() : m.call_device_insecure();
    case 'backdrop':
      return m.call_device_backdrop();
    case 'failed':
      return kind === 'screen' ? m.call_device_screen_failed() : m.call_device_failed();
  }
}

export function overTitle(over: Over): string {
  switch (over.kind) {
    case 'ended':
      return leaveTitle(over.reason);
    case 'refused':
      return m.call_over_refused_title();
    case 'unreachable':
      return m.call_over_unreachable_title();
    case 'unsupported':
      return m.call_over_unsupported_title();
  }
}

export function overText(over: Over): string | undefined {
  switch (over.kind) {
    case 'ended':
      return leaveText(over.reason);
    case 'refused':
      return undefined;
    case 'unreachable':
      return m.call_over_unreachable_text();
    case 'unsupported':
      return m.call_over_unsupported_text();
  }
}

function leaveTitle(reason: LeaveReason): string {
  switch (reason) {
    case 'left':
      return m.call_over_left_title();
    case 'removed':
      return m.call_over_removed_title();
    case 'sent_back':
      return m.call_over_sent_back_title();
    case 'meeting_ended':
      return m.call_over_ended_title();
    case 'window_closed':
      return m.call_over_window_title();
    case 'revoked':
      return m.call_over_revoked_title();
    case 'replaced':
      return m.call_over_replaced_title();
    case 'lost':
    case 'node_stopped':
      return m.call_over_unreachable_title();
  }
}

function leaveText(reason: LeaveReason): string {
  switch (reason) {
    case 'left':
      return m.call_over_left_text();
    case 'removed':
      return m.call_over_removed_text();
    case 'sent_back':
      return m.together_notice_sent_back();
    case 'meeting_ended':
      return m.call_over_ended_text();
    case 'window_closed':
      return m.call_over_window_text();
    case 'revoked':
      return m.call_over_revoked_text();
    case 'replaced':
      return m.call_over_replaced_text();
    case 'lost':
    case 'node_stopped':
      return m.call_over_unreachable_text();
  }
}
