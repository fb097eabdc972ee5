import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '../../integration/eventually';
import { endProcess } from '../plain-nats';

/** How a container is run beside its image and command. */
export interface ContainerOptions {
  /** Host folders or files by their path in the container, read-only. */
  readonly mounts?: Readonly<Record<string, string>>;
  /** Folders in memory that the image's user may write to. */
  readonly writable?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A containerd of the test's own: its configuration, state and socket are in one folder. */
export class Containerd {
  private constructor(
    private readonly dir: string,
    private readonly daemon: ChildProcess,
  ) {}

  static async start(dir: string): Promise<Containerd> {
    mkdirSync(dir, { recursive: true });
    const config = path.join(dir, 'config.toml');
    writeFileSync(
      config,
      [
        'version = 2',
        `root = "${dir}/root"`,
        `state = "${dir}/state"`,
        'disabled_plugins = ["io.containerd.grpc.v1.cri"]',
        `grpc = { address = "${dir}/containerd.sock" }`,
      ].join('\n'),
    );
    const log = openSync(path.join(dir, 'log'), 'a');
    const daemon = spawn('containerd', ['--config', config], { stdio: ['ignore', log, log] });
    const containerd = new Containerd(dir, daemon);
    await eventually(`containerd answers: ${path.join(dir, 'log')}`, async () => {
      if (!existsSync(path.join(dir, 'containerd.sock'))) return false;
      return (await containerd.ctr('version')).includes('Server:');
    });
    return containerd;
  }

  async load(archive: string): Promise<void> {
    await this.ctr('images', 'import', archive);
  }

  /** Digest and size of an image, as containerd sees them. */
  async images(): Promise<string> {
    return this.ctr('images', 'list');
  }

  /** Runs a command to its end, on a root that cannot be written to, and returns what it printed; without one, what the image says. */
  async run(image: string, name: string, command: readonly string[] = []): Promise<string> {
    return this.ctr('run', '--rm', '--net-host', '--read-only', image, name, ...command);
  }

  /** Starts a container that goes on, with its output in a file. */
  start(image: string, name: string, command: readonly string[], options: ContainerOptions = {}): Container {
    const { mounts = {}, writable = [], env = {} } = options;
    const args = [
      ...['--address', this.socket, 'run', '--rm', '--net-host', '--read-only'],
      ...Object.entries(mounts).flatMap(([to, from]) => [
        '--mount',
        `type=bind,src=${from},dst=${to},options=rbind:ro`,
      ]),
      ...writable.flatMap((to) => [
        '--mount',
        `type=tmpfs,src=tmpfs,dst=${to},options=mode=0700:uid=65532:gid=65532`,
      ]),
      ...Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
      ...[image, name, ...command],
    ];
    const log = path.join(this.dir, `${name}.log`);
    const output = openSync(log, 'a');
    const client = spawn('ctr', args, { stdio: ['ignore', output, output] });
    return new Container(name, client, log, (...rest) => this.ctr(...rest));
  }

  async stop(): Promise<void> {
    await endProcess(this.daemon);
  }

  private get socket(): string {
    return path.join(this.dir, 'containerd.sock');
  }

  private async ctr(...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)('ctr', ['--address', this.socket, ...args], {
      maxBuffer: 1 << 24,
    });
    return stdout;
  }
}

/** A container that runs. */
export class Container {
  constructor(
    private readonly name: string,
    private readonly client: ChildProcess,
    private readonly logFile: string,
    private readonly ctr: (...args: string[]) => Promise<string>,
  ) {}

  /** What it printed until now. */
  get log(): string {
    return readFileSync(this.logFile, 'utf8');
  }

  /** Whether it still runs. */
  get running(): boolean {
    return this.client.exitCode === null;
  }

  /** Sends SIGTERM, as a kubelet does first, and resolves with its exit code. */
  async stop(): Promise<number | null> {
    if (this.running) {
      const exited = new Promise((resolve) => this.client.once('exit', resolve));
      await this.ctr('tasks', 'kill', '--signal', 'SIGTERM', this.name);
      await exited;
    }
    return this.client.exitCode;
  }
}
