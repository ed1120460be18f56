import { describe, expect, it } from 'vitest';
import { FIRST_REMOTE_FRAME, JOIN_CLICK, JOIN_MEASURE, JoinTimeline } from './timeline';

describe('JoinTimeline', () => {
  it('measures from the press to the first picture, once', () => {
    const timeline = new JoinTimeline(performance);
    expect(timeline.remoteFrame()).toBeUndefined();
    timeline.click();
    const first = timeline.remoteFrame();
    expect(first).toBeGreaterThanOrEqual(0);
    expect(timeline.remoteFrame()).toBe(first);
    expect(performance.getEntriesByName(JOIN_MEASURE)).toHaveLength(1);
    expect(performance.getEntriesByName(JOIN_CLICK)).toHaveLength(1);
    expect(performance.getEntriesByName(FIRST_REMOTE_FRAME)).toHaveLength(1);
  });
});
