import { describe, expect, it } from 'vitest';
import { PROGRAMME, SPEECH, tuneOpus } from './opus';

const section = (mid: string, extra: string[] = []): string =>
  ['m=audio 9 UDP/TLS/RTP/SAVPF 111', `a=mid:${mid}`, 'a=rtpmap:111 opus/48000/2', ...extra, ''].join('\r\n');
const answer = (...sections: string[]): string => ['v=0', 's=-', ''].join('\r\n') + sections.join('');

describe('tuneOpus', () => {
  it('adds to what the answer says, in the one m-line', () => {
    const tuned = tuneOpus(answer(section('0', ['a=fmtp:111 minptime=10;useinbandfec=1']), section('3', ['a=fmtp:111 minptime=10'])), '0', SPEECH);
    expect(tuned).toContain('a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1\r\n');
    expect(tuned).toContain('a=fmtp:111 minptime=10\r\n');
    expect(tuned).toMatch(/^v=0\r\n/);
  });

  it('makes the line where there is none', () => {
    expect(tuneOpus(answer(section('3')), '3', PROGRAMME)).toContain('a=rtpmap:111 opus/48000/2\r\na=fmtp:111 usedtx=0;');
  });

  it('leaves alone what is not Opus, and a mid that is part of another', () => {
    const video = answer('m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=rtpmap:96 VP8/90000\r\n', section('11'));
    expect(tuneOpus(video, '1', SPEECH)).toBe(video);
  });
});
