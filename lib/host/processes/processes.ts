import { join } from 'node:path';
import { CurveKeyPair } from '../../lattice/nkeys';
import type { StoredImage } from '../images/store';
import { ProcessLedger } from './ledger';
import { Programs } from './programs';
import type { ProcessDeps } from './provider-process';
import type { ProcessExit, ProcessSpec } from './spec';
import { SupervisedProvider, type SupervisionTiming } from './supervised-provider';

export interface ProviderProcessesOptions extends Pick<
  ProcessDeps,
  'hostId' | 'nats' | 'connection' | 'log'
> {
  /** Folder of the host, for the programs and the records of running processes. */
  readonly dir: string;
  readonly timing?: SupervisionTiming;
}

/** The provider processes of one host. */
export class ProviderProcesses {
  private readonly programs: Programs;
  private readonly deps: ProcessDeps;
  /** Processes that end, by lattice and id: another with the same id would hear what is meant for them. */
  private readonly endings = new Map<string, Promise<void>>();

  constructor(private readonly options: ProviderProcessesOptions) {
    const { dir, hostId, nats, connection, log } = options;
    this.programs = new Programs(join(dir, 'programs'));
    const ledger = new ProcessLedger(join(dir, 'running'), log);
    this.deps = { hostId, hostKey: CurveKeyPair.generate(), nats, connection, ledger, log };
  }

  /** Ends what a host that was killed has left running in this folder. */
  endLeftovers(): Promise<void> {
    return this.deps.ledger.endLeftovers();
  }

  /** The executable file in an image. @throws TerminalError */
  prepare(image: StoredImage): Promise<string> {
    return this.programs.prepare(image);
  }

  /** Keeps a process running; `changed` is called when what is known of it changes. */
  supervise(
    spec: ProcessSpec,
    changed: () => void,
    past: { restarts: number; lastExit?: ProcessExit },
    graceMs: () => number,
  ): SupervisedProvider {
    const until = this.endings.get(keyOf(spec));
    return new SupervisedProvider(
      spec,
      this.deps,
      changed,
      { ...past, ...(until && { until }) },
      this.options.timing,
      graceMs,
    );
  }

  /** Ends a process for good. */
  end(spec: ProcessSpec, provider: SupervisedProvider, graceMs: number): Promise<void> {
    const key = keyOf(spec);
    const ending = provider.stop(graceMs).finally(() => {
      if (this.endings.get(key) === ending) this.endings.delete(key);
    });
    this.endings.set(key, ending);
    return ending;
  }

  /** Ends at once whatever still runs. */
  close(): void {
    this.deps.ledger.close();
  }
}

function keyOf({ lattice, id }: ProcessSpec): string {
  return `${lattice}/${id}`;
}
