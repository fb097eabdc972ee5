import type { LabelSelector, SpreadGroup } from '../api';
import { explainReasons } from './choose';
import { type DistributionHost, canHold } from './distribution-host';
import { contradictionIn, matcher } from './selector';

/** The group of all hosts of a distribution that names none. */
export const WHOLE_LATTICE = 'all';

/** A spread group and its hosts. */
export interface Group {
  readonly name: string;
  readonly selector?: LabelSelector | undefined;
  readonly weight?: number | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly hosts: DistributionHost[];
  /** Hosts that it selects and that belong to a group before it. */
  taken: number;
}

/** Gives each host to the first group that selects it. */
export function partition(
  spread: readonly SpreadGroup[] | undefined,
  hosts: readonly DistributionHost[],
): Group[] {
  const listed: readonly SpreadGroup[] = spread?.length ? spread : [{ name: WHOLE_LATTICE }];
  const groups = listed.map((group): Group => ({ ...group, hosts: [], taken: 0 }));
  const selects = listed.map(({ selector }) => matcher(selector));
  for (const host of hosts) {
    let owner: Group | undefined;
    for (const [index, group] of groups.entries()) {
      if (!selects[index]!(host.labels)) continue;
      if (owner === undefined) (owner = group).hosts.push(host);
      else group.taken++;
    }
  }
  return groups;
}

/** That a group's share, or some of it, is not in the group, and why. */
export function missing(group: Group, short: number): string {
  return group.hosts.some(canHold)
    ? `group ${group.name} lacks room for ${countOf(short)}: ${reasonsOf(group)}`
    : `group ${group.name} has no host for ${countOf(short)}: ${noHost(group)}`;
}

/** Why a group has no host. */
export function noHost(group: Group): string {
  if (group.hosts.length > 0) return reasonsOf(group);
  if (group.taken > 0) {
    return `all ${group.taken} hosts that it selects belong to groups before it. A host belongs to the first group that selects it: put the narrower group first`;
  }
  const contradiction = contradictionIn(group.selector);
  return contradiction === undefined
    ? 'it selects none'
    : `its selector contradicts itself, as ${contradiction}`;
}

function reasonsOf({ hosts }: Group): string {
  return explainReasons(
    hosts.map(({ state, reason }) => (state === 'open' ? 'without free capacity' : (reason ?? state))),
  );
}

export function countOf(instances: number): string {
  return instances === 1 ? '1 instance' : `${instances} instances`;
}
