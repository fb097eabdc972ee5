import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { Keeper, type ProgramListener, type ProgramSpec } from './keeper';
import { Pki, type TlsFiles } from './pki';
import { choosePort, isFree, loopback } from './ports';
import { accepts } from './probes';
import { silent, type Progress } from './progress';
import { tool } from './tool';

export interface NatsOptions {
  /** Folder of its data; with a control plane in the same folder, both share one certificate authority. */
  readonly dir: string;
  /** Port for clients; an error when it is taken. @default the one used before, else any that is free */
  readonly port?: number | undefined;
  /** Port that was used before. */
  readonly previousPort?: number | undefined;
  readonly progress?: Progress;
  readonly onChange?: ProgramListener;
  /** Gives the start up. */
  readonly signal?: AbortSignal;
}

const stopMs = 5_000;
const attempts = 3;

/** A NATS server with JetStream on the loopback address; only clients with a certificate of this installation get in. */
export class Nats {
  private constructor(
    readonly port: number,
    private readonly pki: Pki,
    readonly program: Keeper,
  ) {}

  /**
   * Starts a server and resolves when it accepts clients.
   * @throws KasmError when it cannot be had, the port that was asked for is taken, or it does not start
   */
  static async start(options: NatsOptions): Promise<Nats> {
    const { dir, progress = silent, port: asked } = options;
    const command = await tool('nats-server', { progress });
    const pki = new Pki(path.join(dir, 'pki'));
    for (let attempt = 1; ; attempt++) {
      const port = await choosePort('port of NATS', { asked, previous: options.previousPort });
      const program = new Keeper(natsProgram(dir, port, pki, command), options.onChange);
      try {
        await program.start(options.signal);
        return new Nats(port, pki, program);
      } catch (error) {
        if (!options.signal?.aborted && asked === undefined && attempt < attempts && !(await isFree(port)))
          continue;
        throw error;
      }
    }
  }

  /** `tls://127.0.0.1:PORT` */
  get url(): string {
    return `tls://${loopback}:${this.port}`;
  }

  /** Files with which a client called `name` gets in. */
  client(name: string): TlsFiles {
    return this.pki.clientFiles(`nats-${name}`, name, 'kasmcloud:nats');
  }

  /** Stops the server; what JetStream stored stays. */
  stop(): Promise<void> {
    return this.program.stop(stopMs);
  }
}

function natsProgram(dir: string, port: number, pki: Pki, command: string): ProgramSpec {
  const store = path.join(dir, 'nats');
  mkdirSync(store, { recursive: true, mode: 0o700 });
  const tls = pki.serverFiles('nats-server', [loopback, 'localhost']);
  return {
    name: 'nats-server',
    command,
    args: [
      `--addr=${loopback}`,
      `--port=${port}`,
      '--jetstream',
      `--store_dir=${store}`,
      '--tls',
      '--tlsverify',
      `--tlscert=${tls.cert}`,
      `--tlskey=${tls.key}`,
      `--tlscacert=${tls.ca}`,
    ],
    cwd: store,
    logFile: path.join(dir, 'logs', 'nats-server.log'),
    serves: accepts(port),
  };
}

/** Starts a NATS server and resolves when it accepts clients; see {@link Nats.start}. */
export function startNats(options: NatsOptions): Promise<Nats> {
  return Nats.start(options);
}
