import type { WasmCloudDistributionSpec } from '../api';
import { type DistributionHost, canHold, ceilingOf, limitOf } from './distribution-host';
import { type Vessel, fill } from './fill';
import { shares } from './shares';
import { type Group, countOf, missing, noHost, partition } from './spread-groups';

export interface DistributeInput {
  readonly spec: Pick<
    WasmCloudDistributionSpec,
    'mode' | 'instances' | 'spread' | 'topologyKey' | 'whenUnsatisfiable' | 'rebalance'
  >;
  readonly hosts: readonly DistributionHost[];
  /** Whether the pass before found a rebalance under way. */
  readonly rebalancing: boolean;
}

/** What became of one spread group. */
export interface GroupPlan {
  readonly name: string;
  /** Instances that it should have. */
  readonly desired: number;
  /** Of these, how many its hosts have room for. */
  readonly placed: number;
  /** Hosts that could take instances, or have some. */
  readonly eligibleHosts: number;
}

export interface DistributionPlan {
  /** Instances that each host is to have, by name, without those that are to have none. */
  readonly desired: ReadonlyMap<string, number>;
  /** Name of the group that each host belongs to. */
  readonly groupOf: ReadonlyMap<string, string>;
  readonly groups: readonly GroupPlan[];
  /** Instances that are wanted in total. */
  readonly total: number;
  /** Why fewer are placed than wanted, or elsewhere than wanted, with the remedy. */
  readonly problems: readonly string[];
  /** Whether instances move to even out the spread. */
  readonly rebalancing: boolean;
}

/**
 * Decides how many instances each host is to have; pure, and settled: planning again from its own result changes nothing.
 *
 * A host belongs to the first group that selects it. Each group gets its {@link shares}, and spreads it evenly over the domains of
 * `topologyKey`, then over the hosts of each, the least loaded first, then by name. What runs stays where it is, except where the host is
 * unfit, where there are too many, or where `rebalance` allows to even out.
 */
export function distribute(input: DistributeInput): DistributionPlan {
  const groups = partition(input.spec.spread, input.hosts);
  const groupOf = new Map(groups.flatMap(({ name, hosts }) => hosts.map((host) => [host.name, name])));
  return input.spec.mode === 'Daemon' ? daemon(input, groups, groupOf) : spread(input, groups, groupOf);
}

function daemon(
  { spec }: DistributeInput,
  groups: readonly Group[],
  groupOf: ReadonlyMap<string, string>,
): DistributionPlan {
  const { instances = 1 } = spec;
  const desired = new Map<string, number>();
  const problems: string[] = [];
  const plans = groups.map((group): GroupPlan => {
    const able = group.hosts.filter(canHold);
    let wanted = 0;
    let placed = 0;
    for (const host of able) {
      // A Daemon is on every host that it may be on: there is no better one to leave an avoided host for.
      const amount = Math.min(instances, ceilingOf(host));
      wanted += host.state === 'closed' ? amount : instances;
      placed += amount;
      if (amount > 0) desired.set(host.name, amount);
    }
    if (instances > 0 && able.length === 0)
      problems.push(`group ${group.name} has no host: ${noHost(group)}`);
    if (placed < wanted) problems.push(`group ${group.name} lacks room for ${countOf(wanted - placed)}`);
    return { name: group.name, desired: wanted, placed, eligibleHosts: able.length };
  });
  const total = plans.reduce((sum, { desired }) => sum + desired, 0);
  return { desired, groupOf, groups: plans, total, problems, rebalancing: false };
}

function spread(
  { spec, rebalancing }: DistributeInput,
  groups: readonly Group[],
  groupOf: ReadonlyMap<string, string>,
): DistributionPlan {
  const { instances: total = 1, topologyKey, whenUnsatisfiable, rebalance = 'OnHostAdded' } = spec;
  const rooms = groups.map(({ hosts }) => hosts.reduce((sum, host) => sum + ceilingOf(host), 0));
  const asked = shares(total, groups);
  const given =
    whenUnsatisfiable === 'Fail'
      ? asked
      : shares(
          total,
          groups.map(({ weight, min, max = Infinity }, i) => ({
            weight,
            min,
            max: Math.min(max, rooms[i]!),
          })),
        );

  const desired = new Map<string, number>();
  const problems: string[] = [];
  const unasked = total - asked.reduce((sum, amount) => sum + amount, 0);
  if (unasked > 0) problems.push(`no group takes ${countOf(unasked)}: raise a max, or a weight above 0`);
  const layouts: Layout[] = [];
  const plans = groups.map((group, i): GroupPlan => {
    const placed = Math.min(given[i]!, rooms[i]!);
    layouts.push(layOut(group.hosts, placed, topologyKey));
    if (placed < asked[i]!) problems.push(missing(group, asked[i]! - placed));
    const eligibleHosts = group.hosts.filter(canHold).length;
    return { name: group.name, desired: given[i]!, placed, eligibleHosts };
  });
  const moves =
    rebalance === 'Continuous' ||
    (rebalance === 'OnHostAdded' && (rebalancing || layouts.some(({ joined }) => joined)));
  for (const { stay, even } of layouts) {
    for (const [host, amount] of moves ? even : stay) desired.set(host, amount);
  }
  const moving = moves && layouts.some(({ uneven }) => uneven);
  return { desired, groupOf, groups: plans, total, problems, rebalancing: moving };
}

/** The ways to lay the share of a group on its hosts. */
interface Layout {
  /** With no more moves than must be. */
  readonly stay: ReadonlyMap<string, number>;
  /** As evenly as can be, and of those with the fewest moves. */
  readonly even: ReadonlyMap<string, number>;
  /** Whether they differ. */
  readonly uneven: boolean;
  /** Whether they differ because a host has nothing yet. */
  readonly joined: boolean;
}

function layOut(hosts: readonly DistributionHost[], share: number, topologyKey: string | undefined): Layout {
  const vessels = hosts.filter(canHold).map((host) => vessel(host, topologyKey));
  const stay = settle(vessels, share);
  // Where nothing runs yet, nothing could be laid more evenly.
  const even = vessels.every(({ current }) => current === 0) ? stay : pour(vessels, share, undefined);
  const gains = vessels.filter(({ name }) => (even.get(name) ?? 0) > (stay.get(name) ?? 0));
  const joined = gains.some(({ open, current }) => open && current === 0);
  return { stay, even, uneven: gains.length > 0, joined };
}

/** What stays where it is: what is missing is added, and what is too much is taken from where there is most. */
function settle(vessels: readonly Shelf[], share: number): Map<string, number> {
  const current = new Map(vessels.map(({ name, current }) => [name, current]));
  const sum = vessels.reduce((total, vessel) => total + vessel.current, 0);
  if (sum <= share) return pour(vessels, share, current);
  const kept = vessels.map((vessel) => ({ ...vessel, limit: vessel.current, most: vessel.current }));
  // Hosts that may not be filled again give up theirs first.
  const open = fill(
    kept.filter((vessel) => vessel.open),
    share,
  );
  const placed = Array.from(open.values()).reduce((total, amount) => total + amount, 0);
  const others = fill(
    kept.filter((vessel) => !vessel.open),
    share - placed,
  );
  return new Map([...open, ...others]);
}

/** Deals out a share; avoided hosts get new ones only when all others are full. */
function pour(
  vessels: readonly Shelf[],
  share: number,
  from: ReadonlyMap<string, number> | undefined,
): Map<string, number> {
  const first = fill(vessels, share, from);
  const placed = Array.from(first.values()).reduce((total, amount) => total + amount, 0);
  if (placed >= share || vessels.every(({ limit, most }) => limit === most)) return first;
  return fill(
    vessels.map((vessel) => ({ ...vessel, limit: vessel.most })),
    share,
    first,
  );
}

interface Shelf extends Vessel {
  readonly open: boolean;
  /** Its limit when all others are full. */
  readonly most: number;
}

function vessel(host: DistributionHost, topologyKey: string | undefined): Shelf {
  const { name, labels, current, load, state } = host;
  // Hosts without the label are one domain together.
  const domain = topologyKey === undefined ? '' : (labels[topologyKey] ?? '');
  const open = state === 'open';
  return {
    name,
    domain,
    current,
    load,
    open,
    limit: open ? limitOf(host) : current,
    most: ceilingOf(host),
  };
}
