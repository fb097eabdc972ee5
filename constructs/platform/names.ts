import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { labelValue } from '../../lib/api/names';

/** Name of the objects of a part of the platform: its ids below the chart, without a hash, as `kubectl get` shows them. */
export function partName(part: Construct): string {
  const above = Chart.of(part).node.path.split('/').length;
  return part.node.path.split('/').slice(above).join('-').toLowerCase();
}

/** The standard labels of a part; the first two select its pods. */
export function partLabels(part: Construct, app: string): Record<string, string> {
  return {
    ...podSelector(part, app),
    'app.kubernetes.io/part-of': 'kasmcloud',
    'app.kubernetes.io/managed-by': 'kasmcloud',
  };
}

/** What tells the pods of a part from others of the namespace; immutable once applied. */
export function podSelector(part: Construct, app: string): Record<string, string> {
  return { 'app.kubernetes.io/name': app, 'app.kubernetes.io/instance': labelValue(partName(part)) };
}

/** The namespace that a part is deployed into; `default` where its chart names none. */
export function partNamespace(part: Construct): string {
  return Chart.of(part).namespace ?? 'default';
}
