import type { WasmCloudHost } from '../api';
import { eligible } from './eligible';
import type { Load, Requirements } from './requirements';
import { untolerated } from './taints';

/** The host to place something on, or why there is none. */
export type Choice =
  { readonly host: WasmCloudHost } | { readonly host?: undefined; readonly explanation: string };

/**
 * Chooses among the eligible hosts: first those without a `PreferNoSchedule` taint that is not tolerated, of these the least
 * loaded, of these the first by name. The order of `hosts` does not matter.
 *
 * @param refusal What speaks against a host beside all that {@link eligible} knows of, worded as the reason of a Verdict
 */
export function choose(
  hosts: readonly WasmCloudHost[],
  requirements: Requirements,
  loadOn: (host: string) => Load,
  refusal: (host: string) => string | undefined = () => undefined,
): Choice {
  const reasons: string[] = [];
  let best: Candidate | undefined;
  for (const host of hosts) {
    const load = loadOn(host.metadata.name);
    const verdict = eligible(host, requirements, load);
    const reason = verdict.ok ? refusal(host.metadata.name) : verdict.reason;
    if (reason !== undefined) reasons.push(reason);
    else {
      const avoided =
        untolerated(host.spec.taints, requirements.tolerations, 'PreferNoSchedule') !== undefined;
      const candidate = { host, avoided, weight: load.instances + load.providers };
      if (best === undefined || isBetter(candidate, best)) best = candidate;
    }
  }
  return best === undefined ? { explanation: explainReasons(reasons) } : { host: best.host };
}

interface Candidate {
  readonly host: WasmCloudHost;
  readonly avoided: boolean;
  readonly weight: number;
}

function isBetter(a: Candidate, b: Candidate): boolean {
  if (a.avoided !== b.avoided) return b.avoided;
  if (a.weight !== b.weight) return a.weight < b.weight;
  return a.host.metadata.name < b.host.metadata.name;
}

/** Why no host will do: `0/3 hosts are available: 2 cordoned, 1 not ready`, as the Kubernetes scheduler says it; most frequent reason first. */
export function explainReasons(reasons: readonly string[]): string {
  if (reasons.length === 0) return '0/0 hosts are available: no WasmCloudHost exists';
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const parts = Array.from(counts)
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .map(([reason, count]) => `${count} ${reason}`);
  return `0/${reasons.length} hosts are available: ${parts.join(', ')}`;
}
