/** What of a spread group its share depends on. */
export interface ShareOptions {
  /** @default 100 */
  readonly weight?: number | undefined;
  /** Fewest instances. @default 0 */
  readonly min?: number | undefined;
  /** Most instances. @default unbounded */
  readonly max?: number | undefined;
}

const defaultWeight = 100;

/**
 * How many of `total` instances each group gets.
 *
 * By weight it is wadm's arithmetic: each group gets total × weight / (sum of weights), rounded down, and what that leaves over
 * goes one by one to the groups in falling order of weight, groups of equal weight as they are listed. Groups that this puts below
 * their `min` or above their `max` get just that, and the others share the rest likewise.
 *
 * The sum is below `total` only when every group is at its `max` or has the weight 0. Together the `min`s may ask for more than
 * `total`; then they are the weights.
 */
export function shares(total: number, groups: readonly ShareOptions[]): number[] {
  const bounds = groups.map(({ weight = defaultWeight, min = 0, max = Infinity }) => ({
    weight,
    min: Math.min(min, max),
    max,
  }));
  const mins = bounds.map(({ min }) => min);
  if (sum(mins) >= total) return byWeight(total, mins);

  const result = mins.slice();
  let open = bounds.map((_, index) => index);
  let rest = total;
  // Each round settles at least one group, so that it ends; what it settles stays right in later ones, as in CSS's flexible boxes.
  while (open.length > 0) {
    const tentative = byWeight(
      rest,
      open.map((index) => bounds[index]!.weight),
    );
    const within = open.map((index, at) => {
      const { min, max } = bounds[index]!;
      return Math.min(Math.max(tentative[at]!, min), max);
    });
    const excess = sum(within) - sum(tentative);
    const settled = (at: number): boolean =>
      excess === 0 || (excess > 0 ? within[at]! > tentative[at]! : within[at]! < tentative[at]!);
    for (const [at, index] of open.entries()) {
      if (!settled(at)) continue;
      result[index] = within[at]!;
      rest -= within[at]!;
    }
    open = open.filter((_, at) => !settled(at));
  }
  return result;
}

function byWeight(total: number, weights: readonly number[]): number[] {
  const whole = sum(weights);
  if (whole === 0) return weights.map(() => 0);
  const result = weights.map((weight) => Math.floor((total * weight) / whole));
  let left = total - sum(result);
  const falling = Array.from(weights.keys()).sort((a, b) => weights[b]! - weights[a]! || a - b);
  for (const index of falling) {
    if (left-- <= 0) break;
    result[index]!++;
  }
  return result;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
