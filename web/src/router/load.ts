/** Loads a page's chunk. After a new version was put in place an old tab asks for chunks that are gone: it reloads once. */
import type { Component } from 'svelte';

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- each page has props of its own; the table checks none of them */
export type Page = Component<any>;
const KEY = 'sidang.reloaded_for';

export async function loadPage(load: () => Promise<{ default: Page }>, path: string): Promise<Page> {
  try {
    const page = (await load()).default;
    sessionStorage.removeItem(KEY);
    return page;
  } catch (error) {
    if (navigator.onLine && sessionStorage.getItem(KEY) !== path) {
      sessionStorage.setItem(KEY, path);
      window.location.reload();
      return new Promise<never>(() => {});
    }
    throw error;
  }
}
