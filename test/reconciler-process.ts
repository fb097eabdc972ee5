import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { choosePort } from '../lib/local/ports';
import { eventually } from './integration/eventually';

const command = path.resolve(__dirname, '../dist/kasmcloud.cjs');

/** A reconciler as people run it: the built command, in a process of its own. */
export class ReconcilerProcess {
  private constructor(
    readonly child: ChildProcess,
    private readonly admin: string,
  ) {}

  /** Resolves when it leads, or could take over at once. */
  static async start(kubeconfig: string, env: NodeJS.ProcessEnv = {}): Promise<ReconcilerProcess> {
    const admin = `127.0.0.1:${await choosePort('port of the admin server', {})}`;
    const args = ['run', 'reconciler', '--kubeconfig', kubeconfig, '--admin-address', admin];
    const child = spawn(process.execPath, [command, ...args], {
      stdio: 'ignore',
      env: { ...process.env, ...env },
    });
    const started = new ReconcilerProcess(child, admin);
    await eventually('a reconciler is ready', () => started.answers('/readyz', /"ok"/), 60_000);
    return started;
  }

  leads(): Promise<boolean> {
    return this.answers('/metrics', /^kasmcloud_leader\{lease="leader-reconciler"\} 1$/m);
  }

  /** Resolves when it has ended. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  private answers(url: string, expected: RegExp): Promise<boolean> {
    return fetch(`http://${this.admin}${url}`).then(
      async (response) => expected.test(await response.text()),
      () => false,
    );
  }
}
