import type { LabelSelector, LabelSelectorRequirement } from '../api';

export type Labels = Readonly<Record<string, string>>;

/** Whether labels satisfy a selector: all of its parts must hold, and an absent or empty one selects everything. */
export function matchesSelector(selector: LabelSelector | undefined, labels: Labels): boolean {
  return matcher(selector)(labels);
}

/** {@link matchesSelector} for many labels. */
export function matcher(selector: LabelSelector | undefined): (labels: Labels) => boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  const pairs = Object.entries(matchLabels);
  return (labels) =>
    pairs.every(([key, value]) => labels[key] === value) &&
    matchExpressions.every((requirement) => matchesRequirement(requirement, labels));
}

function matchesRequirement(
  { key, operator, values = [] }: LabelSelectorRequirement,
  labels: Labels,
): boolean {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      // As everywhere in Kubernetes, an absent label is not in any list.
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

/** Why no labels at all satisfy a selector, `zone cannot be both a and b`; undefined when some do. */
export function contradictionIn(selector: LabelSelector | undefined): string | undefined {
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  const requirements = [
    ...Object.entries(matchLabels).map(([key, value]) => ({ key, operator: 'In' as const, values: [value] })),
    ...matchExpressions,
  ];
  for (const { key, values = [], operator } of requirements) {
    const others = requirements.filter((other) => other.key === key);
    if (operator !== 'In') {
      if (operator === 'Exists' && others.some((other) => other.operator === 'DoesNotExist'))
        return `${key} cannot both exist and not exist`;
      continue;
    }
    const possible = values.some((value) =>
      others.every((requirement) => matchesRequirement(requirement, { [key]: value })),
    );
    if (!possible) return `no value of ${key} meets all that is required of it`;
  }
  return undefined;
}
