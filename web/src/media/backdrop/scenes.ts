/** Backgrounds of ours, drawn at whatever size: quiet, without words, and lighter than a face. */

import type { Scene } from './kinds';

export type Drawing = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** Fills a picture of that size. */
export function drawScene(drawing: Drawing, scene: Scene, width: number, height: number): void {
  drawing.save();
  // Drawn as 160 by 90, cut at the sides where the picture is narrower.
  const scale = Math.max(width / 160, height / 90);
  drawing.translate((width - 160 * scale) / 2, (height - 90 * scale) / 2);
  drawing.scale(scale, scale);
  SCENE[scene](drawing);
  drawing.restore();
}

const SCENE: Record<Scene, (drawing: Drawing) => void> = { calm, hall, shelf };

function wall(drawing: Drawing, top: string, bottom: string): void {
  const shade = drawing.createLinearGradient(0, 0, 0, 90);
  shade.addColorStop(0, top);
  shade.addColorStop(1, bottom);
  drawing.fillStyle = shade;
  drawing.fillRect(0, 0, 160, 90);
}

/** Hills in a mist. */
function calm(drawing: Drawing): void {
  wall(drawing, '#dfe9f5', '#b9cbe2');
  for (const [colour, from, by] of [
    ['#c3d3e8', 50, 9],
    ['#a9bfdb', 62, 7],
    ['#8fa9cb', 74, 5],
  ] as const) {
    drawing.fillStyle = colour;
    drawing.beginPath();
    drawing.moveTo(0, 90);
    for (let x = 0; x <= 160; x += 4) drawing.lineTo(x, from - by * Math.sin(x / (12 + by) + from));
    drawing.lineTo(160, 90);
    drawing.fill();
  }
}

/** A meeting room: slats of wood, and the light of a window from the left. */
function hall(drawing: Drawing): void {
  wall(drawing, '#d9c4a5', '#b99d79');
  drawing.fillStyle = 'rgb(96 70 43 / 0.18)';
  for (let x = 0; x < 160; x += 8) drawing.fillRect(x, 0, 1.2, 72);
  drawing.fillStyle = '#8a6a48';
  drawing.fillRect(0, 72, 160, 1.5);
  drawing.fillStyle = '#a5845f';
  drawing.fillRect(0, 73.5, 160, 16.5);
  const light = drawing.createLinearGradient(0, 0, 90, 40);
  light.addColorStop(0, 'rgb(255 248 232 / 0.6)');
  light.addColorStop(1, 'rgb(255 248 232 / 0)');
  drawing.fillStyle = light;
  drawing.fillRect(0, 0, 160, 90);
}

const SPINES = ['#7f8fa9', '#a6b3c6', '#5f7391', '#c2b59b', '#8d7b64', '#9fb09a'] as const;

/** A wall with two shelves of books, and a plant. */
function shelf(drawing: Drawing): void {
  wall(drawing, '#f1f0ec', '#d9d6ce');
  for (const [left, top, books] of [
    [8, 30, 9],
    [108, 44, 8],
  ] as const) {
    for (let book = 0; book < books; book += 1) {
      const tall = 10 + ((book * 7 + left) % 5);
      drawing.fillStyle = SPINES[(book * 5 + left) % SPINES.length] ?? SPINES[0];
      drawing.fillRect(left + 2 + book * 4, top - tall, 3.2, tall);
    }
    drawing.fillStyle = '#a08a6d';
    drawing.fillRect(left, top, 46, 2);
  }
  drawing.fillStyle = '#b98f6c';
  drawing.fillRect(136, 70, 12, 20);
  drawing.fillStyle = '#6f8f6a';
  for (const turn of [-0.9, -0.45, 0, 0.45, 0.9]) {
    drawing.save();
    drawing.translate(142, 71);
    drawing.rotate(turn);
    drawing.beginPath();
    drawing.ellipse(0, -11, 3, 11, 0, 0, Math.PI * 2);
    drawing.fill();
    drawing.restore();
  }
}
