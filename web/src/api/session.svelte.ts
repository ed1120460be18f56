/** Who is signed in. */
import { locale } from '@/i18n/locale.svelte';
import { forgetOwn } from '@/media/backdrop/forget';
import { setHooks } from './client';
import { asFailure, type Failure } from './failure';
import { api } from './index';
import type { Me, PersonRole, SessionAnswer } from './types';

type State =
  | { kind: 'unknown' }
  | { kind: 'signed_out' }
  | { kind: 'signed_in'; me: Me; csrfToken: string }
  | { kind: 'failed'; failure: Failure };

let state = $state.raw<State>({ kind: 'unknown' });

function take(answer: SessionAnswer): void {
  state = { kind: 'signed_in', me: answer.person, csrfToken: answer.csrf_token };
  locale.propose(answer.person.language === 'en' ? 'en' : 'ms');
}

/** What somebody may see pages by: a role, or the decision on what the central agency applies for, lent to somebody of another agency. */
export type Standing = PersonRole | 'decides';

export const standingOf = (me: Me): readonly Standing[] => (me.decides_on ? [...me.roles, 'decides'] : me.roles);

export const session = {
  get state(): State {
    return state;
  },
  get me(): Me | null {
    return state.kind === 'signed_in' ? state.me : null;
  },
  has(...roles: readonly PersonRole[]): boolean {
    return state.kind === 'signed_in' && state.me.roles.some((it) => roles.includes(it));
  },
  async load(): Promise<void> {
    try {
      take(await api.session.get());
    } catch (error) {
      const failure = asFailure(error);
      state = failure.kind === 'refused' && failure.status === 401 ? { kind: 'signed_out' } : { kind: 'failed', failure };
    }
  },
  async signIn(email: string, password: string): Promise<Me> {
    const answer = await api.session.create(email, password);
    take(answer);
    return answer.person;
  },
  /** Signed out here even where the line is gone: the cookie then ends by itself. */
  async signOut(): Promise<void> {
    try {
      await api.session.end();
    } finally {
      state = { kind: 'signed_out' };
      // The next person at this computer is not offered this one's picture.
      void forgetOwn();
    }
  },
  async changePassword(current: string, next: string): Promise<void> {
    await api.session.changePassword(current, next);
    await session.load();
  },
};

setHooks({
  csrfToken: () => (state.kind === 'signed_in' ? state.csrfToken : null),
  onSignedOut: () => {
    state = { kind: 'signed_out' };
  },
  onPasswordChangeRequired: () => {
    if (state.kind === 'signed_in') state = { ...state, me: { ...state.me, password_change_required: true } };
  },
  refreshSession: () => session.load(),
});
