/** Values of the framework-free core as state that a component can read. */

interface Subscribable<T> {
  subscribe(listener: (value: T) => void): () => void;
}

/** Follows a source for as long as the component lives that made it. */
export class Live<T> {
  current: T = $state.raw() as T;

  constructor(source: Subscribable<T>, first: T) {
    this.current = first;
    $effect(() => source.subscribe((value) => (this.current = value)));
  }
}
