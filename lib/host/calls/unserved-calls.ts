import { Backoff } from '../../base/backoff';
import { counter, gauge } from '../../base/metrics';
import { sleep } from '../../base/sleep';
import { WrpcError } from '../../lattice';
import { RouteError } from './route-error';

/** Whom a call is for. */
export interface Callee {
  /** Namespace of its lattice. */
  readonly namespace: string;
  /** Component id. */
  readonly component: string;
}

export interface UnservedCallsOptions {
  /** Name of this host. */
  readonly host: string;
  /** Whom what runs on this host is linked to: of no other is anything told, so that ids which are no more leave the metrics. */
  readonly linked: () => Iterable<Callee>;
}

export interface Patience {
  /** How long the call may wait, in milliseconds; 0 fails it at once. */
  readonly waitMs: number;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal?: AbortSignal | undefined;
}

/** Most calls for one component that are held on one host: each costs memory, and a message now and then. The next ones fail at once. */
export const maxHeld = 500;
/** How often each of them looks: soon at first, as most actors start in no time once they are wanted. */
const looks = { minMs: 50, maxMs: 500 };
/** So many look at half of that pace, so that all together never look much more often than 250 times a second. */
const crowd = 100;

interface Unserved extends Callee {
  /** Calls that found nobody. */
  total: number;
  /** Those of them that had to wait, until they end. */
  held: number;
  /** Those of them that wait now: not while one is attempted, as that lasts as long as the call once somebody serves it. */
  waiting: number;
}

/** What is told of, of every host of this process. */
const hosts = new Set<UnservedCalls>();
const labelNames = ['namespace', 'component', 'host'] as const;
type Labels = Record<(typeof labelNames)[number], string>;

const tell =
  (which: 'total' | 'waiting') =>
  (set: (labels: Labels, value: number) => void): void => {
    for (const host of hosts)
      for (const { namespace, component, ...figures } of host.figures())
        set({ namespace, component, host: host.name }, figures[which]);
  };
counter(
  'unserved_calls_total',
  'Calls and HTTP requests that found nobody to serve what their link leads to',
  [...labelNames],
  tell('total'),
);
gauge('unserved_calls_waiting', 'Those of them that wait for somebody', [...labelNames], tell('waiting'));

/**
 * Calls of this host that find nobody: counted, so that an autoscaler learns of the demand for what has no instance, and kept waiting for
 * one where their link asks for it.
 */
export class UnservedCalls {
  private readonly callees = new Map<string, Unserved>();
  private readonly ending = new AbortController();

  constructor(private readonly options: UnservedCallsOptions) {
    hosts.add(this);
  }

  /**
   * To be called with what a first attempt was rejected with: while that says that nobody serves the callee, attempts again until
   * somebody does. Nothing has happened in such an attempt, so it is safe to repeat whatever the call does.
   * @throws `error` if it says anything else, or the last one when the time is over, or at once when too many wait already.
   */
  async again<T>(
    callee: Callee,
    error: unknown,
    { waitMs, signal }: Patience,
    attempt: () => Promise<T>,
  ): Promise<T> {
    if (!foundNobody(error)) throw error;
    const unserved = this.of(callee);
    unserved.total++;
    if (waitMs <= 0 || unserved.held >= maxHeld) throw error;
    unserved.held++;
    try {
      return await this.hold(unserved, error, { waitMs, signal }, attempt);
    } finally {
      unserved.held--;
    }
  }

  /** The host ends: nobody waits any longer. */
  stop(): void {
    this.ending.abort(new Error('The host stops'));
    hosts.delete(this);
  }

  get name(): string {
    return this.options.host;
  }

  /** Of every component that is linked, from the beginning: what appears only with its first call has no rate. */
  figures(): Iterable<Readonly<Unserved>> {
    const linked = new Set<Unserved>();
    for (const callee of this.options.linked()) linked.add(this.of(callee));
    for (const [key, unserved] of this.callees)
      if (unserved.held === 0 && !linked.has(unserved)) this.callees.delete(key);
    return this.callees.values();
  }

  private async hold<T>(
    unserved: Unserved,
    error: unknown,
    { waitMs, signal }: Patience,
    attempt: () => Promise<T>,
  ): Promise<T> {
    const until = performance.now() + waitMs;
    const over = AbortSignal.any(signal ? [signal, this.ending.signal] : [this.ending.signal]);
    const backoff = new Backoff(looks);
    let last: unknown = error;
    for (;;) {
      const leftMs = until - performance.now();
      if (leftMs <= 0 || over.aborted) throw last;
      unserved.waiting++;
      await sleep(Math.min(backoff.next() * (1 + unserved.held / crowd), leftMs), over).catch(
        () => undefined,
      );
      unserved.waiting--;
      if (over.aborted) throw last;
      try {
        return await attempt();
      } catch (failure) {
        if (!foundNobody(failure)) throw failure;
        last = failure;
      }
    }
  }

  private of({ namespace, component }: Callee): Unserved {
    const key = `${namespace}/${component}`;
    let unserved = this.callees.get(key);
    if (unserved === undefined) {
      unserved = { namespace, component, total: 0, held: 0, waiting: 0 };
      this.callees.set(key, unserved);
    }
    return unserved;
  }
}

function foundNobody(error: unknown): boolean {
  return (error instanceof RouteError || error instanceof WrpcError) && error.reason === 'NoResponders';
}
