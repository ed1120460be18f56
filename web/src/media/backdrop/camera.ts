/** What stands behind the person in a page's camera: the choice, what carries it out, and how that goes. */

import type { Backdrop, Backdrops, Behind, Treated } from './kinds';
import { Pace } from './pace';

export interface BackdropView {
  chosen: Backdrop;
  /** False where the browser cannot put anything behind a person. */
  able: boolean;
  /** Being fetched and started. */
  busy: boolean;
  /** The last wish could not be carried out. */
  failed: boolean;
  /** The device draws fewer than twelve pictures a second. It is said, not switched off: nobody's room is shown by itself. */
  slow: boolean;
}

interface Ports {
  backdrops: Backdrops | undefined;
  /** The choice is kept on the device. */
  memory: { backdrop: Backdrop };
  changed(view: BackdropView): void;
  /** There will be no further picture of the camera. */
  broke(): void;
}

export class CameraBackdrop {
  private state: BackdropView;
  private treated: Treated | undefined;
  /** An answer to an older wish is thrown away. */
  private turn = 0;

  constructor(private readonly ports: Ports) {
    const able = ports.backdrops?.able ?? false;
    this.state = { chosen: able ? ports.memory.backdrop : 'none', able, busy: false, failed: false, slow: false };
  }

  get view(): BackdropView {
    return this.state;
  }

  /**
   * What is to be shown of a camera that was opened: itself, where nothing is to stand behind the person. Nothing, where another wish came
   * meanwhile. It fails rather than show the room of somebody who did not want that.
   */
  async of(camera: MediaStreamTrack): Promise<MediaStreamTrack | undefined> {
    this.stop();
    const { chosen } = this.state;
    return chosen === 'none' ? camera : await this.begin(camera, chosen);
  }

  /**
   * Chooses, and answers what is to be shown of this camera from now on; nothing where there is none, or another wish came meanwhile. Where the wish
   * cannot be carried out, the camera stays as it was; it fails where it had shown nothing yet.
   */
  async choose(backdrop: Backdrop, camera: MediaStreamTrack | undefined): Promise<MediaStreamTrack | undefined> {
    const before = this.state.chosen;
    if (!this.state.able) return undefined;
    this.remember(backdrop);
    if (camera === undefined) return undefined;
    if (backdrop === 'none') {
      this.stop();
      return camera;
    }
    if (this.treated !== undefined) {
      const { treated } = this;
      await treated.change(backdrop);
      return this.treated === treated ? treated.track : undefined;
    }
    try {
      return await this.begin(camera, backdrop);
    } catch (error) {
      this.remember(before);
      this.put({ failed: true });
      if (before === 'none') return camera;
      throw error;
    }
  }

  stop(): void {
    this.turn += 1;
    this.treated?.stop();
    this.treated = undefined;
    this.put({ busy: false, slow: false });
  }

  private async begin(camera: MediaStreamTrack, behind: Behind): Promise<MediaStreamTrack | undefined> {
    const turn = ++this.turn;
    const pace = new Pace();
    const mine = (): boolean => turn === this.turn;
    this.put({ busy: true });
    try {
      const { backdrops } = this.ports;
      if (backdrops === undefined) throw new Error('none here');
      const treated = await backdrops.apply(camera, behind, {
        failed: () => {
          if (!mine()) return;
          this.stop();
          this.put({ failed: true });
          this.ports.broke();
        },
        paced: (reading) => mine() && this.put({ slow: pace.read(reading) }),
      });
      if (!mine()) {
        treated.stop();
        return undefined;
      }
      this.treated = treated;
      return treated.track;
    } catch (error) {
      if (!mine()) return undefined;
      this.put({ failed: true });
      throw error;
    } finally {
      if (mine()) this.put({ busy: false });
    }
  }

  private remember(chosen: Backdrop): void {
    this.ports.memory.backdrop = chosen;
    this.put({ chosen, failed: false });
  }

  private put(change: Partial<BackdropView>): void {
    const next = { ...this.state, ...change };
    const same = (Object.keys(next) as (keyof BackdropView)[]).every((key) => next[key] === this.state[key]);
    this.state = next;
    if (!same) this.ports.changed(next);
  }
}
