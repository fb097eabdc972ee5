import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { NamespaceResource } from '../../../lib/api';
import { reconcilerNodeOptions } from '../../../lib/api/node-options';
import { KubeClient, loadConnection } from '../../../lib/kube';
import { bootstrap } from '../../../lib/local/bootstrap';
import { type ControlPlane, startControlPlane } from '../../../lib/local/control-plane';
import { packageRoot } from '../../../lib/local/package-root';
import { choosePort } from '../../../lib/local/ports';
import { tool } from '../../../lib/local/tool';
import { pause, until } from './parallel';

/** What the kernel counts processor time in. */
const ticksPerSecond = 100;
const sampleMs = 1_000;

/** A real API server, and the reconciler as people run it: the built command, a process of its own, with its own rights. */
export class Platform {
  /** Most memory that the reconciler was seen to hold, in MB: shared pages in parts. */
  peakMemory = 0;
  private sampling: NodeJS.Timeout | undefined;
  private reconciler: ChildProcess | undefined;

  private constructor(
    readonly client: KubeClient,
    private readonly dir: string,
    private readonly controlPlane: ControlPlane,
    private readonly admin: string,
  ) {}

  static async start(namespace: string): Promise<Platform> {
    const dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-scale-'));
    const controlPlane = await startControlPlane({ dir });
    const connection = await loadConnection({ kubeconfig: controlPlane.kubeconfig('admin') });
    const admin = `127.0.0.1:${await choosePort('admin port', {})}`;
    const platform = new Platform(new KubeClient(connection), dir, controlPlane, admin);
    try {
      await platform.begin(namespace);
    } catch (error) {
      await platform.stop();
      throw error;
    }
    return platform;
  }

  /** Requests that the reconciler has sent to the API server, but for the renewals of its own Lease. */
  async requests(): Promise<number> {
    const metrics = await (await fetch(`http://${this.admin}/metrics`)).text();
    const lines = metrics.matchAll(/^kasmcloud_kube_requests_total\{.*resource="(.*?)".*\} (\d+)$/gm);
    return Array.from(lines).reduce(
      (sum, [, resource, n]) => sum + (resource === 'leases' ? 0 : Number(n)),
      0,
    );
  }

  /** Share of one processor that the reconciler takes in a span of time, in percent. */
  async processorShare(seconds: number): Promise<number> {
    const before = this.processorSeconds();
    await pause(seconds);
    return ((this.processorSeconds() - before) / seconds) * 100;
  }

  private processorSeconds(): number {
    const stat = readFileSync(`/proc/${this.reconciler?.pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  }

  async stop(): Promise<void> {
    clearInterval(this.sampling);
    if (this.reconciler?.exitCode === null) {
      this.reconciler.kill();
      await once(this.reconciler, 'exit');
    }
    this.client.connection.close();
    await this.controlPlane.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }

  private async begin(namespace: string): Promise<void> {
    await bootstrap(this.client);
    const metadata = { name: namespace };
    await this.client.create(NamespaceResource, { apiVersion: 'v1', kind: 'Namespace', metadata });
    const command = path.join(packageRoot(), 'dist', 'kasmcloud.cjs');
    const kubeconfig = this.controlPlane.kubeconfig('reconciler');
    const args = [reconcilerNodeOptions, command, 'run', 'reconciler', '--kubeconfig', kubeconfig];
    const log = openSync(path.join(this.dir, 'reconciler.log'), 'w');
    this.reconciler = spawn(await tool('node'), [...args, '--admin-address', this.admin], {
      stdio: ['ignore', log, log],
    });
    await until('reconciler ready', 120, () => this.isReady());
    this.sampling = setInterval(() => this.sample(), sampleMs);
  }

  private sample(): void {
    const rollup = readFileSync(`/proc/${this.reconciler?.pid}/smaps_rollup`, 'utf8');
    const [, kilobytes] = /^Pss:\s+(\d+) kB/m.exec(rollup) ?? [];
    this.peakMemory = Math.max(this.peakMemory, Number(kilobytes) / 1024);
  }

  private async isReady(): Promise<boolean> {
    if (this.reconciler?.exitCode !== null)
      throw new Error(readFileSync(path.join(this.dir, 'reconciler.log'), 'utf8'));
    return fetch(`http://${this.admin}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  }
}
