import { mkdirSync } from 'node:fs';
import { KasmError, messageOf } from '../base/errors';
import { log } from '../base/log';
import { sleep } from '../base/sleep';
import { KubeClient } from '../kube';
import { bootstrap } from './bootstrap';
import { startControlPlane, type ControlPlane } from './control-plane';
import type { Installation, InstallationState } from './installation';
import { Keeper, type ProgramListener, type ProgramSpec, type ProgramStatus } from './keeper';
import { startNats, type Nats } from './nats';
import { ownConnection } from './own-connection';
import { identify, isAlive, signalGroup, type ProcessIdentity } from '../base/process-identity';

/** What the KasmCloud roles need to find each other. */
export interface Platform {
  readonly installation: Installation;
  readonly controlPlane: ControlPlane;
  readonly nats: Nats;
}

export interface SupervisorOptions {
  readonly installation: Installation;
  /** Version of this package, for the state. */
  readonly version: string;
  /** The KasmCloud roles to run on the platform, in the order that they start in. */
  readonly roles: (platform: Platform) => readonly ProgramSpec[];
  /** Port of the API server that the user insists on. */
  readonly apiPort?: number | undefined;
  /** Port of NATS that the user insists on. */
  readonly natsPort?: number | undefined;
  /** Stops everything. */
  readonly signal: AbortSignal;
}

/** Another supervisor has this installation. */
export class AlreadySupervised extends KasmError {}

const roleStopMs = 15_000;
const leftoverMs = 10_000;

/**
 * Runs an installation until `signal` aborts: its control plane, NATS and the KasmCloud roles, each started again when it dies.
 *
 * One process at a time supervises an installation. All it knows is in the state file before it matters, so a supervisor that
 * was killed is followed by one that ends what it left running and goes on with the same data.
 */
export class Supervisor {
  private state: InstallationState;
  private readonly stops: (() => Promise<void>)[] = [];

  private constructor(private readonly options: SupervisorOptions) {
    const { installation, version } = options;
    const supervisor = identify(process.pid);
    if (supervisor === undefined) throw new Error(`Process ${process.pid} cannot identify itself`);
    this.state = {
      version,
      supervisor,
      phase: 'starting',
      ports: installation.readState()?.ports ?? {},
      programs: {},
    };
  }

  /**
   * @throws AlreadySupervised when another process does
   * @throws KasmError when something does not start
   */
  static async run(options: SupervisorOptions): Promise<void> {
    const { installation } = options;
    mkdirSync(installation.dir, { recursive: true, mode: 0o700 });
    if (!installation.lock.tryAcquire()) {
      const pid = installation.lock.holder()?.pid;
      throw new AlreadySupervised(
        `Installation ${installation.name} is already supervised by process ${pid ?? 'unknown'}`,
      );
    }
    try {
      await endLeftovers(installation);
      await new Supervisor(options).run();
    } finally {
      installation.lock.release();
    }
  }

  private async run(): Promise<void> {
    const { signal } = this.options;
    this.write({});
    try {
      await this.start();
      this.write({ phase: 'running' });
      log.info({ installation: this.options.installation.name }, 'Everything is started');
      await aborted(signal);
    } catch (error) {
      if (!signal.aborted) {
        await this.stop();
        this.write({ phase: 'failed', message: messageOf(error) });
        throw error;
      }
    }
    this.write({ phase: 'stopping' });
    await this.stop();
    this.write({ phase: 'stopped' });
    log.info({ installation: this.options.installation.name }, 'Everything is stopped');
  }

  private async start(): Promise<void> {
    const { installation, signal, roles, apiPort, natsPort } = this.options;
    const { ports } = this.state;
    const { dir } = installation;
    const onChange: ProgramListener = (name, status) => this.changed(name, status);

    // Both at once; when one fails, the other is still to be stopped.
    const [controlPlane, nats] = await bothOrNeither(
      startControlPlane({ dir, port: apiPort, previousPort: ports.apiServer, onChange, signal }),
      startNats({ dir, port: natsPort, previousPort: ports.nats, onChange, signal }),
      this.stops,
    );
    this.write({ ports: { apiServer: controlPlane.port, nats: nats.port } });

    const connection = ownConnection(controlPlane.kubeconfig('admin'));
    await bootstrap(new KubeClient(connection));
    connection.close();

    // All roles stop at once: a host that drains needs nothing of the reconciler.
    const keepers = roles({ installation, controlPlane, nats }).map((spec) => new Keeper(spec, onChange));
    this.stops.push(async () => void (await Promise.all(keepers.map((keeper) => keeper.stop(roleStopMs)))));
    for (const keeper of keepers) await keeper.start(signal);
  }

  private async stop(): Promise<void> {
    for (const stop of this.stops.splice(0).reverse()) await stop();
  }

  private changed(name: string, status: ProgramStatus): void {
    const { process, lastExit } = status;
    if (status.state === 'waiting')
      log.warn({ program: name, ...lastExit }, 'Program ended; it is started again');
    else log.info({ program: name, pid: process?.pid }, `Program is ${status.state}`);
    this.write({ programs: { ...this.state.programs, [name]: status } });
  }

  private write(change: Partial<InstallationState>): void {
    this.state = { ...this.state, ...change };
    this.options.installation.writeState(this.state);
  }
}

/**
 * Ends what a supervisor that was killed left running: exactly the processes that it wrote down, told from later ones with the same
 * number by when they started. To be called by whoever holds the installation's lock.
 */
export async function endLeftovers(installation: Installation): Promise<void> {
  const state = installation.readState();
  const leftovers = Object.values(state?.programs ?? {})
    .map(({ process }) => process)
    .filter((process): process is ProcessIdentity => process !== undefined && isAlive(process));
  for (const leftover of leftovers) {
    log.warn({ pid: leftover.pid }, 'Ending a process that a killed supervisor left running');
    signalGroup(leftover.pid, 'SIGKILL');
  }
  for (const deadline = Date.now() + leftoverMs; leftovers.some(isAlive); await sleep(20)) {
    if (Date.now() > deadline) {
      const pids = leftovers.filter(isAlive).map(({ pid }) => pid);
      throw new KasmError(`Processes ${pids.join(', ')} of an earlier run do not end`, 'End them by hand');
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Waits for both and registers how to stop each that did start; throws the first failure. */
async function bothOrNeither<A extends Stoppable, B extends Stoppable>(
  first: Promise<A>,
  second: Promise<B>,
  stops: (() => Promise<void>)[],
): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled([first, second]);
  for (const result of [a, b]) if (result.status === 'fulfilled') stops.push(() => result.value.stop());
  if (a.status === 'rejected') throw a.reason;
  if (b.status === 'rejected') throw b.reason;
  return [a.value, b.value];
}

interface Stoppable {
  stop(): Promise<void>;
}
