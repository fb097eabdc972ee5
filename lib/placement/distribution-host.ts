import { type WasmCloudHost, conditionOf, conditionTypes } from '../api';
import { bytesOf } from '../base/quantity';
import { isDraining } from './departure';
import { effectiveLabels, serves } from './eligible';
import type { Load, Requirements } from './requirements';
import type { Labels } from './selector';
import { formatTaint, untolerated } from './taints';

/** A host as a distribution sees it. */
export interface DistributionHost {
  readonly name: string;
  readonly labels: Labels;
  /**
   * `open`: takes new instances. `avoided`: only takes some where no open host has room. `closed`: keeps what it runs and takes
   * nothing new. `unfit`: must give up what it runs.
   */
  readonly state: 'open' | 'avoided' | 'closed' | 'unfit';
  /** Why it is not open; reads after a number of hosts, `2 not ready`. */
  readonly reason?: string | undefined;
  /** Most instances of the distribution that its capacity allows. */
  readonly room: number;
  /** What its capacity leaves to all revisions of the distribution together: instances, or providers, and bytes of memory. */
  readonly left: { readonly instances: number; readonly memory: number };
  /** What it carries beside the distribution. */
  readonly load: number;
  /** Instances of the distribution that it has and may keep. */
  readonly current: number;
}

/** Capacity bounds what is placed, and takes nothing away from what runs. */
export function limitOf({ room, current }: DistributionHost): number {
  return Math.max(0, room, current);
}

/** Most that a host may come to have. */
export function ceilingOf(host: DistributionHost): number {
  if (host.state === 'unfit') return 0;
  return host.state === 'closed' ? host.current : limitOf(host);
}
/** Whether it has instances, or could. */
export function canHold(host: DistributionHost): boolean {
  return host.state !== 'unfit' && (host.state !== 'closed' || host.current > 0);
}

/** What the caller knows of a host and a distribution. */
export interface Tenancy {
  /** Whether nobody runs the host at present. */
  readonly lost: boolean;
  /** What the host carries beside the distribution. */
  readonly others: Load;
  /** Instances that it has and may keep. */
  readonly current: number;
}

/** Looks at a host with the eyes of a distribution, whose `requirements` are those of one instance. */
export function distributionHost(
  host: WasmCloudHost,
  requirements: Requirements,
  { lost, others, current }: Tenancy,
): DistributionHost {
  return {
    name: host.metadata.name,
    labels: effectiveLabels(host),
    ...judge(host, requirements, lost),
    ...roomOn(host, requirements.load, others),
    load: others.instances + others.providers,
    current,
  };
}

type Judgement = Pick<DistributionHost, 'state' | 'reason'>;

function judge(host: WasmCloudHost, { lattice, tolerations }: Requirements, lost: boolean): Judgement {
  const { unschedulable, taints } = host.spec;
  // What people chose comes before what happened to the host: it is what they have to change.
  if (!serves(host, lattice)) return { state: 'unfit', reason: `not serving lattice ${lattice}` };
  if (host.metadata.deletionTimestamp !== undefined) return { state: 'unfit', reason: 'being deleted' };
  const evicting = untolerated(taints, tolerations, 'NoExecute');
  if (evicting !== undefined)
    return { state: 'unfit', reason: `with untolerated taint ${formatTaint(evicting)}` };
  if (lost) return { state: 'unfit', reason: 'lost' };
  if (isDraining(host)) return { state: 'unfit', reason: 'being drained' };
  if (unschedulable) return { state: 'closed', reason: 'cordoned' };
  const repelling = untolerated(taints, tolerations, 'NoSchedule');
  if (repelling !== undefined)
    return { state: 'closed', reason: `with untolerated taint ${formatTaint(repelling)}` };
  if (conditionOf(host, conditionTypes.ready)?.status !== 'True')
    return { state: 'closed', reason: 'not ready' };
  if (conditionOf(host, conditionTypes.stable)?.status === 'False')
    return { state: 'closed', reason: 'lost too often of late' };
  const avoided = untolerated(taints, tolerations, 'PreferNoSchedule') !== undefined;
  return { state: avoided ? 'avoided' : 'open' };
}

/** What a host has room for beside others; memory is counted once for all instances of an actor. */
function roomOn(
  { spec: { capacity } }: WasmCloudHost,
  each: Load,
  others: Load,
): Pick<DistributionHost, 'room' | 'left'> {
  const memory =
    capacity?.memory === undefined ? Infinity : Math.max(0, bytesOf(capacity.memory) - others.memory);
  // A host runs a provider once, however many instances of it are wanted.
  const instances =
    each.providers > 0
      ? Number(others.providers < (capacity?.providers ?? Infinity))
      : Math.max(0, (capacity?.instances ?? Infinity) - others.instances);
  const fits = each.memory === 0 || each.memory <= memory;
  return { room: fits ? instances : 0, left: { instances, memory } };
}
