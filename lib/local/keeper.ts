import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import path from 'node:path';
import { Backoff } from '../base/backoff';
import { KasmError, messageOf } from '../base/errors';
import { sleep } from '../base/sleep';
import { boundLog, lastLines } from './log-file';
import { identify, signalGroup, type ProcessIdentity } from '../base/process-identity';

/** A program that is to run for as long as its keeper says. */
export interface ProgramSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Variables on top of this process's own. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Both outputs are appended here. */
  readonly logFile: string;
  /** Whether it serves; asked until it says so. Never throws. @default it serves as soon as it runs */
  readonly serves?: (signal: AbortSignal) => Promise<boolean>;
}

/** What a person is told about a program. */
export interface ProgramStatus {
  readonly state: 'starting' | 'running' | 'waiting' | 'stopped';
  readonly process?: ProcessIdentity;
  /** How often it has been started again. */
  readonly restarts: number;
  /** How it last ended, and when (ISO 8601). */
  readonly lastExit?: { readonly reason: string; readonly at: string };
  /** While waiting: when it is started again (ISO 8601). */
  readonly nextStartAt?: string;
}

/** Called after each change of a program's status, before anything else happens to it. */
export type ProgramListener = (name: string, status: ProgramStatus) => void;

/** A program that ran this long has recovered: its next restart is quick again. */
const settledMs = 60_000;
const probeMs = 50;
/** Grace of a program whose start is given up. */
const abandonMs = 2000;
const logCheckMs = 10_000;

/** Keeps one program running: starts it again when it ends, after a growing pause, until it is told to stop. */
export class Keeper {
  private readonly backoff = new Backoff({ minMs: 250, maxMs: 30_000 });
  private readonly stopping = new AbortController();
  private current: ProgramStatus = { state: 'stopped', restarts: 0 };
  private child: ChildProcess | undefined;
  private loop: Promise<void> | undefined;

  constructor(
    readonly spec: ProgramSpec,
    private readonly onChange: ProgramListener = () => undefined,
  ) {}

  get status(): ProgramStatus {
    return this.current;
  }

  /**
   * Starts the program and resolves when it serves.
   * @param signal stops it again when it aborts before that
   * @throws KasmError with the end of its log when it ends before that
   */
  async start(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const first = this.spawn();
    this.loop = this.keep(first);
    const abandon = (): void => void this.stop(abandonMs);
    signal?.addEventListener('abort', abandon, { once: true });
    const served = await first.served;
    signal?.removeEventListener('abort', abandon);
    if (served) return;
    const reason = await first.ended;
    await this.stop(0);
    signal?.throwIfAborted();
    throw this.failure(reason, first.logStart);
  }

  /** Asks the program to end, and makes it after `graceMs`; resolves when it has ended. */
  async stop(graceMs: number): Promise<void> {
    this.stopping.abort();
    const { child } = this;
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const { pid } = child;
      child.kill('SIGTERM');
      const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), graceMs);
      await this.loop;
      clearTimeout(timer);
    }
    await this.loop;
    this.change({ state: 'stopped', restarts: this.current.restarts });
  }

  private async keep(running: Run): Promise<void> {
    const logs = setInterval(() => boundLog(this.spec.logFile), logCheckMs).unref();
    const stopped = this.stopping.signal;
    for (let run = running; ; run = this.spawn()) {
      const since = Date.now();
      const reason = await run.ended;
      const lastExit = { reason, at: new Date().toISOString() };
      if (stopped.aborted) break;
      if (Date.now() - since > settledMs) this.backoff.reset();
      const pause = this.backoff.next();
      this.change({
        state: 'waiting',
        restarts: this.current.restarts + 1,
        lastExit,
        nextStartAt: new Date(Date.now() + pause).toISOString(),
      });
      await sleep(pause, stopped).catch(() => undefined);
      if (stopped.aborted) break;
    }
    clearInterval(logs);
  }

  private spawn(): Run {
    const { command, args, env, cwd, logFile } = this.spec;
    mkdirSync(path.dirname(logFile), { recursive: true, mode: 0o700 });
    boundLog(logFile);
    const log = openSync(logFile, 'a', 0o600);
    const logStart = statSync(logFile).size;
    // Its own process group: an interrupt from the terminal is for the keeper, which stops things in order.
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    this.child = child;
    const identity = child.pid === undefined ? undefined : identify(child.pid);
    this.change({
      state: 'starting',
      restarts: this.current.restarts,
      ...(identity && { process: identity }),
      ...(this.current.lastExit && { lastExit: this.current.lastExit }),
    });
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(messageOf(error)));
      child.once('exit', (code, signal) => {
        // What it had started itself must not outlive it, and stand in the way of its successor.
        if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
        resolve(signal ? `killed by ${signal}` : `ended with code ${code}`);
      });
    });
    return { ended, served: this.untilServing(ended), logStart };
  }

  /** Resolves with true once the program serves, with false when it ends before that. */
  private async untilServing(ended: Promise<string>): Promise<boolean> {
    const gone = new AbortController();
    void ended.then(() => gone.abort());
    const { serves } = this.spec;
    while (serves !== undefined && !gone.signal.aborted && !(await serves(gone.signal))) {
      await sleep(probeMs, gone.signal).catch(() => undefined);
    }
    if (gone.signal.aborted) return false;
    this.change({ ...this.current, state: 'running' });
    return true;
  }

  private failure(reason: string, logStart: number): KasmError {
    const { name, logFile } = this.spec;
    const tail = lastLines(logFile, 8, logStart).map((line) => `  ${line}`);
    return new KasmError(
      [`${name} ${reason} before it served; its last lines:`, ...tail].join('\n'),
      `The whole log is ${logFile}`,
    );
  }

  private change(status: ProgramStatus): void {
    this.current = status;
    this.onChange(this.spec.name, status);
  }
}

interface Run {
  /** Resolves with the reason when the process has ended, or could not be started. */
  readonly ended: Promise<string>;
  readonly served: Promise<boolean>;
  /** Where its output begins in the log. */
  readonly logStart: number;
}
