import type { EventLoopUtilization } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { TerminalError } from '../../base/errors';
import type { PrepareOptions, Prepared } from '../engine/engine';
import {
  monotonicMs,
  type Assignment,
  type FailureReport,
  type FromWorker,
  type ToWorker,
  type WorkerData,
} from './protocol';
import { WorkerState } from './worker-state';

/** Heap of the JavaScript around the guest; the guest's own memory is limited in its component. */
const resourceLimits = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 };
/** A worker that has something to look at, and looks at nothing for so long, is held by a guest. */
const responsiveMs = 250;
/** Time to load a component and make a first instance. */
const startTimeoutMs = 60_000;

/** What a worker tells its owner. */
export interface WorkerListener {
  message(message: FromWorker): void;
  /** The thread has ended, for whatever reason. */
  ended(cause: Error): void;
}

/** The main thread's end of one worker thread. It serves no actor, then one actor, then nobody. */
export class GuestWorker {
  /** What the worker shows of itself. */
  readonly state = new WorkerState();
  private readonly thread: Worker;
  private cause: Error | undefined;
  private over = false;
  private sent = 0;
  private handled = 0;
  /** When the worker had last nothing to look at, or had looked at something, as far as we looked. */
  private movedAt = performance.now();
  private utilization: EventLoopUtilization | undefined;
  private listener: WorkerListener | undefined;
  private asked: { resolve: (answer: unknown) => void; reject: (error: Error) => void } | undefined;

  /** @param script Path of the worker's bundle. */
  constructor(script: string) {
    this.thread = new Worker(script, {
      name: 'kasmcloud-guest',
      // Nothing of the host's environment reaches a thread that runs guests, nor does it write to the host's streams.
      env: {},
      argv: [],
      execArgv: [],
      stdin: false,
      stdout: true,
      stderr: true,
      workerData: { state: this.state.buffer } satisfies WorkerData,
      resourceLimits,
    });
    this.thread.unref();
    this.thread.on('message', (message: FromWorker) => this.receive(message));
    this.thread.on('error', (error) => (this.cause ??= error));
    this.thread.on('messageerror', (error) => (this.cause ??= error));
    this.thread.on('exit', (code) => this.end(code));
    this.thread.stdout.resume();
    this.thread.stderr.resume();
  }

  /**
   * Compiles a component; the worker is as good as new afterwards.
   * @throws TerminalError as {@link Engine.prepare}.
   */
  prepare(wasmPath: string, digest: string, options: PrepareOptions): Promise<Prepared> {
    return this.ask(
      ['prepare', wasmPath, digest, options],
      'Component was not compiled',
    ) as Promise<Prepared>;
  }

  /**
   * Gives the worker to an actor; resolves once a first instance is ready.
   * @throws TerminalError `InvalidComponent` or `ImportNotLinked`.
   */
  async load(assignment: Assignment, listener: WorkerListener): Promise<void> {
    this.listener = listener;
    this.thread.ref();
    await this.ask(['load', assignment], 'Component was not ready');
  }

  private async ask(message: ToWorker, late: string): Promise<unknown> {
    const timer = setTimeout(
      () => this.terminate(new Error(`${late} within ${startTimeoutMs} ms`)),
      startTimeoutMs,
    );
    try {
      return await new Promise<unknown>((resolve, reject) => {
        this.asked = { resolve, reject };
        if (this.over) reject(this.cause ?? new Error('Worker ended before it was used'));
        else this.send(message);
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Whether the worker's thread is its own: a guest that computes for long holds it. */
  get responsive(): boolean {
    const { handled } = this.state;
    if (handled !== this.handled || handled >= this.sent) {
      this.handled = handled;
      this.movedAt = performance.now();
    }
    return performance.now() - this.movedAt < responsiveMs;
  }

  /** Something is on its way to the worker that it will count among what it has {@link WorkerState.handled}. */
  expect(): void {
    // Looked at before, or the time without anything to do would count.
    void this.responsive;
    this.sent++;
  }

  send(message: ToWorker, transfer?: ArrayBuffer[]): void {
    this.expect();
    this.thread.postMessage(message, transfer);
  }

  /** How long the oldest call has been running, in milliseconds. */
  busyForMs(): number {
    const since = this.state.oldestCall;
    return since === 0 ? 0 : monotonicMs() - since;
  }

  /** Share of the time since the last look that the thread was busy. */
  busyShare(): number {
    const now = this.thread.performance.eventLoopUtilization();
    const { utilization } = this.thread.performance.eventLoopUtilization(now, this.utilization);
    this.utilization = now;
    return utilization;
  }

  /** Ends the thread at once, whatever it is doing. */
  terminate(cause: Error): void {
    this.cause ??= cause;
    void this.thread.terminate();
  }

  private receive(message: FromWorker): void {
    if (message[0] === 'ready') this.asked?.resolve(undefined);
    else if (message[0] === 'prepared') this.asked?.resolve(message[1]);
    else if (message[0] === 'failed') this.asked?.reject(errorOf(message[1]));
    else this.listener?.message(message);
  }

  private end(code: number): void {
    this.over = true;
    const cause = this.cause ?? new Error(`Worker ended with code ${code}`);
    this.asked?.reject(cause);
    this.listener?.ended(cause);
  }
}

function errorOf(report: FailureReport): Error {
  if (report.kind === 'refused') return new TerminalError(report.reason, report.message);
  if (report.kind === 'component') {
    return new TerminalError(
      'InvalidComponent',
      `The component could not be instantiated: ${report.message}`,
      'Run it with another host of WASI 0.2 to see whether the component or this host is at fault',
    );
  }
  const member = report.member === undefined ? '' : `#${report.member}`;
  return new TerminalError(
    'ImportNotLinked',
    `The component imports ${report.importName}${member}, which neither this host nor a link offers`,
    `Link the actor to something that exports ${report.importName}`,
  );
}
