/** Something read from the server: loading, there, or failed. Read again when its key changes; what is shown stays while it is read again. */
import { asFailure, type Failure } from './failure';

export class Resource<T> {
  value = $state.raw<T | null>(null);
  failure = $state.raw<Failure | null>(null);
  loading = $state(true);
  #generation = 0;
  readonly #read: () => Promise<T>;

  /** To be made while a component starts. `read` is run in an effect: the state it touches before its first await is its key. */
  constructor(read: () => Promise<T>) {
    this.#read = read;
    $effect(() => {
      void this.#run(read());
      return () => {
        this.#generation += 1;
      };
    });
  }

  async #run(promise: Promise<T>): Promise<void> {
    const generation = ++this.#generation;
    this.loading = true;
    try {
      const value = await promise;
      if (generation !== this.#generation) return;
      this.value = value;
      this.failure = null;
    } catch (error) {
      if (generation !== this.#generation) return;
      this.failure = asFailure(error);
    }
    this.loading = false;
  }

  /** Reads again. */
  reload(): Promise<void> {
    return this.#run(this.#read());
  }

  /** Puts what an act of ours answered. */
  set(value: T): void {
    this.#generation += 1;
    this.value = value;
    this.failure = null;
    this.loading = false;
  }
}
