/** The pages of a meeting: before, during and after it, and its recordings. */
import type { Route } from '@/router/routes';

export const callRoutes: readonly Route[] = [
  { path: '/m/:id/join', access: 'signed_in', frame: 'bare', load: () => import('./CallPage.svelte') },
  { path: '/m/:id/recordings/:rid', access: 'signed_in', frame: 'shell', load: () => import('./RecordingPage.svelte') },
];
