// A service of the test's own: the executable on free ports with a data folder of its own, and a wall clock that the test sets.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const executable = resolve(import.meta.dirname, '../../target/debug/sidang');

export interface Person {
  email: string;
  password: string;
  role: string;
}

export interface Options {
  demo?: boolean;
  /** How far the service's wall clock is from the machine's, milliseconds. Media timers run on the monotonic clock and do not jump. */
  clockOffsetMs?: number;
  environment?: Record<string, string>;
}

export class Service {
  origin = '';
  printed: string[] = [];
  people: Person[] = [];
  readonly folder = mkdtempSync(join(tmpdir(), 'sidang-e2e-'));
  log = '';
  private child?: ChildProcess;

  private constructor(private options: Options) {}

  static async start(options: Options = {}): Promise<Service> {
    const service = new Service(options);
    await service.spawn('127.0.0.1:0');
    return service;
  }

  /** `kill -9`: no goodbye to anyone. */
  async kill(): Promise<void> {
    if (!this.child) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
    delete this.child;
  }

  async startAgain(options: Partial<Options> = {}): Promise<void> {
    this.options = { ...this.options, ...options };
    await this.spawn(`127.0.0.1:${new URL(this.origin).port}`);
  }

  /** SIGTERM; gives the exit code. */
  async stop(): Promise<number | null> {
    if (!this.child) return null;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    const [code] = (await ended) as [number | null];
    delete this.child;
    return code;
  }

  async dispose(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  person(role: string): Person {
    const found = this.people.find((it) => it.role.includes(role));
    if (!found) throw new Error(`no demonstration person with role ${role}: ${JSON.stringify(this.people)}`);
    return found;
  }

  private async spawn(listen: string): Promise<void> {
    const { demo, clockOffsetMs, environment } = this.options;
    const seconds = Math.round((clockOffsetMs ?? 0) / 1000);
    const clockVariables: Record<string, string> = seconds
      ? { LD_PRELOAD: '/usr/$LIB/faketime/libfaketimeMT.so.1', FAKETIME: `${seconds > 0 ? '+' : ''}${seconds}`, FAKETIME_DONT_FAKE_MONOTONIC: '1' }
      : {};
    this.child = spawn(executable, ['serve'], {
      env: {
        PATH: process.env['PATH'],
        SIDANG_DATA_FOLDER: this.folder,
        SIDANG_HTTP_LISTEN: listen,
        SIDANG_MEDIA_LISTEN: '127.0.0.1:0',
        RUST_BACKTRACE: '1',
        NO_COLOR: '1',
        // More than an installation writes, so that a leak at any of these levels is found.
        SIDANG_LOG_FILTER: 'debug,memory_serve=warn,rtc_dtls=error,hyper=info,h2=info',
        ...(demo ? { DEMO: '1' } : {}),
        ...clockVariables,
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const child = this.child;
    child.stderr?.on('data', (chunk: Buffer) => (this.log += chunk.toString()));
    this.printed = [];
    const lines = createInterface({ input: child.stdout! });
    const ready = new Promise<void>((done, failed) => {
      lines.on('line', (line) => {
        this.printed.push(line);
        const person = /^\s+(\S+@\S+)\s+(\S+)\s+(\S.*)$/.exec(line);
        if (person) this.people.push({ email: person[1]!, password: person[2]!, role: person[3]! });
        const origin = /^Sidang: (\S+)/.exec(line);
        if (origin) {
          this.origin = origin[1]!;
          done();
        }
      });
      child.once('exit', (code) => failed(new Error(`the service ended with ${code} before it was ready:\n${this.printed.join('\n')}\n${this.log}`)));
    });
    await ready;
  }
}
