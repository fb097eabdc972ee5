import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ApiObject, App, type AppProps, type Chart, Names, Yaml } from 'cdk8s';
import { Lattice } from '../lattice';
import { type HelmChartProps, writeHelmChart, yamlOf } from './helm';
import { Crds } from './system-chart';

/** Properties of {@link PlatformApp}. */
export interface PlatformAppProps extends Omit<AppProps, 'yamlOutputType'> {
  /**
   * Whether objects carry `argocd.argoproj.io/sync-wave`, so that Argo CD waits for what others stand on. Waves that objects name
   * themselves stay.
   *
   * @default false
   */
  readonly argoSyncWaves?: boolean;
  /**
   * Whether a file `Kustomization` lists the files in order, for `kubectl apply -k` and Flux.
   *
   * @default true
   */
  readonly kustomization?: boolean;
  /**
   * Writes a Helm chart, too, into the folder `chart` of the output.
   *
   * @default - none
   */
  readonly helmChart?: HelmChartProps;
}

/** What comes before what: definitions and namespaces, rights and settings, the platform's pods, and what its kinds describe. */
const waves: readonly (readonly string[])[] = [
  ['CustomResourceDefinition', 'Namespace'],
  [
    'ServiceAccount',
    'ClusterRole',
    'ClusterRoleBinding',
    'Role',
    'RoleBinding',
    'ValidatingAdmissionPolicy',
    'ValidatingAdmissionPolicyBinding',
    'ConfigMap',
    'Secret',
    'Service',
    'NetworkPolicy',
    'PodDisruptionBudget',
  ],
  ['StatefulSet', 'Deployment', 'DaemonSet'],
];

/**
 * An app whose output is applied in order: a file a chart, numbered, definitions first and lattices last, whatever the order in which they
 * were declared. kubectl, kustomize, Flux, Argo CD and Helm take it as it is.
 *
 * On a cluster that does not know the kinds yet, `kubectl apply -f dist/` and `-k dist/` say so of their objects the first time, because
 * kubectl looks all kinds up before it applies any: apply `dist/0000-*.yaml` first, or let `kasmcloud apply dist/` do it in one go.
 *
 * @example
 * import { Actor, ClusterPlatform, kasmcloudImage, Lattice, PlatformApp } from 'kasmcloud';
 *
 * const app = new PlatformApp({ argoSyncWaves: true, helmChart: { name: 'shop', version: '1.0.0' } });
 * const lattice = new Lattice(app, 'shop');
 * new Actor(lattice, 'cart', { image: 'registry.example.com/cart:1.4.0' });
 * new ClusterPlatform(app, 'platform', {
 *   image: kasmcloudImage('registry.example.com/kasmcloud'),
 *   nats: { image: 'registry.example.com/nats:2.11-alpine' },
 *   lattices: [lattice],
 * });
 * app.synth();
 */
export class PlatformApp extends App {
  constructor(private readonly given: PlatformAppProps = {}) {
    super(given);
  }

  /** All charts in the order in which they are applied: definitions, others, lattices. */
  override get charts(): Chart[] {
    const rank = (chart: Chart): number => (isA(Crds, chart) ? 0 : isA(Lattice, chart) ? 2 : 1);
    return [...super.charts].sort((a, b) => rank(a) - rank(b));
  }

  /** Writes everything. @throws when something is not valid, with all issues at once */
  override synth(): void {
    const { kustomization = true, helmChart } = this.given;
    if (this.given.argoSyncWaves) this.addSyncWaves();
    this.validateAll();
    const charts = this.charts.map((chart, at) => ({
      file: `${String(at).padStart(4, '0')}-${Names.toDnsLabel(chart, { includeHash: false })}${this.outputFileExtension}`,
      objects: chart.toJson() as object[],
    }));
    mkdirSync(this.outdir, { recursive: true });
    for (const { file, objects } of charts) writeFileSync(path.join(this.outdir, file), yamlOf(objects));
    if (kustomization)
      writeFileSync(
        // Kustomize knows this name, too, and kubectl does not take it for an object of the folder.
        path.join(this.outdir, 'Kustomization'),
        Yaml.stringify({
          apiVersion: 'kustomize.config.k8s.io/v1beta1',
          kind: 'Kustomization',
          resources: charts.map(({ file }) => file),
        }),
      );
    if (helmChart) {
      const dir = path.join(this.outdir, 'chart');
      rmSync(dir, { recursive: true, force: true });
      writeHelmChart(dir, helmChart, charts);
    }
  }

  private validateAll(): void {
    const issues = this.node
      .findAll()
      .flatMap(({ node }) => node.validate().map((issue) => `[${node.path}] ${issue}`));
    if (issues.length > 0)
      throw new Error(`Validation failed with the following errors:\n  ${issues.join('\n  ')}`);
  }

  private addSyncWaves(): void {
    for (const construct of this.node.findAll()) {
      if (!ApiObject.isApiObject(construct)) continue;
      const wave = waves.findIndex((kinds) => kinds.includes(construct.kind));
      const key = 'argocd.argoproj.io/sync-wave';
      const annotations = (construct.metadata.toJson() as { annotations?: Record<string, string> })
        .annotations;
      if (annotations?.[key] === undefined)
        construct.metadata.addAnnotation(key, String((wave === -1 ? waves.length : wave) - waves.length));
    }
  }
}

/** What `instanceof` would say, had cdk8s not taught every subclass of Chart that it is any chart. */
function isA(type: { readonly prototype: object }, chart: Chart): boolean {
  return Object.prototype.isPrototypeOf.call(type.prototype, chart);
}
