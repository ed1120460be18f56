/** Asks the control plane for a fresh grant, in the words of a call. */
import { api } from '@/api';
import { asFailure } from '@/api/failure';
import type { GrantAnswer } from '@/call';

export async function fetchGrant(meeting: string): Promise<GrantAnswer> {
  try {
    const { token, signal_url } = await api.meetings.grant(meeting);
    return { grant: { token, signalUrl: socketAddress(signal_url, window.location.href) } };
  } catch (error) {
    const failure = asFailure(error);
    return failure.kind === 'refused' ? { refusal: failure.refusal } : { unreachable: true };
  }
}

/** The address of the signalling socket, which the server gives relative to itself or in full. */
export function socketAddress(signalUrl: string, page: string): string {
  const url = new URL(signalUrl, page);
  if (url.protocol === 'http:') url.protocol = 'ws:';
  if (url.protocol === 'https:') url.protocol = 'wss:';
  return url.href;
}
