/** The sentences of the stage: layouts, data modes, and what became of a device. */
import type { DataMode, Layout, SelfView } from '@/call';
import type { DeviceNotice } from '@/media/local';
import { m } from '@/paraglide/messages';

export const LAYOUT_WORDS: Record<Layout, () => string> = {
  auto: () => m.stage_layout_auto(),
  grid: () => m.stage_layout_grid(),
  speaker: () => m.stage_layout_speaker(),
  side: () => m.stage_layout_side(),
};

export const SELF_WORDS: Record<SelfView, () => string> = {
  tile: () => m.stage_self_tile(),
  float: () => m.stage_self_float(),
  hidden: () => m.stage_self_hidden(),
};

export const MODE_WORDS: Record<DataMode, { word: () => string; text: () => string }> = {
  full: { word: () => m.stage_mode_full(), text: () => m.stage_mode_full_text() },
  saver: { word: () => m.stage_mode_saver(), text: () => m.stage_mode_saver_text() },
  audio: { word: () => m.stage_mode_audio(), text: () => m.stage_mode_audio_text() },
};

export function deviceNoticeText(notice: DeviceNotice): string {
  switch (notice.kind) {
    case 'fell_back':
      return notice.of === 'microphone' ? m.stage_microphone_fell_back({ name: notice.label }) : m.stage_camera_fell_back({ name: notice.label });
    case 'returned':
      return notice.of === 'microphone' ? m.stage_microphone_returned({ name: notice.label }) : m.stage_camera_returned({ name: notice.label });
    case 'gone':
      switch (notice.of) {
        case 'microphone':
          return m.stage_microphone_gone();
        case 'camera':
          return m.stage_camera_gone();
        case 'speaker':
          return m.stage_speaker_gone();
      }
  }
}
