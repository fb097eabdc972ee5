import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { messageOf } from '../../base/errors';
import { signalGroup } from '../../base/process-identity';
import { within } from '../../base/sleep';
import type { LatticeConnection, LatticeConnectionOptions } from '../../lattice/connection';
import type { LatticeLogger } from '../../lattice/logger';
import { CurveKeyPair } from '../../lattice/nkeys';
import { encodeHostData, type FullHostData } from '../../lattice/provider-contract';
import { providerSubjects } from '../../lattice/subjects';
import type { ProcessLedger } from './ledger';
import { natsAccess } from './nats-access';
import { Output } from './output';
import type { Health, ProcessExit, ProcessSpec } from './spec';
import { definitionOf, type LinkKeys, Told } from './told';

/** What every provider process of a host needs. */
export interface ProcessDeps {
  readonly hostId: string;
  /** With which the host seals secrets. */
  readonly hostKey: CurveKeyPair;
  /** How the host reaches NATS, which it hands on as far as the contract allows. */
  readonly nats: LatticeConnectionOptions;
  /** The host's own connection, once there is one. */
  readonly connection: () => LatticeConnection | undefined;
  readonly ledger: ProcessLedger;
  readonly log: LatticeLogger;
}

/** How long a provider has to answer, as wasmCloud hosts give it. */
const ANSWER_MS = 2_000;
/** Of the time of grace, the part after which a provider that was asked to shut down gets a signal. */
const ASK_SHARE = 0.6;
/** After SIGKILL only the kernel is waited for. */
const KILLED_MS = 5_000;

/** One run of a provider's program, from its start to its end. */
export class ProviderProcess {
  /** Resolves when it has ended, or could not be started. Never rejects. */
  readonly exited: Promise<ProcessExit>;
  private readonly told: Told;
  private readonly output: Output;
  private readonly child: ChildProcess;
  private readonly ended = new AbortController();
  private telling: Promise<void> = Promise.resolve();
  private stopping: Promise<void> | undefined;

  /** Starts the program; a program that does not start has an exit all the same. */
  constructor(
    private spec: ProcessSpec,
    private readonly deps: ProcessDeps,
    /** Id that the process knows its host by. It must be another where two of one provider run: a request to shut down names it. */
    private readonly hostId = deps.hostId,
  ) {
    const own = CurveKeyPair.generate();
    const keys: LinkKeys = { host: deps.hostKey, reader: own.publicKey };
    const data = hostData(spec, { ...deps, hostId }, own, keys);
    this.told = new Told(spec, keys);
    this.output = new Output(deps.log, spec.provider, confidential(data));
    this.child = spawn(spec.program, [], {
      env: environment(),
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const { pid, stdin, stdout, stderr } = this.child;
    if (pid !== undefined) deps.ledger.add(spec.provider, pid);
    const follow = async (stream: Readable | null, name: 'stdout' | 'stderr'): Promise<void> => {
      try {
        if (stream !== null) await this.output.follow(stream, name);
      } catch (error) {
        deps.log.debug(
          { provider: spec.provider, error: messageOf(error) },
          'Output of a provider broke off',
        );
      }
    };
    const written = Promise.all([follow(stdout, 'stdout'), follow(stderr, 'stderr')]);
    this.exited = this.end(written);
    // A program that ends before it reads is told of by its exit.
    stdin?.on('error', (error) =>
      deps.log.debug({ provider: spec.provider, error: error.message }, 'Provider did not read its data'),
    );
    stdin?.end(encodeHostData(data));
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Whether its end is no surprise. */
  get isStopping(): boolean {
    return this.stopping !== undefined;
  }

  /** Takes over a specification for which no other process is needed; it is sent with the next {@link check}. */
  update(spec: ProcessSpec): void {
    this.spec = spec;
  }

  /** Whether links or configuration have to be sent. */
  get isBehind(): boolean {
    return !this.told.knows(this.spec);
  }

  /** Asks how the provider is; when it answers, tells it what it does not know yet. */
  async check(repeat: boolean): Promise<Health> {
    const connection = this.deps.connection();
    if (connection?.connected !== true)
      return { status: 'Unknown', reason: 'NatsDisconnected', message: 'The host is not connected to NATS' };
    const { lattice, id } = this.spec;
    let answer: { healthy?: boolean; message?: string };
    try {
      const reply = await connection.nats.request(providerSubjects.health(lattice, id), undefined, {
        timeout: ANSWER_MS,
      });
      answer = reply.json();
    } catch (error) {
      return {
        status: 'Unknown',
        reason: 'NoAnswer',
        message: `No answer to a health check: ${messageOf(error)}`,
      };
    }
    await this.tell(connection, repeat);
    if (answer.healthy === true) return { status: 'True', reason: 'Healthy', message: '' };
    return {
      status: 'False',
      reason: 'Unhealthy',
      message: answer.message ?? 'The provider says that it is not healthy',
    };
  }

  /** Asks the provider to shut down, and ends it when it does not within so many milliseconds. */
  stop(graceMs: number): Promise<void> {
    this.stopping ??= this.shutDown(graceMs);
    return this.stopping;
  }

  private async tell(connection: LatticeConnection, repeat: boolean): Promise<void> {
    this.telling = this.telling
      .then(() => this.told.tell(connection, this.spec, repeat, this.ended.signal))
      .catch((error: unknown) => {
        if (!this.ended.signal.aborted)
          this.deps.log.warn(
            { provider: this.spec.provider, error: messageOf(error) },
            'Provider could not be told of a change',
          );
      });
    await this.telling;
  }

  private async shutDown(graceMs: number): Promise<void> {
    const { pid } = this.child;
    const started = performance.now();
    const left = (share: number): number => Math.max(0, started + graceMs * share - performance.now());
    if (pid === undefined || (await this.askToShutDown(left(ASK_SHARE))))
      if (await within(left(ASK_SHARE), this.exited, false)) return;
    if (pid === undefined) return;
    signalGroup(pid, 'SIGTERM');
    if (await within(left(1), this.exited, false)) return;
    this.deps.log.warn({ provider: this.spec.provider, pid }, 'Provider did not end in time and is killed');
    signalGroup(pid, 'SIGKILL');
    await within(KILLED_MS, this.exited, false);
  }

  /** Whether the provider has agreed. Its host's id is in the message, as others may run the same provider. */
  private async askToShutDown(timeout: number): Promise<boolean> {
    const connection = this.deps.connection();
    if (connection?.connected !== true || timeout < 1) return false;
    const { lattice, id } = this.spec;
    const message = JSON.stringify({ host_id: this.hostId });
    const ask = async (): Promise<boolean> => {
      try {
        await connection.nats.request(providerSubjects.shutdown(lattice, id), message, { timeout });
        return true;
      } catch (error) {
        const { provider } = this.spec;
        this.deps.log.debug({ provider, error: messageOf(error) }, 'Provider did not agree to shut down');
        return false;
      }
    };
    return Promise.race([ask(), this.exited.then(() => true)]);
  }

  private async end(written: Promise<unknown>): Promise<ProcessExit> {
    const { child, deps } = this;
    const exit = await new Promise<ProcessExit>((resolve) => {
      child.once('error', (error) => {
        if (child.pid === undefined)
          resolve({ reason: `Could not be started: ${error.message}`, at: new Date() });
        else
          deps.log.warn(
            { provider: this.spec.provider, error: error.message },
            'Provider could not be signalled',
          );
      });
      child.once('exit', (code, signal) => resolve({ ...exitOf(code, signal), at: new Date() }));
    });
    this.ended.abort(new Error('The process has ended'));
    if (child.pid !== undefined) deps.ledger.remove(child.pid);
    // The rest of its output; bounded, as a process that left the group may hold the pipe open.
    await within(1_000, written, false);
    child.stdout?.destroy();
    child.stderr?.destroy();
    const { tail } = this.output;
    return tail === '' ? exit : { ...exit, reason: `${exit.reason}: ${tail}` };
  }
}

function exitOf(code: number | null, signal: NodeJS.Signals | null): { code: number; reason: string } {
  if (signal !== null) return { code: -constants.signals[signal], reason: `Ended by ${signal}` };
  return { code: code ?? 0, reason: `Exited with ${code ?? 0}` };
}

/** All that the contract lets through: a provider is a program of somebody else. */
function environment(): NodeJS.ProcessEnv {
  const kept = (name: string): boolean =>
    name === 'RUST_LOG' || name.startsWith('OTEL_') || name === 'SYSTEMROOT';
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => kept(name)));
}

function hostData(spec: ProcessSpec, deps: ProcessDeps, own: CurveKeyPair, keys: LinkKeys): FullHostData {
  return {
    ...natsAccess(deps.nats),
    host_id: deps.hostId,
    lattice_rpc_prefix: spec.lattice,
    provider_key: spec.id,
    instance_id: randomUUID(),
    link_definitions: spec.links.map((link) => definitionOf(link, keys)),
    config: spec.config,
    secrets: spec.secrets,
    host_xkey_public_key: deps.hostKey.publicKey,
    provider_xkey_private_key: own.seed,
    default_rpc_timeout_ms: ANSWER_MS,
    log_level: 'info',
  };
}

/** The parts of the data that must not be seen in a log; short ones would blot out half of it. */
function confidential(data: FullHostData): string[] {
  const secrets = Object.values(data.secrets).flatMap(({ kind, value }) =>
    kind === 'String' ? [value] : [],
  );
  const all = [
    data.provider_xkey_private_key,
    data.lattice_rpc_user_seed,
    data.lattice_rpc_user_jwt,
    ...secrets,
  ];
  return all.filter((text) => text.length >= 4);
}
