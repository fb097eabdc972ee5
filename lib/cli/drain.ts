import {
  type ResourceType,
  type WasmCloudActor,
  WasmCloudActorResource,
  type WasmCloudHost,
  WasmCloudHostResource,
  type WasmCloudProvider,
  WasmCloudProviderResource,
  conditionOf,
  conditionTypes,
  isMovable,
} from '../api';
import { KasmError } from '../base/errors';
import { sleep } from '../base/sleep';
import { type KubeClient, keyOf } from '../kube';
import { withCluster } from './cluster';
import { change, cordonHost, type HostOptions, hostsOf, say } from './cordon';
import { onInterrupt } from './interrupt';
import { reportError } from './report-error';

export interface DrainOptions extends HostOptions {
  /** Seconds for calls in flight; negative leaves `spec.drain.graceSeconds` as it is. */
  readonly gracePeriod: number;
  /** 0 waits without end. */
  readonly timeout: number;
  /** Leaves what people bound to a host by name where it is. */
  readonly ignorePinned: boolean;
}

type Bound = WasmCloudActor | WasmCloudProvider;

const pollMs = 500;

/**
 * `kasmcloud drain HOST…`: cordons the hosts and has all that runs there placed elsewhere, each once its replacement serves. The request
 * stays in the API server: what this command only watches goes on without it.
 */
export async function drain(names: readonly string[], options: DrainOptions): Promise<void> {
  const signal = onInterrupt('Stopped watching; the drain goes on. `kasmcloud uncordon` calls it off');
  await withCluster(options, async (client) => {
    const hosts = await hostsOf(client, names, options);
    // All of them first: nothing moves from one to another.
    for (const host of hosts) await cordonHost(client, host, options.dryRun);
    const deadline = options.timeout === 0 ? Infinity : Date.now() + options.timeout;
    const outcomes = await Promise.allSettled(
      hosts.map(async (host) => {
        const leaving = await request(client, host, options);
        if (options.dryRun === 'none') await watch(client, host, leaving, { deadline, ...options, signal });
      }),
    );
    // An interrupt ends all of them, with one word.
    const failures = new Set(
      outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as Error] : [])),
    );
    const [first, ...others] = failures;
    for (const other of others) reportError(other, false);
    if (first !== undefined) throw first;
  });
}

/** Asks for the drain of one host that is cordoned, and returns what is to go. */
async function request(
  client: KubeClient,
  host: WasmCloudHost,
  options: DrainOptions,
): Promise<readonly Bound[]> {
  const { dryRun, gracePeriod, ignorePinned } = options;
  const bound = await boundTo(client, host);
  const pinned = bound.filter((object) => !isMovable(object)).map(titleOf);
  if (pinned.length > 0 && !ignorePinned)
    throw new KasmError(
      `Host ${host.metadata.name} is not drained: bound to it by name: ${pinned.join(', ')}`,
      'Delete them first, or leave them there with --ignore-pinned',
    );
  if (pinned.length > 0) process.stderr.write(`Warning: leaving in place: ${pinned.join(', ')}\n`);
  const grace = gracePeriod < 0 ? {} : { graceSeconds: gracePeriod };
  await change(client, host, { drain: { requested: true, ...grace } }, dryRun);
  const moving = bound.filter(isMovable);
  for (const object of moving) process.stdout.write(`moving ${titleOf(object)}\n`);
  if (dryRun !== 'none') say(host, 'drained', dryRun);
  return moving;
}

/** Tells what moves, until nothing is left. */
async function watch(
  client: KubeClient,
  host: WasmCloudHost,
  leaving: readonly Bound[],
  { deadline, ignorePinned, signal }: { deadline: number; ignorePinned: boolean; signal: AbortSignal },
): Promise<void> {
  const { name } = host.metadata;
  let moving = byTitle(leaving);
  const told = new Map<string, string>();
  for (;;) {
    const bound = (await boundTo(client, host)).filter(isMovable);
    const now = byTitle(bound);
    for (const [title, object] of moving) if (!now.has(title)) await tellWhereTo(client, title, object);
    moving = now;
    for (const [title, object] of now) {
      const placed = conditionOf(object, conditionTypes.placed);
      if (placed?.status !== 'False' || told.get(title) === placed.message) continue;
      told.set(title, placed.message);
      process.stdout.write(`${title}: ${placed.message}\n`);
    }
    const rest = await restOf(client, name, bound, ignorePinned);
    if (rest === undefined) return say(host, 'drained', 'none');
    if (Date.now() >= deadline)
      throw new KasmError(
        `Host ${name} is not drained in time: ${rest}`,
        'The drain goes on. Wait longer with --timeout, or call it off with `kasmcloud uncordon`',
      );
    await sleep(pollMs, signal);
  }
}

/** What is left on a host; undefined when nothing is. */
async function restOf(
  client: KubeClient,
  name: string,
  bound: readonly Bound[],
  ignorePinned: boolean,
): Promise<string | undefined> {
  if (bound.length > 0) return `${bound.map(titleOf).join(', ')} to be placed elsewhere`;
  const host = await client.find(WasmCloudHostResource, { name });
  // A host that is not there runs nothing, and says nothing.
  if (host === undefined || conditionOf(host, conditionTypes.ready)?.status !== 'True') return undefined;
  const drained = conditionOf(host, conditionTypes.drained);
  const current = host.status?.observedGeneration === host.metadata.generation;
  if (current && drained?.status === 'True') return undefined;
  if (current && ignorePinned && drained?.reason === 'PinnedLeft') return undefined;
  return drained?.message || 'the host has not said yet that nothing is left';
}

async function tellWhereTo(client: KubeClient, title: string, { kind, metadata }: Bound): Promise<void> {
  const type = (
    kind === 'WasmCloudActor' ? WasmCloudActorResource : WasmCloudProviderResource
  ) as ResourceType<Bound>;
  const now = await client.find(type, metadata);
  const host = now?.metadata.uid === metadata.uid ? now?.spec.host : undefined;
  process.stdout.write(`${title} ${host === undefined ? 'left' : `moved to host ${host}`}\n`);
}

async function boundTo(client: KubeClient, { metadata: { name } }: WasmCloudHost): Promise<Bound[]> {
  const selection = { fieldSelector: `spec.host=${name}` };
  const actors = await client.list(WasmCloudActorResource, selection);
  const providers = await client.list(WasmCloudProviderResource, selection);
  return [...actors.items, ...providers.items].filter(({ spec }) => spec.managementPolicy !== 'Observe');
}

function byTitle(objects: readonly Bound[]): Map<string, Bound> {
  return new Map(objects.map((object) => [titleOf(object), object]));
}

function titleOf(object: Bound): string {
  return `${object.kind === 'WasmCloudActor' ? 'actor' : 'provider'} ${keyOf(object)}`;
}
