import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { tool } from '../lib/local/tool';

const command = path.resolve(__dirname, '../dist/kasmcloud.cjs');

export interface HostProcessOptions {
  /** Name of the WasmCloudHost. */
  readonly name: string;
  readonly kubeconfig: string;
  /** Folder for its data and its log. */
  readonly dir: string;
  /** Further arguments of `kasmcloud run`, above all `--nats-url=…`. */
  readonly args: readonly string[];
  /** @default 'host' */
  readonly roles?: string;
}

/** A KasmCloud Host as people run it: the built command, in a process of its own, under the Node of hosts. */
export class HostProcess {
  private constructor(
    readonly name: string,
    readonly child: ChildProcess,
    private readonly logFile: string,
  ) {}

  /** Resolves when the host takes what is bound to it. */
  static async start({
    name,
    kubeconfig,
    dir,
    args,
    roles = 'host',
  }: HostProcessOptions): Promise<HostProcess> {
    if (!existsSync(command)) throw new Error(`${command} is missing: npm run build`);
    const child = spawn(
      await tool('node'),
      [
        command,
        'run',
        roles,
        `--kubeconfig=${kubeconfig}`,
        `--host-name=${name}`,
        `--data-dir=${path.join(dir, name)}`,
        '--address=127.0.0.1',
        '--allow-file-load',
        ...args,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'], env: environment() },
    );
    const host = new HostProcess(name, child, path.join(dir, `${name}.log`));
    await host.ready();
    return host;
  }

  /** What it has logged. */
  get log(): string {
    return readFileSync(this.logFile, 'utf8');
  }

  /** Ends it, and resolves when it has ended: calls in flight end first, unless it is killed. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
    await exit;
    clearTimeout(timer);
  }

  private async ready(): Promise<void> {
    const stderr = this.child.stderr!;
    stderr.pipe(createWriteStream(this.logFile, { flags: 'a' }));
    const lines = createInterface(stderr);
    await new Promise<void>((resolve, reject) => {
      lines.on('line', (line) => line.includes('"Host is ready"') && resolve());
      this.child.once('exit', (code) =>
        reject(new Error(`Host ${this.name} ended with ${code}: ${this.log}`)),
      );
      this.child.once('error', reject);
    });
    lines.close();
    stderr.resume();
  }
}

/** Without what tells this process that it is a test. */
function environment(): NodeJS.ProcessEnv {
  const told = ['JEST_WORKER_ID', 'NODE_OPTIONS', 'NODE_ENV'];
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !told.includes(name)));
}
