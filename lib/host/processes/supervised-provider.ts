import { Backoff } from '../../base/backoff';
import { messageOf } from '../../base/errors';
import { counter } from '../../base/metrics';
import { sleep } from '../../base/sleep';
import { accessProblem } from './nats-access';
import { type ProcessDeps, ProviderProcess } from './provider-process';
import { Predecessors } from './predecessors';
import { type Health, mayOverlap, type ProcessExit, type ProcessSpec, sameProcess } from './spec';

/** How long things take, in milliseconds. */
export interface SupervisionTiming {
  /** The shortest time between an end and the next start; it doubles each time, to five minutes at most. @default 5000 */
  readonly restartMs?: number;
  /** Between the checks of a provider that is healthy. @default 30000 */
  readonly checkMs?: number;
  /** After which a provider that has not answered yet is not expected to any more. @default 20000 */
  readonly startMs?: number;
}

/** A longer run is a success: the next restart is a first one again. */
const GOOD_RUN_MS = 10 * 60_000;
const MAX_RESTART_MS = 5 * 60_000;
/** Between the checks of a provider that does not answer yet, or is not healthy; they grow to those of a healthy one at most. */
const FIRST_CHECK_MS = 500;
const SICK_CHECK_MS = 5_000;
/** One answer may be late on a busy machine. */
const MISSES = 2;

const restarts = counter('provider_restarts_total', 'Provider processes that were started again', [
  'provider',
]);

const starting: Health = {
  status: 'Unknown',
  reason: 'Starting',
  message: 'The provider has not answered yet',
};

/**
 * A provider process that is there for as long as it is wanted: started again, ever more slowly, when it ends, replaced when it must be
 * another, and asked how it is. Where nothing speaks against it ({@link mayOverlap}) the next process takes calls before the one that it
 * replaces is asked to end; while the next one does not come up, the one before serves on.
 */
export class SupervisedProvider {
  private current: ProviderProcess | undefined;
  private observed: Health = starting;
  private wake = new AbortController();
  private stopped = false;
  /** Whether the process that runs has answered a health check: then it has reached NATS. */
  private answered = false;
  /** What serves until the process that replaces it does. */
  private readonly predecessors = new Predecessors();
  /** Lets the run of the current process be over though it goes on. */
  private supersede: () => void = () => undefined;
  private readonly backoff: Backoff;
  private readonly over: Promise<void>;

  constructor(
    private spec: ProcessSpec,
    private readonly deps: ProcessDeps,
    /** Called when something changes that {@link health}, {@link restarts} or {@link lastExit} tell. */
    private readonly changed: () => void,
    /** What went before: the restarts that are known already, and what has to end first. */
    private past: { restarts: number; lastExit?: ProcessExit; until?: Promise<void> },
    private readonly timing: SupervisionTiming = {},
    private readonly graceMs: () => number = () => 30_000,
  ) {
    // A delay is drawn from the upper half: its minimum is what the contract asks for.
    this.backoff = new Backoff({ minMs: 2 * (timing.restartMs ?? 5_000), maxMs: MAX_RESTART_MS });
    this.over = this.run();
  }

  get health(): Health {
    return this.observed;
  }

  get restarts(): number {
    return this.past.restarts;
  }

  get lastExit(): ProcessExit | undefined {
    return this.past.lastExit;
  }

  /** Makes it be as `spec` says: in place where that goes, else by another process. */
  bring(spec: ProcessSpec): void {
    const before = this.spec;
    this.spec = spec;
    if (!sameProcess(before, spec)) {
      this.backoff.reset();
      this.replace(before);
      this.wake.abort();
      return;
    }
    this.current?.update(spec);
    if (this.current?.isBehind === true || before.restartPolicy !== spec.restartPolicy) this.wake.abort();
  }

  /** Ends the process for good; resolves when nothing of it is left. */
  async stop(graceMs: number): Promise<void> {
    this.stopped = true;
    this.wake.abort();
    await Promise.all([this.current?.stop(graceMs), this.predecessors.end(graceMs)]);
    await this.over;
  }

  /** Makes room for another process: at once, or once that serves. */
  private replace(before: ProcessSpec): void {
    const { current } = this;
    if (current === undefined || current.isStopping) return;
    const overlaps = this.observed.status === 'True' && mayOverlap(before, this.spec);
    // What is known is of the one before: said of this one, it would let the next host begin with its own.
    this.observe(starting);
    if (overlaps) {
      this.predecessors.add(current, before);
      this.supersede();
    } else void current.stop(this.graceMs());
  }

  private async run(): Promise<void> {
    await this.past.until;
    while (!this.stopped) {
      const { spec } = this;
      await this.predecessors.prepare(spec, this.deps, this.graceMs);
      if (this.stopped) return;
      const startedAt = performance.now();
      const exit = await this.runOnce(spec);
      if (this.stopped || exit === undefined) continue;
      this.past = { ...this.past, lastExit: exit };
      this.deps.log.warn({ provider: spec.provider, code: exit.code, reason: exit.reason }, 'Provider ended');
      if (performance.now() - startedAt > GOOD_RUN_MS) this.backoff.reset();
      await this.rest(spec, exit);
    }
  }

  /** Waits until a provider that ended by itself may start again. */
  private async rest(spec: ProcessSpec, exit: ProcessExit): Promise<void> {
    const delay = this.backoff.next();
    const due = performance.now() + delay;
    while (!this.stopped && sameProcess(spec, this.spec)) {
      const { provider, restartPolicy } = this.spec;
      if (restartPolicy === 'Never' || (restartPolicy === 'OnFailure' && exit.code === 0)) {
        const why = `${exit.reason}; it is not started again, as spec.restartPolicy is ${restartPolicy}`;
        this.observe({ status: 'False', reason: 'Ended', message: why });
        await this.pause(undefined);
        continue;
      }
      const why = `${this.withHint(exit.reason)}; it is started again ${Math.ceil(delay / 1000)} s after its end`;
      this.observe({ status: 'False', reason: 'CrashLoopBackOff', message: why });
      if (!(await this.pause(Math.max(0, due - performance.now())))) continue;
      this.past = { ...this.past, restarts: this.past.restarts + 1 };
      restarts.inc({ provider });
      return;
    }
  }

  /** Resolves when the process has ended, or with nothing when another is to take its place. */
  private async runOnce(spec: ProcessSpec): Promise<ProcessExit | undefined> {
    this.observe(starting);
    this.answered = false;
    let process: ProviderProcess;
    try {
      process = new ProviderProcess(spec, this.deps, this.predecessors.hostId(this.deps));
    } catch (error) {
      const reason = `Could not be started: ${messageOf(error)}`;
      return { reason, at: new Date() };
    }
    this.current = process;
    this.deps.log.info({ provider: spec.provider, pid: process.pid, image: spec.digest }, 'Started provider');
    const superseded = new Promise<void>((resolve) => (this.supersede = resolve));
    const watching = this.watch(process);
    const exit = await Promise.race([process.exited, superseded]);
    this.current = undefined;
    this.wake.abort();
    await watching;
    // Whatever else it was meant for is seen from the specification.
    this.wake = new AbortController();
    return exit === undefined || process.isStopping ? undefined : exit;
  }

  /** Asks until the process has ended. */
  private async watch(process: ProviderProcess): Promise<void> {
    const startedAt = performance.now();
    // Until then others would answer for it.
    if (this.predecessors.answer) await this.takeOver(process);
    let misses = 0;
    let delay = FIRST_CHECK_MS;
    while (this.current === process && !this.stopped) {
      // Woken early, it only has something to tell.
      const repeat = await this.pause(delay);
      if (this.current !== process || this.stopped) return;
      const health = await process.check(repeat && this.answered);
      if (this.current !== process || process.isStopping) return;
      misses = health.reason === 'NoAnswer' ? misses + 1 : 0;
      this.answered ||= health.status !== 'Unknown';
      if (misses === 0) this.observe(health);
      else if (this.answered && misses >= MISSES) this.observe({ ...health, status: 'False' });
      else if (!this.answered && performance.now() - startedAt > (this.timing.startMs ?? 20_000))
        this.observe(this.silence(health));
      const isWell = health.status === 'True' && !process.isBehind;
      const checkMs = this.timing.checkMs ?? 30_000;
      delay = isWell
        ? checkMs
        : Math.min(checkMs, SICK_CHECK_MS, this.answered ? SICK_CHECK_MS : delay * 1.5);
    }
  }

  /** Ends what serves in place of a process once that serves itself, or has had the time that a start may take. */
  private async takeOver(process: ProviderProcess): Promise<void> {
    const { startMs = 20_000 } = this.timing;
    const isCurrent = (): boolean => this.current === process && !this.stopped;
    const serves = await this.predecessors.areJoined(this.spec, this.deps, startMs, isCurrent);
    if (!isCurrent() || !this.predecessors.any) return;
    const { provider } = this.spec;
    this.deps.log.info(
      { provider, pid: process.pid, serves },
      'Provider takes over from the process before it',
    );
    await this.predecessors.end(this.graceMs());
  }

  /** What is known of a provider that runs and has never answered. */
  private silence({ message }: Health): Health {
    const hasAccess = accessProblem(this.deps.nats) === undefined;
    const reason = hasAccess ? 'NotListening' : 'NatsCredentials';
    return { status: 'False', reason, message: this.withHint(message) };
  }

  private withHint(message: string): string {
    const hint = this.answered ? undefined : accessProblem(this.deps.nats);
    const hinted = hint === undefined ? message : `${message}. ${hint}`;
    return this.predecessors.any ? `${hinted}. The process before it serves on` : hinted;
  }

  /** Resolves with true when the time has passed, with false when something else is to be done. */
  private async pause(ms: number | undefined): Promise<boolean> {
    const { signal } = this.wake;
    try {
      // A pause without end is one of days, over and over: no timer is longer.
      do await sleep(ms ?? 86_400_000, signal, false);
      while (ms === undefined);
      return true;
    } catch (error) {
      if (!signal.aborted) throw error;
      // Woken once: whoever pauses next waits for the next call.
      if (this.wake.signal === signal) this.wake = new AbortController();
      return false;
    }
  }

  private observe(health: Health): void {
    const { status, reason, message } = this.observed;
    if (status === health.status && reason === health.reason && message === health.message) return;
    this.observed = health;
    this.changed();
  }
}
