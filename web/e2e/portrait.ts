// A person in front of a wall of stripes, for what tells the one from the other. Drawn here: no face of anybody.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mediaOf, type MediaFiles } from './media';

const WIDTH = 640;
const HEIGHT = 360;
const FRAMES = 30;

type Colour = readonly [number, number, number];
/** Stripes as no scene of ours has them. */
export const STRIPES: readonly [Colour, Colour] = [
  [150, 30, 40],
  [30, 110, 50],
];
export const STRIPE_PX = 20;
const SHIRT: Colour = [38, 52, 96];

const folder = join(import.meta.dirname, 'out', 'media');

/** A small plain picture, for an own backdrop. */
export function plainPicture(name: string, colour: string): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.png`);
  if (!existsSync(file)) run(['-f', 'lavfi', '-i', `color=${colour}:s=320x180`, '-frames:v', '1', file]);
  return file;
}

export async function portrait(): Promise<MediaFiles> {
  const { sound } = await mediaOf(1);
  const picture = join(folder, 'portrait.mjpeg');
  if (!existsSync(picture)) {
    const raw = Buffer.concat(Array.from({ length: FRAMES }, (_, frame) => draw(Math.sin((frame / FRAMES) * 2 * Math.PI) * 6)));
    writeFileSync(`${picture}.raw`, raw);
    run(['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${WIDTH}x${HEIGHT}`, '-r', '15', '-i', `${picture}.raw`, '-pix_fmt', 'yuvj420p', '-c:v', 'mjpeg', '-q:v', '3', '-f', 'mjpeg', `${picture}.part`]);
    renameSync(`${picture}.part`, picture);
    rmSync(`${picture}.raw`);
  }
  return { picture, sound };
}

function draw(sway: number): Buffer {
  const pixels = Buffer.alloc(WIDTH * HEIGHT * 3);
  for (let y = 0; y < HEIGHT; y += 1)
    for (let x = 0; x < WIDTH; x += 1) {
      const [r, g, b] = at(x - sway, y) ?? STRIPES[Math.floor(x / STRIPE_PX) % 2]!;
      const place = (y * WIDTH + x) * 3;
      pixels[place] = r;
      pixels[place + 1] = g;
      pixels[place + 2] = b;
    }
  return pixels;
}

const inside = (x: number, y: number, left: number, top: number, wide: number, high: number): number => ((x - left) / wide) ** 2 + ((y - top) / high) ** 2;
const shaded = ([r, g, b]: Colour, light: number): Colour => [r * light, g * light, b * light];

/** The person at that place, or nothing. */
function at(x: number, y: number): Colour | undefined {
  // Light comes from the left.
  const light = 1.08 - 0.3 * Math.min(1, Math.max(0, (x - 250) / 150));
  const skin = shaded([224, 172, 140], light);
  if (inside(x, y, 320, 140, 58, 78) < 1) {
    if (y < 92 - 10 * Math.cos((x - 320) / 30)) return shaded([38, 28, 24], light);
    for (const eye of [296, 344]) {
      if (inside(x, y, eye, 132, 4, 4) < 1) return [30, 22, 20];
      if (inside(x, y, eye, 132, 11, 5.5) < 1) return [242, 240, 238];
      if (inside(x, y, eye, 117, 14, 3) < 1) return [52, 38, 32];
    }
    if (inside(x, y, 320, 158, 9, 5) < 1 || inside(x, y, 322, 146, 4, 16) < 1) return shaded([205, 148, 118], light);
    if (inside(x, y, 320, 184, 20, 5) < 1) return [170, 84, 80];
    return skin;
  }
  if (inside(x, y, 320, 126, 66, 82) < 1 && y < 150) return shaded([38, 28, 24], light);
  if (Math.abs(x - 262) < 8 && Math.abs(y - 142) < 16) return skin;
  if (Math.abs(x - 378) < 8 && Math.abs(y - 142) < 16) return shaded(skin, 0.9);
  if (Math.abs(x - 320) < 30 && y > 190 && y < 250) return shaded(skin, 0.85);
  const shoulder = 236 + ((x - 320) / 150) ** 2 * 46;
  if (Math.abs(x - 320) < 158 && y > shoulder) {
    // An open collar.
    if (Math.abs(x - 320) < 34 - (y - 236) * 0.6 && y < 290) return y < 246 ? shaded(skin, 0.85) : [236, 236, 240];
    return shaded(SHIRT, light * (0.85 + 0.15 * Math.cos((x - 320) / 40)));
  }
  return undefined;
}

function run(given: string[]): void {
  const { status, stderr, error } = spawnSync('ffmpeg', ['-v', 'error', '-y', ...given], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ffmpeg failed: ${error?.message ?? stderr}`);
}
