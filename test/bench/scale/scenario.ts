import { API_VERSION, WasmCloudDistributionResource, isReady } from '../../../lib/api';
import { Fleet } from './fleet';
import { pause, until } from './parallel';
import { Platform } from './platform';

const namespace = 'scale';
const zones = 5;
const image = (version: number): string => `registry.example/actor:${version}.0`;
/** Who has sent nothing for so long has nothing left to do. */
const quietSeconds = 5;

/** How big the lattice is. */
export interface Size {
  readonly hosts: number;
  /** Distributions, each with as many instances as there are hosts. */
  readonly distributions: number;
  /** Longest that each part may take, in seconds. */
  readonly patience: number;
}

/** One reconciler, one API server and many hosts; the parts in the order of their methods. */
export class Scenario {
  private readonly total: number;
  private readonly names: readonly string[];

  private constructor(
    private readonly platform: Platform,
    private readonly fleet: Fleet,
    private readonly size: Size,
  ) {
    this.total = size.hosts * size.distributions;
    this.names = Array.from({ length: size.distributions }, (_, index) => `app-${index}`);
  }

  /** Resolves when all hosts are ready, with nothing on them. */
  static async start(size: Size): Promise<Scenario> {
    const platform = await Platform.start(namespace);
    const fleet = new Fleet(platform.client, { namespace, hosts: size.hosts, zones });
    const scenario = new Scenario(platform, fleet, size);
    try {
      await fleet.start();
      await scenario.quiet();
    } catch (error) {
      await scenario.stop();
      throw error;
    }
    return scenario;
  }

  /**
   * Places everything for the first time: an instance of each distribution on each host.
   * @returns seconds until all was bound, and requests of the reconciler for each actor until it had nothing more to say
   */
  async place(): Promise<{ seconds: number; requests: number }> {
    const { client } = this.platform;
    const before = await this.platform.requests();
    const spread = Array.from({ length: zones }, (_, zone) => ({
      name: `zone-${zone}`,
      selector: { matchLabels: { zone: `${zone}` } },
    }));
    const from = performance.now();
    for (const name of this.names)
      await client.create(WasmCloudDistributionResource, {
        apiVersion: API_VERSION,
        kind: 'WasmCloudDistribution',
        metadata: { name, namespace },
        spec: { instances: this.size.hosts, spread, template: { actor: { image: image(1) } } },
      });
    await this.until('placed', () => this.fleet.bound() >= this.total);
    const seconds = since(from);
    await this.settled();
    return { seconds, requests: ((await this.platform.requests()) - before) / this.total };
  }

  /** The reconciler's share of one processor while nothing changes but Leases, in percent. */
  idle(seconds: number): Promise<number> {
    return this.platform.processorShare(seconds);
  }

  /** Loses a tenth of the hosts; returns the seconds until all was bound elsewhere, from the loss and from the end of the last Lease. */
  async rebind(): Promise<{ fromLoss: number; fromLeases: number }> {
    const from = Date.now();
    const leasesEnd = this.fleet.lose(Math.round(this.size.hosts / 10));
    await this.until('bound elsewhere', () => this.fleet.bound() >= this.total);
    const at = Date.now();
    await this.settled();
    return { fromLoss: (at - from) / 1000, fromLeases: (at - leasesEnd) / 1000 };
  }

  /** Rolls all distributions out anew at once; returns the seconds until all of it was ready. */
  async rollOut(): Promise<number> {
    const from = performance.now();
    const patch = { spec: { template: { actor: { image: image(2) } } } };
    for (const name of this.names)
      await this.platform.client.patch(WasmCloudDistributionResource, { name, namespace }, patch);
    await this.until(
      'rolled out',
      async () => this.fleet.ready(image(2)) >= this.total && (await this.isReady()),
    );
    return since(from);
  }

  /** Most memory that the reconciler was seen to hold, in MB. */
  get peakMemory(): number {
    return this.platform.peakMemory;
  }

  async stop(): Promise<void> {
    await this.fleet.stop();
    await this.platform.stop();
  }

  private async settled(): Promise<void> {
    await this.until('ready', () => this.isReady());
    await this.quiet();
  }

  private async quiet(): Promise<void> {
    let seen = -1;
    await this.until('quiet', async () => {
      const last = seen;
      seen = await this.platform.requests();
      if (seen === last) return true;
      await pause(quietSeconds);
      return false;
    });
  }

  private async isReady(): Promise<boolean> {
    const { items } = await this.platform.client.list(WasmCloudDistributionResource, { namespace });
    return items.length === this.names.length && items.every(isReady);
  }

  private until(what: string, holds: () => boolean | Promise<boolean>): Promise<number> {
    return until(what, this.size.patience, holds);
  }
}

function since(from: number): number {
  return (performance.now() - from) / 1000;
}
