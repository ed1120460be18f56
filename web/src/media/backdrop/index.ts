/** What a page takes of backdrops before anybody wants one; the rest comes with the first wish. */

import type { Backdrops } from './kinds';

export { BACKDROPS, SCENES, type Backdrop, type Backdrops, type Scene } from './kinds';

/** Drawing apart from the page, WebAssembly, and a graphics interface there, by software if need be. */
const able = (): boolean => typeof Worker === 'function' && typeof WebAssembly === 'object' && typeof OffscreenCanvas === 'function' && typeof DecompressionStream === 'function';

export const browserBackdrops: Backdrops = {
  get able() {
    return able();
  },
  apply: async (camera, backdrop, treating) => (await import('./processor')).treat(camera, backdrop, treating),
};
