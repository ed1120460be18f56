/** What the rules say of a form, asked of the server a moment after the last change. */
import { asFailure, type Failure } from '@/api/failure';

/** A pause in typing before the rules are asked again. */
const PAUSE_MS = 350;

type Question<T> = (signal: AbortSignal) => Promise<T>;

export class Judging<T> {
  /** The last verdict; null before the first, and where there is nothing to ask. */
  answer = $state.raw<T | null>(null);
  failure = $state.raw<Failure | null>(null);
  busy = $state(false);

  /** `question` is run in an effect: what it reads is what makes it be asked again. It makes null of a form that cannot be judged yet. */
  constructor(question: () => Question<T> | null) {
    $effect(() => this.#follow(question()));
  }

  #follow(ask: Question<T> | null): (() => void) | undefined {
    if (!ask) {
      this.answer = null;
      return undefined;
    }
    const controller = new AbortController();
    const timer = setTimeout(() => void this.#ask(ask, controller.signal), PAUSE_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
      this.busy = false;
    };
  }

  async #ask(ask: Question<T>, signal: AbortSignal): Promise<void> {
    this.busy = true;
    try {
      const answer = await ask(signal);
      if (signal.aborted) return;
      this.answer = answer;
      this.failure = null;
    } catch (error) {
      if (signal.aborted) return;
      this.failure = asFailure(error);
      this.answer = null;
    }
    this.busy = false;
  }
}
