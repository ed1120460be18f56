import type { CallView } from '@/call';

/** What the page is handed, replaced from outside as a call replaces it. */
export const props = $state<{ view: CallView }>({ view: undefined as unknown as CallView });
