// What the cameras and microphones of the tests see and hear: a moving picture with a readable counter, and speech.
// Made at test time by ffmpeg and espeak-ng, one pair of files for each person, kept between runs.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';

export const WIDTH = 640;
export const HEIGHT = 360;
const FRAMES_PER_SECOND = 15;
const SECONDS = 20;
// 8 × 3 cells in the upper half: 16 bits of counter, 4 of the person, 4 of checksum. The lower half moves, so that the encoder works.
export const COLUMNS = 8;
export const ROWS = 3;
const CELL_WIDTH = WIDTH / COLUMNS;
const CELL_HEIGHT = HEIGHT / 2 / ROWS;
const DARK = 16;
const LIGHT = 235;

const folder = join(import.meta.dirname, 'out', 'media');

export interface MediaFiles {
  picture: string;
  sound: string;
}

export function checksum(counter: number, person: number): number {
  let sum = 5;
  for (const nibble of [counter, counter >> 4, counter >> 8, counter >> 12, person]) sum = (sum * 3 + (nibble & 15)) & 15;
  return sum;
}

export function bits(counter: number, person: number): boolean[] {
  const value = ((counter & 0xffff) << 8) | ((person & 15) << 4) | checksum(counter, person);
  return Array.from({ length: COLUMNS * ROWS }, (_, index) => ((value >> (COLUMNS * ROWS - 1 - index)) & 1) === 1);
}

function luma(counter: number, person: number): Buffer {
  const plane = Buffer.alloc(WIDTH * HEIGHT, 128);
  bits(counter, person).forEach((bit, index) => {
    const left = (index % COLUMNS) * CELL_WIDTH;
    const top = Math.floor(index / COLUMNS) * CELL_HEIGHT;
    for (let y = top; y < top + CELL_HEIGHT; y++) plane.fill(bit ? LIGHT : DARK, y * WIDTH + left, y * WIDTH + left + CELL_WIDTH);
  });
  // Stripes that travel, each person's at a slope of its own.
  for (let y = HEIGHT / 2; y < HEIGHT; y++)
    for (let x = 0; x < WIDTH; x++) plane[y * WIDTH + x] = 40 + ((x + y * (person + 1) + counter * 6) % 160);
  return plane;
}

export async function mediaOf(person: number): Promise<MediaFiles> {
  mkdirSync(folder, { recursive: true });
  const picture = join(folder, `person-${person}.mjpeg`);
  const sound = join(folder, `person-${person}.wav`);
  if (!existsSync(picture)) await draw(person, picture);
  if (!existsSync(sound)) speak(person, sound);
  return { picture, sound };
}

async function draw(person: number, file: string): Promise<void> {
  const arguments_ = ['-v', 'error', '-y', '-f', 'rawvideo', '-pix_fmt', 'gray', '-s', `${WIDTH}x${HEIGHT}`, '-r', `${FRAMES_PER_SECOND}`, '-i', '-'];
  const ffmpeg = spawn('ffmpeg', [...arguments_, '-pix_fmt', 'yuvj420p', '-c:v', 'mjpeg', '-q:v', '3', '-f', 'mjpeg', `${file}.part`], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const ended = once(ffmpeg, 'exit');
  for (let counter = 0; counter < FRAMES_PER_SECOND * SECONDS; counter++)
    if (!ffmpeg.stdin.write(luma(counter, person))) await once(ffmpeg.stdin, 'drain');
  ffmpeg.stdin.end();
  const [code] = await ended;
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}`);
  renameSync(`${file}.part`, file);
}

const SENTENCES = [
  'Selamat pagi tuan-tuan dan puan-puan, mesyuarat kita bermula sekarang.',
  'Terima kasih tuan pengerusi, saya mohon menyampaikan laporan bahagian kami.',
  'Saya bersetuju dengan cadangan itu dan mohon ia dicatat dalam minit mesyuarat.',
];

function speak(person: number, file: string): void {
  const voice = `${file}.voice.wav`;
  const sentence = SENTENCES[person % SENTENCES.length] ?? '';
  run('espeak-ng', ['-v', 'ms', '-s', '140', '-p', `${30 + 20 * (person % 3)}`, '-w', voice, sentence]);
  // A second of silence behind each repetition: a receiver must find both speech and pauses.
  const padded = ['-stream_loop', '-1', '-i', voice, '-af', 'apad=pad_dur=1', '-ar', '48000', '-ac', '1', '-t', `${SECONDS}`];
  run('ffmpeg', ['-v', 'error', '-y', ...padded, '-f', 'wav', `${file}.part`]);
  renameSync(`${file}.part`, file);
}

function run(program: string, arguments_: string[]): void {
  const { status, error, stderr } = spawnSync(program, arguments_, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} failed: ${error?.message ?? stderr}`);
}
