import { runCommand } from '../../lib/local/run-command';
import { tool } from '../../lib/local/tool';
import { samplesOf } from './scrape';

/** How often it looks, and how long nobody may want a distribution before that is scaled to nothing. */
const [pollMs, cooldownMs] = [200, 3_000];

interface Seen {
  calls: number;
  activeAt: number;
  instances: number;
}

/**
 * What KEDA does with the triggers of docs/guides/autoscaling.md: looks at the metrics of a host, scales a distribution to one as soon as
 * somebody calls it, and to nothing when nobody has for a while.
 */
export class DemandScaler {
  /** What it has scaled to, in order. */
  readonly done: string[] = [];
  private readonly seen = new Map<string, Seen>();
  private readonly over: Promise<void>;
  private running = true;

  constructor(
    private readonly metrics: string,
    private readonly namespace: string,
    private readonly names: readonly string[],
  ) {
    this.over = this.run();
  }

  async stop(): Promise<void> {
    this.running = false;
    await this.over;
  }

  private async run(): Promise<void> {
    for (; this.running; await new Promise((resolve) => setTimeout(resolve, pollMs)))
      for (const name of this.names) await this.look(name);
  }

  private async look(name: string): Promise<void> {
    const sum = await samplesOf(this.metrics);
    const { namespace } = this;
    const distribution = { namespace, distribution: name };
    const component = { namespace, component: name };
    const load =
      sum('actor_calls_in_flight', distribution) +
      sum('actor_calls_waiting', distribution) +
      sum('unserved_calls_waiting', component);
    const calls = sum('actor_calls_total', distribution) + sum('unserved_calls_total', component);
    const now = performance.now();
    const seen = this.seen.get(name) ?? { calls, activeAt: -Infinity, instances: 0 };
    this.seen.set(name, seen);
    if (load > 0 || calls > seen.calls) seen.activeAt = now;
    seen.calls = calls;
    const instances = now - seen.activeAt < cooldownMs ? 1 : 0;
    if (instances === seen.instances) return;
    await scale(namespace, name, instances);
    seen.instances = instances;
    this.done.push(`${name} ${instances}`);
  }
}

/** `kubectl scale`, which writes to the scale subresource as autoscalers do. */
async function scale(namespace: string, name: string, replicas: number): Promise<void> {
  await runCommand(await tool('kubectl'), [
    `--kubeconfig=${process.env['KASMCLOUD_TEST_KUBECONFIG']}`,
    `--namespace=${namespace}`,
    'scale',
    `wcd/${name}`,
    `--replicas=${replicas}`,
  ]);
}
