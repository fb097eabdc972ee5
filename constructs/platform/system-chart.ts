import { ApiObject, Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { customResourceDefinitions } from '../../lib/api/crds';
import { dropNamespace } from '../kasm-object';

const labels = { 'app.kubernetes.io/part-of': 'kasmcloud', 'app.kubernetes.io/managed-by': 'kasmcloud' };

/** Makes namespaces that are not lattices: those of the platform itself. */
export function namespaceObject(scope: Construct, id: string, name: string): void {
  dropNamespace(
    new ApiObject(scope, id, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }),
  );
}

/**
 * The definitions of the six kinds, as a chart of their own: they are to be there before any object of these kinds, and stay when a
 * platform goes.
 *
 * @example
 * import { App } from 'cdk8s';
 * import { Crds, Lattice } from 'kasmcloud';
 *
 * const app = new App();
 * const chart = new Crds(app, 'crds');
 * new Lattice(app, 'shop').addDependency(chart);
 */
export class Crds extends Chart {
  constructor(scope: Construct, id: string) {
    super(scope, id, { labels });
    for (const definition of customResourceDefinitions()) {
      const { apiVersion, kind, metadata, spec } = definition;
      new ApiObject(this, spec.names.kind, { apiVersion, kind, metadata: { ...metadata }, spec });
    }
  }
}
