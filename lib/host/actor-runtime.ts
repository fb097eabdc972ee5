import type { IncomingMessage, ServerResponse } from 'node:http';
import { KasmError, TerminalError, messageOf } from '../base/errors';
import { log, type Logger } from '../base/log';
import { type ActorLabels, ActorMetrics } from './actor-metrics';
import { camelCase, type interfaces, type WitInterface } from '../lattice';
import type { SecretValues } from '../lattice/provider-contract';
import { CallError, outcomeOfStatus, type CallOutcome } from './call-error';
import type { OutgoingCall } from './calls/call';
import { InterfaceCall } from './calls/interface-call';
import { signatures } from './calls/signatures';
import type { MakeCall } from './calls/worker-calls';
import { isWitError, type Engine, type Prepared } from './engine/engine';
import { HttpCall } from './http/call';
import type { Connection } from './http/connection';
import { bodyKind, smallBody } from './http/body';
import { WireCall } from './http/wire-call';
import type { DirectAddress } from './worker/direct-connections';
import { handlerOf } from './worker/http-calls';
import { Permits } from './worker/permits';
import { WorkerPool } from './worker/pool';
import type { SpareWorker } from './worker/spare';

/** What to run. */
export interface ActorSpec {
  /** Id of the component in its lattice. */
  readonly id: string;
  readonly lattice: string;
  /** Path of the component on this machine. */
  readonly wasm: string;
  /** `sha256:…` of the component. */
  readonly digest: string;
  /** Most calls that are served at once; 0 serves none. */
  readonly instances: number;
  readonly limits?: {
    /** Most bytes of one linear memory of an instance. @default 268435456 (256 MiB) */
    readonly memoryBytes?: number;
    /** Longest time of one call, in milliseconds. @default 600000 (10 min) */
    readonly executionTimeMs?: number;
  };
  /** Whether an instance serves one call after the other, or only one. @default 'Always' */
  readonly reuse?: 'Always' | 'Never';
  /** What the component reads through wasi:config. */
  readonly config: Readonly<Record<string, string>>;
  /** What the component reads through wasmcloud:secrets. @default none */
  readonly secrets?: SecretValues;
  /** What its metrics are labelled with beside its id. @default the lattice as the namespace, and nothing else */
  readonly labels?: Partial<Omit<ActorLabels, 'actor'>>;
}

/** How an actor calls others: takes a call to whatever its links lead to. */
export type FollowLink = (call: Omit<OutgoingCall, 'namespace' | 'source'>) => Promise<unknown>;

/** What an actor runs with. */
export interface ActorDependencies {
  readonly engine: Engine;
  readonly spare: SpareWorker;
  /** Without it nothing is linked, and every call of another component fails. */
  readonly followLink?: FollowLink;
  readonly log?: Logger;
  /** How long workers are kept without work, in milliseconds; the next call wakes one. @default 60000 */
  readonly idleMs?: number;
}

const defaultIdleMs = 60_000;
const defaultMemoryBytes = 256 * 1024 * 1024;
const defaultExecutionTimeMs = 600_000;

/** A component that serves calls on this host. */
export class ActorRuntime {
  private readonly handlesHttp: boolean;

  private constructor(
    readonly spec: ActorSpec,
    private readonly prepared: Prepared,
    private readonly pool: WorkerPool,
    private readonly permits: Permits,
    private readonly metrics: ActorMetrics,
    private readonly log: Logger,
  ) {
    this.handlesHttp = handlerOf(prepared.exports) !== undefined;
  }

  /**
   * Resolves once a first instance is ready.
   * @throws TerminalError `InvalidComponent`, `UnsupportedImport`, `ImportNotLinked`, `MemoryLimitTooLow`.
   */
  static async start(spec: ActorSpec, dependencies: ActorDependencies): Promise<ActorRuntime> {
    const memoryBytes = spec.limits?.memoryBytes ?? defaultMemoryBytes;
    const prepared = await dependencies.engine.prepare(spec.wasm, spec.digest, { memoryBytes });
    const permits = new Permits();
    permits.limit = spec.instances;
    const assignment = {
      prepared,
      config: spec.config,
      secrets: spec.secrets ?? {},
      executionTimeMs: spec.limits?.executionTimeMs ?? defaultExecutionTimeMs,
      reuse: spec.reuse !== 'Never',
      permits: permits.buffer,
    };
    const name = `${spec.lattice}/${spec.id}`;
    const metrics = new ActorMetrics(
      { namespace: spec.lattice, distribution: '', host: '', ...spec.labels, actor: spec.id },
      () => ({
        inFlight: permits.taken,
        waiting: pool.waiting,
        instances: permits.limit,
        workers: pool.size,
      }),
    );
    const logger = (dependencies.log ?? log).child({ actor: name });
    if (prepared.unserved.length > 0)
      logger.warn({ functions: prepared.unserved }, 'Some exports cannot be called over the lattice');
    const { spare, followLink = unlinked } = dependencies;
    const makeCall = callsOf(prepared, assignment.executionTimeMs, followLink);
    const { idleMs = defaultIdleMs } = dependencies;
    const pool: WorkerPool = new WorkerPool(assignment, permits, spare, metrics, logger, makeCall, idleMs);
    try {
      await pool.start();
    } catch (error) {
      await pool.stop(0);
      metrics.forget();
      if (error instanceof TerminalError) throw error;
      throw new TerminalError(
        'InvalidComponent',
        `Component ${name} did not become ready`,
        'Look at its log lines for what it did at its start',
        { cause: error },
      );
    }
    return new ActorRuntime(spec, prepared, pool, permits, metrics, logger);
  }

  /** What the component imports, by full name. */
  get imports(): readonly string[] {
    return this.prepared.imports;
  }

  /** What the component exports, by full name. */
  get exports(): readonly string[] {
    return this.prepared.exports;
  }

  /** What others can call, with its types. */
  get serves(): readonly WitInterface[] {
    return this.prepared.serves;
  }

  /** Whether a call would be served now. */
  get ready(): boolean {
    return this.pool.ready;
  }

  /**
   * Answers a request of node:http. Resolves when the response is handed over, or the client has gone.
   * @throws CallError when there is no answer. If part of a response was sent, its connection has been cut.
   */
  async handleHttp(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.handlesHttp) {
      throw new CallError(
        'NotServing',
        `Component ${this.spec.id} does not export wasi:http/incoming-handler`,
        'Link the HTTP server to a component that does',
      );
    }
    let body: Uint8Array | undefined;
    if (bodyKind(request) === 'small') {
      try {
        body = await smallBody(request);
      } catch (error) {
        this.log.debug({ error: messageOf(error) }, 'Client went before its request was whole');
        return this.metrics.calls.ClientGone.inc();
      }
    }
    const error = await new Promise<CallError | undefined>((resolve) => {
      const call = new HttpCall(request, response, body, (failure) => {
        this.pool.withdraw(call);
        resolve(failure);
      });
      this.pool.run(call);
    });
    const answer = response.writableEnded ? outcomeOfStatus(response.statusCode) : 'ClientGone';
    this.metrics.calls[error?.reason ?? answer].inc();
    if (error !== undefined) throw error;
  }

  /**
   * Calls an exported function. Resolves with its result.
   * @param func As WIT spells it.
   * @throws WitError for the `err` of the function's `result`; CallError when there is no answer.
   */
  async call(
    interfaceId: string,
    func: string,
    args: readonly unknown[],
    { traceparent, signal }: CallActorOptions = {},
  ): Promise<unknown> {
    signal?.throwIfAborted();
    let abandon: (() => void) | undefined;
    try {
      // A function of the world is an interface of its own name to the engine.
      const called =
        interfaceId === ''
          ? { interface: camelCase(func), function: 'default' }
          : { interface: interfaceId, function: camelCase(func) };
      const value = await new Promise<unknown>((resolve, reject) => {
        const call = new InterfaceCall(called, args, traceparent, resolve, reject);
        abandon = () => {
          this.pool.withdraw(call);
          call.abandon(signal?.reason as Error);
        };
        signal?.addEventListener('abort', abandon, { once: true });
        this.pool.run(call);
      });
      this.metrics.calls.Answered.inc();
      return value;
    } catch (error) {
      this.metrics.calls[outcomeOf(error)].inc();
      throw error;
    } finally {
      if (abandon !== undefined) signal?.removeEventListener('abort', abandon);
    }
  }

  /**
   * Answers an HTTP request that came over the lattice.
   * @throws WitError with an `error-code` when there is no answer; a response that breaks off fails its body.
   */
  answerHttp(request: interfaces.http.Request, signal: AbortSignal): Promise<interfaces.http.Response> {
    return new Promise((resolve, reject) => {
      const leave = (): void => call.leave();
      const call = new WireCall(request, resolve, reject, (outcome) => {
        signal.removeEventListener('abort', leave);
        this.pool.withdraw(call);
        this.metrics.calls[outcome].inc();
      });
      signal.addEventListener('abort', leave, { once: true });
      this.pool.run(call);
    });
  }

  /**
   * Lets the actor's own workers serve the connections of an address: a request then meets no other thread on its way. `giveBack` is given
   * the connections that none of them took after all.
   */
  serveDirectly(giveBack: (connection: Connection) => void): DirectAddress | undefined {
    return this.handlesHttp ? this.pool.listen(giveBack) : undefined;
  }

  /** Calls that have ended, and those of them that failed. */
  get counts(): ActorMetrics['counts'] {
    return this.metrics.counts;
  }

  /** How many calls are served at once. */
  get instances(): number {
    return this.permits.limit;
  }

  /** Worker threads that have the component loaded. */
  get workers(): number {
    return this.pool.size;
  }

  /** Calls that are being served. */
  get inFlight(): number {
    return this.permits.taken;
  }

  /** Changes how many calls are served at once; calls that run are not touched. */
  resize(instances: number): void {
    this.pool.resize(instances);
  }

  /** Gives running instances a new configuration and new secrets: their next read sees the new values. */
  configure(config: Readonly<Record<string, string>>, secrets: SecretValues = {}): void {
    this.pool.configure(config, secrets);
  }

  /** Takes no more calls, lets those that run end within `graceMs`, then ends the workers. */
  async stop(graceMs: number): Promise<void> {
    await this.pool.stop(graceMs);
    this.metrics.forget();
  }
}

/** Who calls, as far as the called one cares. */
export interface CallActorOptions {
  /** W3C trace context. */
  readonly traceparent?: string | undefined;
  /** Gives the call up. */
  readonly signal?: AbortSignal | undefined;
}

function outcomeOf(error: unknown): CallOutcome {
  if (isWitError(error)) return 'Answered';
  return error instanceof CallError ? error.reason : 'ClientGone';
}

/** Adds to what a guest asks for what it does not know or is not asked for: types and bounds. */
function callsOf(prepared: Prepared, deadlineMs: number, followLink: FollowLink): MakeCall {
  const signatureOf = signatures(prepared.calls);
  return async (call, flows) => {
    const signature = signatureOf(call);
    const args = flows.params(signature, call.args);
    const { signal } = flows;
    return flows.answer(signature, await followLink({ ...call, args, signature, deadlineMs, signal }));
  };
}

function unlinked(call: { readonly interface: string }): Promise<never> {
  return Promise.reject(new KasmError(`Nothing is linked that offers ${call.interface}`));
}
