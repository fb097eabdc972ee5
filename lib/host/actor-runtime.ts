import type { IncomingMessage, ServerResponse } from 'node:http';
import { TerminalError, messageOf } from '../base/errors';
import { log, type Logger } from '../base/log';
import { ActorMetrics } from './actor-metrics';
import { CallError } from './call-error';
import type { Engine, Prepared } from './engine/engine';
import { HttpCall } from './http/call';
import { bodyKind, smallBody } from './http/body';
import type { OnCovered } from './worker/direct-address';
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
  /** What the component reads through wasi:config. */
  readonly config: Readonly<Record<string, string>>;
  /** Whether the component may make HTTP requests. @default false */
  readonly outgoingHttp?: boolean;
}

/** What an actor runs with, shared by all actors of a host. */
export interface ActorDependencies {
  readonly engine: Engine;
  readonly spare: SpareWorker;
  readonly log?: Logger;
}

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
   * @throws TerminalError `InvalidComponent`, `ImportNotLinked`, `MemoryLimitTooLow`.
   */
  static async start(spec: ActorSpec, dependencies: ActorDependencies): Promise<ActorRuntime> {
    const memoryBytes = spec.limits?.memoryBytes ?? defaultMemoryBytes;
    const prepared = await dependencies.engine.prepare(spec.wasm, spec.digest, { memoryBytes });
    const permits = new Permits();
    permits.limit = spec.instances;
    const assignment = {
      prepared,
      config: spec.config,
      executionTimeMs: spec.limits?.executionTimeMs ?? defaultExecutionTimeMs,
      outgoingHttp: spec.outgoingHttp ?? false,
      permits: permits.buffer,
    };
    const name = `${spec.lattice}/${spec.id}`;
    const metrics = new ActorMetrics(name);
    const logger = (dependencies.log ?? log).child({ actor: name });
    const pool = new WorkerPool(assignment, permits, dependencies.spare, metrics, logger);
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
    this.metrics.calls[error?.reason ?? (response.writableEnded ? 'Answered' : 'ClientGone')].inc();
    if (error !== undefined) throw error;
  }

  /**
   * Lets the actor's own workers accept the connections of an address, beside whoever else shares it: a request then meets no other thread
   * on its way. `onCovered` tells when workers accept, and when none does any more.
   */
  serveDirectly(
    host: string,
    port: number,
    onCovered: OnCovered,
  ): { close(graceMs: number): Promise<void> } | undefined {
    return this.handlesHttp ? this.pool.listen(host, port, onCovered) : undefined;
  }

  /** Calls that are being served. */
  get inFlight(): number {
    return this.permits.taken;
  }

  /** Changes how many calls are served at once; calls that run are not touched. */
  resize(instances: number): void {
    this.pool.resize(instances);
  }

  /** Gives running instances a new configuration: their next read of it sees the new values. */
  configure(config: Readonly<Record<string, string>>): void {
    this.pool.configure(config);
  }

  /** Takes no more calls, lets those that run end within `graceMs`, then ends the workers. */
  async stop(graceMs: number): Promise<void> {
    await this.pool.stop(graceMs);
    this.metrics.forget();
  }
}
