/** Every page of the client on one screen. Literal segments stand before parameters. */
import type { PersonRole } from '@/api/types';
import { callRoutes } from '@/pages/call/routes';
import type { Page } from './load';

export type Route = {
  path: string;
  load: () => Promise<{ default: Page }>;
  /** Who may see it. The server decides what they get; this only decides what is drawn. */
  access: 'public' | 'signed_in' | readonly PersonRole[];
  /** `shell` draws masthead and navigation around the page; `bare` gives it the whole window. */
  frame: 'shell' | 'bare';
};

export const routes: readonly Route[] = [
  { path: '/', access: 'signed_in', frame: 'shell', load: () => import('@/pages/home/HomePage.svelte') },
  ...callRoutes,
];
