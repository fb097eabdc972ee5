import { Heap } from './heap';

/** A host as {@link fill} sees it. */
export interface Vessel {
  readonly name: string;
  /** Hosts of one domain share what the domain gets. */
  readonly domain: string;
  /** Most that it may have. */
  readonly limit: number;
  /** Of two that have equally much, the one that is below this comes first. */
  readonly current: number;
  /** What else it carries: of two that are equal in all that, the less loaded comes first. */
  readonly load: number;
}

interface Level {
  readonly vessel: Vessel;
  amount: number;
}

interface Domain {
  readonly name: string;
  readonly levels: Heap<Level>;
  amount: number;
  /** What its hosts have in `current`, less what it got: it comes first while it has not got that back. */
  owed: number;
}

/**
 * Deals `total` to the vessels one by one: each to the domain that has the least, and there to the vessel that has the least.
 * What all of them together cannot hold is left over.
 *
 * @param from What they have already @default nothing
 * @returns what each has in the end, by name, without those that have nothing
 */
export function fill(
  vessels: readonly Vessel[],
  total: number,
  from?: ReadonlyMap<string, number>,
): Map<string, number> {
  const domains = new Map<string, Domain>();
  const result = new Map<string, number>();
  let left = total;
  for (const vessel of vessels) {
    let domain = domains.get(vessel.domain);
    if (domain === undefined) {
      domain = { name: vessel.domain, levels: new Heap(precedes), amount: 0, owed: 0 };
      domains.set(vessel.domain, domain);
    }
    const amount = from?.get(vessel.name) ?? 0;
    domain.amount += amount;
    domain.owed += vessel.current - amount;
    left -= amount;
    if (amount > 0) result.set(vessel.name, amount);
    if (amount < vessel.limit) domain.levels.push({ vessel, amount });
  }

  const queue = new Heap<Domain>(comesFirst);
  for (const domain of domains.values()) queue.push(domain);
  while (left > 0) {
    const domain = queue.pop();
    if (domain === undefined) break;
    const level = domain.levels.pop();
    // A domain that is full does not come back.
    if (level === undefined) continue;
    level.amount++;
    domain.amount++;
    domain.owed--;
    left--;
    result.set(level.vessel.name, level.amount);
    if (level.amount < level.vessel.limit) domain.levels.push(level);
    queue.push(domain);
  }
  return result;
}

function precedes(a: Level, b: Level): boolean {
  if (a.amount !== b.amount) return a.amount < b.amount;
  const owedA = a.amount < a.vessel.current;
  if (owedA !== b.amount < b.vessel.current) return owedA;
  if (a.vessel.load !== b.vessel.load) return a.vessel.load < b.vessel.load;
  return a.vessel.name < b.vessel.name;
}

function comesFirst(a: Domain, b: Domain): boolean {
  if (a.amount !== b.amount) return a.amount < b.amount;
  if (a.owed > 0 !== b.owed > 0) return a.owed > 0;
  const loadA = a.levels.peek()?.vessel.load ?? 0;
  const loadB = b.levels.peek()?.vessel.load ?? 0;
  if (loadA !== loadB) return loadA < loadB;
  return a.name < b.name;
}
