import { type Toleration, type WasmCloudHost, conditionOf, conditionTypes } from '../api';
import { formatTaint, untolerated } from './taints';

/** Why something is to leave a host that still serves it. */
export interface Departure {
  readonly reason: 'HostDraining' | 'HostTainted';
  /** A clause for people. */
  readonly fact: string;
}

/** Whether everything is to leave a host: somebody asked for it in the spec, or the host was asked to stop and says so itself. */
export function isDraining(host: WasmCloudHost): boolean {
  return host.spec.drain?.requested === true || conditionOf(host, conditionTypes.draining)?.status === 'True';
}

/** Why something with these tolerations is to leave a host, as soon as something else serves in its place; undefined while it may stay. */
export function departure(
  host: WasmCloudHost,
  tolerations: readonly Toleration[] | undefined,
): Departure | undefined {
  const { name } = host.metadata;
  if (isDraining(host)) return { reason: 'HostDraining', fact: `Host ${name} is being drained` };
  const taint = untolerated(host.spec.taints, tolerations, 'NoExecute');
  if (taint === undefined) return undefined;
  return {
    reason: 'HostTainted',
    fact: `Host ${name} has the taint ${formatTaint(taint)}`,
  };
}
