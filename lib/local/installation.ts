import { homedir } from 'node:os';
import path from 'node:path';
import { KasmError } from '../base/errors';
import { FileLock } from './file-lock';
import { readIfThere, writePrivate } from './files';
import type { ProgramStatus } from './keeper';
import type { ProcessIdentity } from '../base/process-identity';

/** What the supervisor of an installation writes down for everybody else, and for its successor. */
export interface InstallationState {
  /** Version of the package whose supervisor wrote this. */
  readonly version: string;
  readonly supervisor: ProcessIdentity;
  readonly phase: 'starting' | 'running' | 'stopping' | 'stopped' | 'failed';
  /** What is being started, or why starting failed. */
  readonly message?: string;
  /** Ports in use, or used last. */
  readonly ports: { readonly apiServer?: number; readonly nats?: number };
  /** Each program by its name, in the order that they were started in. */
  readonly programs: Readonly<Record<string, ProgramStatus>>;
}

/** One local lattice platform of this user: a name and a folder that holds all of it. */
export class Installation {
  /** Held by the supervisor for as long as it lives. */
  readonly lock: FileLock;

  /** @param dir Its data folder */
  constructor(
    readonly name: string,
    readonly dir: string,
  ) {
    this.lock = new FileLock(path.join(dir, 'lock'));
  }

  /**
   * The installation of this name, which need not exist yet.
   * @throws KasmError when the name could not be that of a folder
   */
  static named(name: string): Installation {
    if (!/^[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?$/.test(name)) {
      throw new KasmError(
        `--name ${JSON.stringify(name)} is not a name for an installation`,
        'Use lower-case letters, digits and dashes, at most 42 of them',
      );
    }
    return new Installation(name, path.join(dataHome(), name));
  }

  /** The administrator's kubeconfig file. */
  get kubeconfig(): string {
    return path.join(this.dir, 'kubeconfig');
  }

  get logDir(): string {
    return path.join(this.dir, 'logs');
  }

  /** What its supervisor wrote last; undefined when there never was one. */
  readState(): InstallationState | undefined {
    const text = readIfThere(this.stateFile);
    return text === undefined ? undefined : (JSON.parse(text) as InstallationState);
  }

  /** For its supervisor alone. */
  writeState(state: InstallationState): void {
    writePrivate(this.stateFile, `${JSON.stringify(state, undefined, 2)}\n`);
  }

  private get stateFile(): string {
    return path.join(this.dir, 'state.json');
  }
}

function dataHome(): string {
  return path.join(process.env['XDG_DATA_HOME'] || path.join(homedir(), '.local', 'share'), 'kasmcloud');
}
