import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

const root = path.resolve(__dirname, '../../..');

/** A component package, run by `@pulumi/pulumi` as its language host would run it. */
export class ComponentPackage {
  private constructor(
    readonly port: number,
    private readonly process: ChildProcess,
  ) {}

  /** @param folder The one with PulumiPlugin.yaml. */
  static async start(folder: string): Promise<ComponentPackage> {
    const runner = path.join(root, 'node_modules/@pulumi/pulumi/cmd/run-plugin');
    const child = spawn(process.execPath, [runner, folder], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface(child.stdout);
    const [port] = (await Promise.race([once(lines, 'line'), once(child, 'exit')])) as [string];
    if (child.exitCode !== null) throw new Error(`${folder} ended with ${child.exitCode}`);
    return new ComponentPackage(Number(port), child);
  }

  async stop(): Promise<void> {
    const exited = once(this.process, 'exit');
    // Nothing depends on a gentle end.
    this.process.kill('SIGKILL');
    await exited;
  }
}
