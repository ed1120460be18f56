import { describe, expect, it } from 'vitest';
import { firstMatch, matchPath, safeReturn } from './match';

describe('matchPath', () => {
  it.each([
    ['/', '/', {}],
    ['/m/:id', '/m/0198', { id: '0198' }],
    ['/m/:id/', '/m/0198', { id: '0198' }],
    ['/m/:id/recordings/:rid', '/m/a/recordings/b%20c', { id: 'a', rid: 'b c' }],
    ['/m/:id', '/m', null],
    ['/m/:id', '/m/a/b', null],
    ['/m/:id', '/m/%E0%A4%A', null],
    ['/bookings', '/meetings', null],
  ])('%s against %s', (pattern, path, params) => {
    expect(matchPath(pattern, path)).toEqual(params);
  });

  it('takes the first that fits', () => {
    const routes = [{ path: '/faults/new' }, { path: '/faults/:id' }];
    expect(firstMatch(routes, '/faults/new')?.route.path).toBe('/faults/new');
    expect(firstMatch(routes, '/faults/7')?.params).toEqual({ id: '7' });
    expect(firstMatch(routes, '/other')).toBeNull();
  });
});

describe('safeReturn', () => {
  it.each([
    ['/bookings/1?x=2', '/bookings/1?x=2'],
    ['//evil.example', '/'],
    ['https://evil.example', '/'],
    ['/\\evil.example', '/'],
    ['/\tx', '/'],
    [null, '/'],
  ])('%s', (value, path) => {
    expect(safeReturn(value)).toBe(path);
  });
});
