import type { Config, KubeObject, WasmCloudDistribution } from '../api';
import { isLocated } from '../api/image';
import { literal } from './literal';

// What the constructs can say, and how some of it is said.

export type Spec = Readonly<Record<string, unknown>>;
export type Specified = KubeObject & { readonly spec: Spec };

/** What the constructs take of a spec; anything else is written with the class that is exactly the kind. */
const template = ['image', 'imagePullPolicy', 'imagePullSecrets', 'componentId', 'tolerations', 'config'];
export const props: Readonly<Record<string, readonly string[]>> = {
  WasmCloudActor: [...template, 'instances', 'limits', 'hostSelector'],
  WasmCloudProvider: [...template, 'restartPolicy', 'service', 'hostSelector'],
  actor: [...template, 'limits'],
  provider: [...template, 'restartPolicy', 'service'],
};
export const chained = ['template', 'mode', 'spread', 'strategy', 'rebalance'];
export const constructOf: Readonly<Record<string, string>> = {
  WasmCloudActor: 'Actor',
  WasmCloudProvider: 'Provider',
};

export function componentIdOf({ spec, metadata }: Specified): string {
  const { actor, provider } = (spec['template'] ?? {}) as WasmCloudDistribution['spec']['template'];
  return (spec['componentId'] as string | undefined) ?? (actor ?? provider)?.componentId ?? metadata.name;
}

export function canaryCall({
  steps,
  autoPromote,
}: {
  steps: readonly object[];
  autoPromote?: boolean | undefined;
}): string {
  return `.canary(${literal(steps, '  ')}${autoPromote === undefined ? '' : `, ${literal({ autoPromote })}`})`;
}

export function fits(spec: object, known: readonly string[]): boolean {
  const { config, image } = spec as { config?: Config; image?: string };
  // The constructs refuse an image that nobody could find.
  const found = image === undefined || isLocated(image);
  return Object.keys(spec).every((key) => known.includes(key)) && simple(config) && found;
}

/** Whether `Config.from` can say it. */
export function simple(config: Config | undefined): boolean {
  return [...(config?.configFrom ?? []), ...(config?.secretFrom ?? [])].every(
    ({ optional }) => optional === undefined,
  );
}

/** What a Lattice calls an object of ours by its path of ids. */
export function nameOf(path: string): string {
  return path.toLowerCase().replace(/[^a-z0-9-]+/g, '-');
}

/** Metadata of an object beyond what it has without being told; undefined for nothing. */
export function metadataBeyond(
  { metadata: { name, labels, annotations } }: KubeObject,
  usual: { readonly name: string | undefined; readonly labels: Readonly<Record<string, string>> },
): object | undefined {
  const own = Object.entries(labels ?? {}).filter(([key, value]) => usual.labels[key] !== value);
  const beyond = {
    ...(name !== usual.name && { name }),
    ...(own.length > 0 && { labels: Object.fromEntries(own) }),
    ...(annotations && { annotations }),
  };
  return Object.keys(beyond).length > 0 ? beyond : undefined;
}

export function caseless(a: string, b: string): number {
  return a.toLowerCase() < b.toLowerCase() ? -1 : 1;
}
