/** How our Opus encoders are asked to behave: format parameters (RFC 7587, section 6.1) that a sender takes from the answer it gets. */

/** Speech: nothing is sent in silence (DTX), and a lost packet can be rebuilt from the next (FEC). */
export const SPEECH = { usedtx: '1', useinbandfec: '1' } as const;
/** The sound of a shared screen may be music: stereo, and no gaps. */
export const PROGRAMME = { usedtx: '0', useinbandfec: '1', stereo: '1', 'sprop-stereo': '1', maxaveragebitrate: '96000' } as const;

/** The answer, with the Opus parameters of the m-line `mid` set as given. */
export function tuneOpus(answer: string, mid: string, parameters: Readonly<Record<string, string>>): string {
  const sections = answer.split(/(?=^m=)/m);
  return sections.map((section) => (hasMid(section, mid) ? tuneSection(section, parameters) : section)).join('');
}

const hasMid = (section: string, mid: string): boolean => section.split(/\r?\n/).includes(`a=mid:${mid}`);

function tuneSection(section: string, parameters: Readonly<Record<string, string>>): string {
  const payloadType = /^a=rtpmap:(\d+) opus\/48000/im.exec(section)?.[1];
  if (payloadType === undefined) return section;
  const fmtp = new RegExp(`^a=fmtp:${payloadType} ([^\\r\\n]*)`, 'm');
  const given = fmtp.exec(section)?.[1];
  if (given === undefined) {
    const rtpmap = new RegExp(`^a=rtpmap:${payloadType} [^\\r\\n]*`, 'm');
    return section.replace(rtpmap, (line) => `${line}\r\na=fmtp:${payloadType} ${print(parameters)}`);
  }
  return section.replace(fmtp, `a=fmtp:${payloadType} ${print({ ...parse(given), ...parameters })}`);
}

function parse(fmtp: string): Record<string, string> {
  const pairs = fmtp.split(';').flatMap((part) => {
    const [key, value] = part.split('=').map((it) => it.trim());
    return key !== undefined && key !== '' && value !== undefined ? [[key, value] as const] : [];
  });
  return Object.fromEntries(pairs);
}

const print = (parameters: Readonly<Record<string, string>>): string =>
  Object.entries(parameters)
    .map(([key, value]) => `${key}=${value}`)
    .join(';');
