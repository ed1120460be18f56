/**
 * Finds the person in a picture, with MediaPipe's selfie segmentation, in a worker. The package was written for a page: it asks a document for two
 * canvases and one script. Here it is handed both, so that nothing of it runs beside the meeting's own drawing.
 */

/** Where its files are; all of them ours. */
export interface Files {
  /** The program, packed with gzip. */
  engine: string;
  /** The script that starts the program: a module that gives its factory. */
  factory: string;
  /** The script in front of it, which leaves its class in the global scope. */
  solution: string;
  graph: string;
  /** For pictures that are wider than high, and for others. */
  landscape: string;
  general: string;
}

/** What the model takes; anything else would be scaled by it. */
const LANDSCAPE = { width: 256, height: 144 } as const;
const GENERAL = { width: 256, height: 256 } as const;

interface Solution {
  initialize(): Promise<void>;
  setOptions(options: { modelSelection: 0 | 1; selfieMode: boolean; useCpuInference: boolean }): void;
  onResults(listener: (results: { image: ImageBitmap; segmentationMask: ImageBitmap }) => void): void;
  send(inputs: { image: OffscreenCanvas }): Promise<void>;
  close(): Promise<void>;
}

type Scope = Record<string, unknown>;
type Factory = (settings: object) => Promise<unknown>;

const MODEL = { landscape: 1, general: 0 } as const;

export class Segmenter {
  private readonly input = new OffscreenCanvas(2, 2);
  private shape: keyof typeof MODEL = 'landscape';
  private mask: ImageBitmap | undefined;

  private constructor(private readonly solution: Solution) {
    solution.onResults(({ image, segmentationMask }) => {
      image.close();
      this.mask?.close();
      this.mask = segmentationMask;
    });
  }

  static async open(files: Files): Promise<Segmenter> {
    const scope = globalThis as unknown as Scope;
    const [program, { default: factory }] = await Promise.all([unpacked(files.engine), import(/* @vite-ignore */ files.factory) as Promise<{ default: Factory }>]);
    scope['window'] = globalThis;
    scope['document'] = documentFor(() => {
      scope['createMediapipeSolutionsWasm'] = (settings: object) => factory({ ...settings, wasmBinary: program, print() {}, printErr() {} });
    });
    await import(/* @vite-ignore */ files.solution);
    const Made = scope['SelfieSegmentation'] as new (settings: { locateFile(name: string): string }) => Solution;
    const solution = new Made({ locateFile: (name) => addressOf(files, name) });
    const segmenter = new Segmenter(solution);
    segmenter.use('landscape');
    await solution.initialize();
    return segmenter;
  }

  /** In the answer's alpha: how much each pixel is the person, 0 to 255. It holds until the next call. */
  async find(picture: CanvasImageSource, width: number, height: number): Promise<ImageBitmap> {
    const shape = width > height ? 'landscape' : 'general';
    if (shape !== this.shape) this.use(shape);
    const size = shape === 'landscape' ? LANDSCAPE : GENERAL;
    if (this.input.width !== size.width || this.input.height !== size.height) [this.input.width, this.input.height] = [size.width, size.height];
    const drawing = this.input.getContext('2d');
    if (drawing === null) throw new Error('no canvas');
    drawing.drawImage(picture, 0, 0, size.width, size.height);
    await this.solution.send({ image: this.input });
    if (this.mask === undefined) throw new Error('no mask');
    return this.mask;
  }

  private use(shape: keyof typeof MODEL): void {
    this.shape = shape;
    this.solution.setOptions({ modelSelection: MODEL[shape], selfieMode: false, useCpuInference: true });
  }
}

function addressOf(files: Files, name: string): string {
  if (name.endsWith('_landscape.tflite')) return files.landscape;
  if (name.endsWith('.tflite')) return files.general;
  if (name.endsWith('.binarypb')) return files.graph;
  return name;
}

async function unpacked(address: string): Promise<ArrayBuffer> {
  const answer = await fetch(address);
  if (!answer.ok || answer.body === null) throw new Error(`${answer.status}`);
  return new Response(answer.body.pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
}

/** As much of a document as the package asks for: canvases, and one script, whose place `ready` takes. */
function documentFor(ready: () => void): object {
  const nothing = (): void => {};
  return {
    createElement: (name: string) => (name === 'canvas' ? Object.assign(new OffscreenCanvas(1, 1), { style: {} }) : { setAttribute: nothing, addEventListener: (what: string, heard: () => void) => what === 'load' && queueMicrotask(heard) }),
    body: { appendChild: ready },
    addEventListener: nothing,
    querySelector: () => null,
    getElementById: () => null,
  };
}
