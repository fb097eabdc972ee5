import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { findOnPath } from '../../../lib/local/find-on-path';
import { buildCommands } from '../../../lib/local/go-build';
import { progressTo } from '../../../lib/local/progress';

const version = '3.246.0';

/** The Pulumi CLI: the one on PATH, else built once from its Go module. */
export async function pulumiCli(): Promise<string> {
  const found = findOnPath('pulumi');
  if (found !== undefined) return found;
  const dir = await buildCommands(
    {
      folder: 'pulumi',
      version,
      commands: ['github.com/pulumi/pulumi/pkg/v3/cmd/pulumi'],
      ldflags: `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${version}`,
      cgo: false,
      takes: '5 to 10 minutes',
    },
    progressTo(process.stderr),
  );
  return path.join(dir, 'pulumi');
}

/** One stack of a Pulumi program, with its state in a folder of its own. */
export class PulumiStack {
  readonly stateDir: string;

  constructor(
    private readonly cli: string,
    /** Folder of the program: the one with Pulumi.yaml. */
    private readonly program: string,
    /** Folder for state and settings. */
    private readonly dir: string,
    /** Ports of the stand-ins. */
    private readonly ports: { language: number; kubernetes: number; kasmcloud?: number },
  ) {
    this.stateDir = path.join(dir, 'state');
  }

  async create(config: Record<string, string>): Promise<void> {
    mkdirSync(this.stateDir, { recursive: true });
    await this.run('stack', 'init', 'test');
    await this.configure(config);
  }

  async configure(config: Record<string, string>): Promise<void> {
    for (const [key, value] of Object.entries(config)) await this.run('config', 'set', key, value);
  }

  /** Sets parts of a setting that is no plain text, by their paths, e.g. `lattices[0].name`. */
  async configurePaths(parts: Record<string, string>): Promise<void> {
    for (const [key, value] of Object.entries(parts)) await this.run('config', 'set', '--path', key, value);
  }

  async unsetPath(key: string): Promise<void> {
    await this.run('config', 'rm', '--path', key);
  }

  async configureSecret(key: string, value: string): Promise<void> {
    await this.run('config', 'set', '--secret', key, value);
  }

  /** Runs `pulumi up`; what it did, e.g. `{ create: 12 }`. */
  up(...args: string[]): Promise<Record<string, number>> {
    return this.operate('up', '--skip-preview', ...args);
  }

  refresh(): Promise<Record<string, number>> {
    return this.operate('refresh', '--skip-preview');
  }

  destroy(): Promise<Record<string, number>> {
    return this.operate('destroy', '--skip-preview');
  }

  /** The stack's outputs. */
  async outputs(): Promise<Record<string, unknown>> {
    return JSON.parse(await this.run('stack', 'output', '--json')) as Record<string, unknown>;
  }

  private async operate(...args: string[]): Promise<Record<string, number>> {
    const text = await this.run(...args, '--yes', '--non-interactive', '--json');
    // One event a line; the summary comes at the end.
    const events = text
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as { summaryEvent?: { resourceChanges: Record<string, number> } });
    return events.findLast((event) => event.summaryEvent)?.summaryEvent?.resourceChanges ?? {};
  }

  private async run(...args: string[]): Promise<string> {
    try {
      const { stdout } = await promisify(execFile)(this.cli, [...args, ...this.stackArgs(args)], {
        cwd: this.program,
        maxBuffer: 64 * 1024 * 1024,
        env: {
          ...process.env,
          PULUMI_HOME: path.join(this.dir, 'home'),
          PULUMI_BACKEND_URL: `file://${this.stateDir}`,
          PULUMI_CONFIG_PASSPHRASE: 'interop',
          PULUMI_SKIP_UPDATE_CHECK: 'true',
          PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
          PULUMI_DEBUG_LANGUAGES: `nodejs:${this.ports.language}`,
          PULUMI_DEBUG_PROVIDERS: [
            `kubernetes:${this.ports.kubernetes}`,
            ...(this.ports.kasmcloud === undefined ? [] : [`kasmcloud:${this.ports.kasmcloud}`]),
          ].join(','),
          PULUMI_ENABLE_STREAMING_JSON_PREVIEW: 'true',
        },
      });
      return stdout;
    } catch (error) {
      const { stdout, stderr } = error as { stdout?: string; stderr?: string };
      const told = (stdout ?? '').split('\n').filter((line) => line.includes('"severity":"error"'));
      throw new Error(['pulumi', ...args, 'failed:', ...told, stderr].join(' '), { cause: error });
    }
  }

  /** Settings of the stack are kept beside its state, not in the program's folder. */
  private stackArgs(args: string[]): string[] {
    const file = ['--config-file', path.join(this.dir, 'Pulumi.test.yaml')];
    if (args[0] === 'stack') return args[1] === 'init' ? [] : ['--stack', 'test'];
    return ['--stack', 'test', ...file];
  }
}
