import { describe, expect, it } from 'vitest';
import { socketAddress } from './grant';

describe('socketAddress', () => {
  it.each([
    ['/media/signal', 'http://localhost:8080/m/1/join', 'ws://localhost:8080/media/signal'],
    ['/media/signal', 'https://sidang.example/m/1/join', 'wss://sidang.example/media/signal'],
    ['https://media.example/media/signal', 'https://sidang.example/', 'wss://media.example/media/signal'],
    ['wss://media.example/media/signal', 'https://sidang.example/', 'wss://media.example/media/signal'],
  ])('%s on %s', (given, page, address) => {
    expect(socketAddress(given, page)).toBe(address);
  });
});
