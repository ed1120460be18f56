/** Parts of a meeting that are loaded when it runs, not with the page: all at once, because they must open without a line, too. */
export const later = {
  asked: () => import('./Asked.svelte'),
  pip: () => import('../stage/pip'),
  poor: () => import('../stage/PoorLine.svelte'),
  sharing: () => import('../stage/Sharing.svelte'),
  devices: () => import('../stage/DevicesDialog.svelte'),
  line: () => import('../stage/LineDialog.svelte'),
  share: () => import('../stage/ShareDialog.svelte'),
  keys: () => import('./Shortcuts.svelte'),
  chat: () => import('../together/Chat.svelte'),
  floor: () => import('../together/FloorBar.svelte'),
  lobby: () => import('../together/Lobby.svelte'),
  polls: () => import('../together/Polls.svelte'),
  chairing: () => import('../together/Chairing.svelte'),
  rooms: () => import('../together/Breakouts.svelte'),
  roomsBar: () => import('../together/BreakoutBar.svelte'),
};
