/**
 * The meeting in a small window over other programs: with controls where the browser has a window for documents (Document Picture-in-Picture),
 * else one picture (Picture-in-Picture of a video element).
 */
import { mount, unmount } from 'svelte';
import type { Call } from '@/call';
import type { LocalMedia } from '@/media/local';
import { documentPip, type DocumentPip } from './canPip';
import type { LooksState } from './looks.svelte';
import { pipPicture } from './pipPicture';
import PipView from './PipView.svelte';

const SIZE = { width: 400, height: 260 };

export interface PipSource {
  call: Call;
  local: LocalMedia;
  looks: LooksState;
}

/** Opens it on a press; the answer closes it. Nothing where the browser or the person said no. `closed` is called once, whoever closes it. */
export async function openPip(source: PipSource, closed: () => void): Promise<(() => void) | undefined> {
  const documents = documentPip();
  try {
    return documents === undefined ? await openVideo(source, closed) : await openDocument(documents, source, closed);
  } catch {
    return undefined;
  }
}

async function openDocument(documents: DocumentPip, source: PipSource, closed: () => void): Promise<() => void> {
  const small = await documents.requestWindow(SIZE);
  small.document.documentElement.lang = document.documentElement.lang;
  small.document.documentElement.style.colorScheme = 'dark';
  small.document.title = document.title;
  small.document.adoptedStyleSheets = [stylesFor(small)];
  const shown = mount(PipView, { target: small.document.body, props: { ...source, onback: () => small.close() } });
  small.addEventListener(
    'pagehide',
    () => {
      void unmount(shown);
      closed();
    },
    { once: true },
  );
  return () => small.close();
}

/** The page's own styles, copied as they stand: nothing is fetched, so they are there at once and without a line. */
function stylesFor(small: Window): CSSStyleSheet {
  const sheet = new (small as unknown as { CSSStyleSheet: typeof CSSStyleSheet }).CSSStyleSheet();
  sheet.replaceSync([...document.styleSheets].flatMap((it) => [...it.cssRules].map((rule) => rule.cssText)).join('\n'));
  return sheet;
}

async function openVideo({ call, looks }: PipSource, closed: () => void): Promise<() => void> {
  const video = document.createElement('video');
  video.muted = true;
  const stop = call.subscribe((view) => {
    const stream = pipPicture(view, looks.pins[0])?.stream;
    if (stream === undefined || video.srcObject === stream) return;
    video.srcObject = stream;
    video.play().catch(() => {}); // replaced meanwhile
  });
  try {
    if (video.srcObject === null) throw new Error('nothing to show');
    if (video.readyState === 0) await new Promise((done) => video.addEventListener('loadedmetadata', done, { once: true }));
    await video.requestPictureInPicture();
  } catch (error) {
    stop();
    throw error;
  }
  video.addEventListener(
    'leavepictureinpicture',
    () => {
      stop();
      video.srcObject = null;
      closed();
    },
    { once: true },
  );
  return () => void document.exitPictureInPicture().catch(() => {});
}
