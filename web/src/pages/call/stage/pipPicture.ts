import { featured, type CallView } from '@/call';

/** The picture of whoever is pinned, shares or spoke last, ourselves last. */
export function pipPicture(view: CallView, pinned: string | undefined): { tile: CallView['tiles'][number]; stream: MediaStream | undefined } | undefined {
  const tile = featured(view.tiles, pinned, view.lastSpoke);
  if (tile === undefined) return undefined;
  const picture = tile.source === undefined ? undefined : view.pictures.get(tile.source);
  return { tile, stream: picture?.paused === undefined ? picture?.stream : undefined };
}
