import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** What a command printed and how it ended. */
export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A process of the installation as `kasmcloud status --json` shows it. */
export interface ProcessStatus {
  name: string;
  pid?: number;
  restarts: number;
}

const root = path.resolve(__dirname, '../..');

/** An installation of its own, in a temporary data directory, driven through the built command only. */
export class Installation {
  readonly dataHome = mkdtempSync(path.join(tmpdir(), 'kasmcloud-e2e-'));

  private constructor(
    readonly name: string,
    /** Port that the hello example listens on. */
    readonly port: number,
  ) {}

  static async create(name: string): Promise<Installation> {
    return new Installation(name, await freePort());
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/`;
  }

  get kubeconfig(): string {
    return path.join(this.dataHome, 'kasmcloud', this.name, 'kubeconfig');
  }

  /** Runs `kasmcloud ARGS --name NAME` to its end. */
  kasmcloud(args: string[], input?: string): Promise<Outcome> {
    return run(
      process.execPath,
      [path.join(root, 'dist/kasmcloud.cjs'), ...args, '--name', this.name],
      this.env(),
      input,
    );
  }

  /** Runs kubectl as a user would, with the printed kubeconfig. */
  async kubectl(args: string[], input?: string): Promise<Outcome> {
    return run(await this.tool('kubectl'), ['--kubeconfig', this.kubeconfig, ...args], this.env(), input);
  }

  /** What `kubectl get … -o json` shows. */
  async get<T>(...args: string[]): Promise<T> {
    const outcome = await this.kubectl(['get', ...args, '-o', 'json']);
    if (outcome.code !== 0) throw new Error(outcome.stderr);
    return JSON.parse(outcome.stdout) as T;
  }

  async processes(): Promise<ProcessStatus[]> {
    const outcome = await this.kasmcloud(['status', '--json']);
    if (outcome.code !== 0) throw new Error(outcome.stderr);
    return (JSON.parse(outcome.stdout) as { processes: ProcessStatus[] }).processes;
  }

  /** Stops whatever runs and removes every trace. */
  async destroy(): Promise<void> {
    await this.kasmcloud(['down', '--purge']);
    rmSync(this.dataHome, { recursive: true, force: true });
  }

  /** Where NATS is. */
  async natsUrl(): Promise<string> {
    const outcome = await this.kasmcloud(['status', '--json']);
    return (JSON.parse(outcome.stdout) as { natsUrl: string }).natsUrl;
  }

  private tools?: { name: string; path: string }[];

  /** The program that the installation uses for a tool. */
  async tool(name: string): Promise<string> {
    if (this.tools === undefined) {
      const command = path.join(root, 'dist/kasmcloud.cjs');
      const { stdout } = await run(process.execPath, [command, 'tools', '--json'], this.env());
      this.tools = JSON.parse(stdout) as { name: string; path: string }[];
    }
    const found = this.tools.find((tool) => tool.name === name);
    if (found === undefined) throw new Error(`kasmcloud tools does not list ${name}`);
    return found.path;
  }

  private env(): NodeJS.ProcessEnv {
    return { ...process.env, XDG_DATA_HOME: this.dataHome, PORT: String(this.port), NODE_OPTIONS: '' };
  }
}

/** Calls `probe` until it returns a value, at most for `seconds`; the last failure tells why it never did. */
export async function eventually<T>(
  what: string,
  seconds: number,
  probe: () => Promise<T | undefined>,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      const value = await probe();
      if (value !== undefined) return value;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`${what}: not within ${seconds} s${last instanceof Error ? ` (${last.message})` : ''}`);
}

/** The body of a 200 answer, undefined for any other status. */
export async function body(url: string): Promise<string | undefined> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
  const text = await response.text();
  return response.status === 200 ? text : undefined;
}

function run(command: string, args: string[], env: NodeJS.ProcessEnv, input?: string): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
    child.stdin.end(input);
  });
}

/** Whether a process still runs; a zombie that its parent has yet to reap does not. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).charAt(0) !== 'Z';
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
