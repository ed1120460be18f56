/** What can stand behind a person in the picture of a camera (MEET-10). */

/** Drawn by us (`scenes.ts`). */
export const SCENES = ['calm', 'hall', 'shelf'] as const;
export type Scene = (typeof SCENES)[number];

/** `own`: a picture that the person keeps on this device. */
export const BACKDROPS = ['none', 'blur', ...SCENES, 'own'] as const;
export type Backdrop = (typeof BACKDROPS)[number];
/** Something is there. */
export type Behind = Exclude<Backdrop, 'none'>;

/** What was remembered, or nothing behind the person where that is not one of ours. */
export const backdropOf = (value: string | undefined): Backdrop => BACKDROPS.find((it) => it === value) ?? 'none';

/** A camera's picture with something else behind the person. */
export interface Treated {
  /** What goes out; it lives until `stop`. */
  readonly track: MediaStreamTrack;
  change(behind: Behind): Promise<void>;
  stop(): void;
}

export interface Treating {
  /** The picture can no longer be made. The track gives no further picture, and never the room as it is. */
  failed(): void;
  /** How the device keeps up, once a second. */
  paced(reading: Reading): void;
}

/** What drawing costs on this device. */
export interface Reading {
  /** Pictures of the last second. */
  pictures: number;
  /** Milliseconds that one took, finding the person and drawing together. */
  each_ms: number;
}

/** Puts a backdrop behind a person; what it takes is fetched with the first wish for one. */
export interface Backdrops {
  /** False where this browser cannot. */
  readonly able: boolean;
  /** Answers with the first picture. Fails where there will be none. */
  apply(camera: MediaStreamTrack, behind: Behind, treating: Treating): Promise<Treated>;
}
