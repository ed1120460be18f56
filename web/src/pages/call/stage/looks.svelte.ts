/** What this person chose to see, kept on this device but for the pins and the page, which belong to one meeting. */
import { DATA_MODES, LAYOUTS, SELF_VIEWS, type DataMode, type Layout, type Looks, type SelfView } from '@/call';

type Memory = Pick<Storage, 'getItem' | 'setItem'>;
const STORED = 'sidang.looks';

const oneOf = <T extends string>(values: readonly T[], value: unknown): T | undefined => values.find((it) => it === value);

export class LooksState {
  layout = $state<Layout>('auto');
  self = $state<SelfView>('tile');
  mode = $state<DataMode>('full');
  pins = $state.raw<readonly string[]>([]);
  /** Whom the chair put in front for everyone: as if pinned, while nobody is pinned here. */
  front = $state.raw<readonly string[]>([]);
  page = $state(0);

  constructor(private readonly memory: Memory | undefined) {
    const kept = this.read();
    this.layout = oneOf(LAYOUTS, kept['layout']) ?? 'auto';
    this.self = oneOf(SELF_VIEWS, kept['self']) ?? 'tile';
    this.mode = oneOf(DATA_MODES, kept['mode']) ?? 'full';
  }

  get looks(): Looks {
    return { layout: this.layout, pins: this.large, self: this.self, page: this.page };
  }

  /** What is shown large. */
  get large(): readonly string[] {
    return this.pins.length > 0 ? this.pins : this.front;
  }

  choose(layout: Layout): void {
    this.layout = layout;
    this.page = 0;
    this.keep();
  }

  /** The layout after this one; it goes round. */
  next(): Layout {
    this.choose(LAYOUTS[(LAYOUTS.indexOf(this.layout) + 1) % LAYOUTS.length] ?? 'auto');
    return this.layout;
  }

  show(self: SelfView): void {
    this.self = self;
    this.keep();
  }

  nextSelf(): SelfView {
    this.show(SELF_VIEWS[(SELF_VIEWS.indexOf(this.self) + 1) % SELF_VIEWS.length] ?? 'tile');
    return this.self;
  }

  spare(mode: DataMode): void {
    this.mode = mode;
    this.keep();
  }

  isPinned(key: string): boolean {
    return this.pins.includes(key);
  }

  /** Pins or unpins; in a plain grid nothing could be large. */
  pin(key: string): void {
    this.pins = this.isPinned(key) ? this.pins.filter((it) => it !== key) : [...this.pins, key];
    if (this.pins.length > 0 && this.layout === 'grid') this.choose('auto');
  }

  private read(): Record<string, unknown> {
    try {
      const kept: unknown = JSON.parse(this.memory?.getItem(STORED) ?? '{}');
      return typeof kept === 'object' && kept !== null ? (kept as Record<string, unknown>) : {};
    } catch {
      return {}; // storage may be forbidden, or hold what an older version wrote
    }
  }

  private keep(): void {
    try {
      this.memory?.setItem(STORED, JSON.stringify({ layout: this.layout, self: this.self, mode: this.mode }));
    } catch {
      // lasts as long as the page
    }
  }
}
