/** Which route an address means. Pure. */

export type Params = Readonly<Record<string, string>>;

/** Matches `/m/:id/join` against `/m/0198.../join`. A segment that cannot be decoded matches nothing. */
export function matchPath(pattern: string, path: string): Params | null {
  const want = split(pattern);
  const have = split(path);
  if (want.length !== have.length) return null;
  const params: Record<string, string> = {};
  for (const [index, segment] of want.entries()) {
    const value = have[index] ?? '';
    if (segment.startsWith(':')) {
      try {
        params[segment.slice(1)] = decodeURIComponent(value);
      } catch {
        return null;
      }
    } else if (segment !== value) {
      return null;
    }
  }
  return params;
}

function split(path: string): string[] {
  return path.split('/').filter((it) => it !== '');
}

/** The first route that fits: literal segments stand before parameters in the table. */
export function firstMatch<R extends { path: string }>(routes: readonly R[], path: string): { route: R; params: Params } | null {
  for (const route of routes) {
    const params = matchPath(route.path, path);
    if (params) return { route, params };
  }
  return null;
}

/** A return path taken from an address: only one of our own paths, never another site's. */
export function safeReturn(value: string | null): string {
  if (value === null || !value.startsWith('/') || value.startsWith('//') || value.includes('\\')) return '/';
  for (const letter of value) if (letter.charCodeAt(0) < 0x20) return '/';
  return value;
}
