/** Whether a device keeps up with the drawing of backdrops. */

import type { Reading } from './kinds';

/** Slower than twelve a second is seen as halting; that it is well again is believed a little later. */
const SLOW_MS = 1000 / 12;
const WELL_MS = 1000 / 15;
/** Readings, one a second, until it is said. */
const TELLS = 3;

export class Pace {
  private slow = false;
  private against = 0;

  /** Told of each reading; answers whether it is too slow. What counts is what a picture costs: a camera in the dark gives few by itself. */
  read({ each_ms }: Reading): boolean {
    const contradicts = this.slow ? each_ms < WELL_MS : each_ms > SLOW_MS;
    this.against = contradicts ? this.against + 1 : 0;
    if (this.against >= TELLS) {
      this.slow = !this.slow;
      this.against = 0;
    }
    return this.slow;
  }
}
