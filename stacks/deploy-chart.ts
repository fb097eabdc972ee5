import * as pulumi from '@pulumi/pulumi';
import type { App, Chart } from 'cdk8s';
import { DEFERRED } from '../constructs/kasm-object';
import { GROUP } from '../lib/api/names';
import { KubernetesObject, type Manifest } from './kubernetes-object';
import { withOutputs } from './outputs';

/** How a chart is deployed; with the options that Pulumi has for each resource, such as `parent`, `provider`, `dependsOn`. */
export interface DeployChartOptions extends Omit<pulumi.CustomResourceOptions, 'aliases'> {
  /**
   * Start of the resources' names: they are `PREFIX/NAME`, or `PREFIX/NAMESPACE/NAME` outside of the chart's namespace. Changing it
   * replaces all of them.
   *
   * @default - the id of the chart
   */
  readonly prefix?: string;
  /**
   * What the resources were before, so that they are not replaced: the `name` of an alias is a former prefix.
   *
   * @default - none
   */
  readonly aliases?: readonly pulumi.Alias[];
  /**
   * Whether Pulumi waits for the `Ready` condition of actors, providers, links, distributions and lattice settings.
   *
   * @default true
   */
  readonly awaitReady?: boolean;
  /**
   * Whether Pulumi waits for no object at all, whatever its kind: where nothing runs that could make them ready, such as an API server
   * without nodes.
   *
   * @default false
   */
  readonly skipAwait?: boolean;
}

/**
 * Deploys what a chart renders through Pulumi, one resource an object, Namespaces and CRDs before all else. The app of the chart needs
 * `new App({ resolvers: [outputResolver] })` for outputs in its props.
 *
 * @throws when the chart is not valid, with all issues at once
 * @example
 * import { App } from 'cdk8s';
 * import { Actor, Lattice } from 'kasmcloud';
 * import { deployChart, outputResolver } from 'kasmcloud/stacks';
 *
 * const app = new App({ resolvers: [outputResolver] });
 * const lattice = new Lattice(app, 'shop');
 * new Actor(lattice, 'cart', { image: 'registry.example.com/cart:1.4.0' });
 * deployChart(lattice);
 */
export function deployChart(chart: Chart, options: DeployChartOptions = {}): KubernetesObject[] {
  return deployCharts([chart], () => options.prefix ?? chart.node.id, options);
}

/** How an app is deployed: as a chart, less the prefix, which is the id of each chart. */
export type DeployAppOptions = Omit<DeployChartOptions, 'prefix' | 'aliases'>;

/**
 * Deploys all charts of an app through Pulumi, as {@link deployChart} does one: the Namespaces and CRDs of all of them come before all else,
 * the rest in parallel.
 *
 * @throws when a chart is not valid, with all issues at once
 * @example
 * import { App } from 'cdk8s';
 * import { Crds, Lattice } from 'kasmcloud';
 * import { deployApp, outputResolver } from 'kasmcloud/stacks';
 *
 * const app = new App({ resolvers: [outputResolver] });
 * new Crds(app, 'crds');
 * new Lattice(app, 'shop');
 * deployApp(app);
 */
export function deployApp(app: App, options: DeployAppOptions = {}): KubernetesObject[] {
  return deployCharts(app.charts, (chart) => chart.node.path, options);
}

function deployCharts(
  charts: readonly Chart[],
  prefixOf: (chart: Chart) => string,
  { aliases = [], awaitReady = true, skipAwait = false, prefix: _, ...opts }: DeployChartOptions,
): KubernetesObject[] {
  const objects = charts.flatMap((chart) =>
    (chart.toJson() as Manifest[]).map((manifest) => ({
      prefix: prefixOf(chart),
      path: resourcePath(chart, manifest),
      manifest: annotated(manifest, awaitReady, skipAwait),
    })),
  );
  const deploy = (
    { prefix, path, manifest }: (typeof objects)[number],
    order: pulumi.CustomResourceOptions,
  ) =>
    new KubernetesObject([prefix, ...path].join('/'), manifest, withOutputs(manifest), {
      ...opts,
      ...order,
      aliases: aliases.map((alias) => formerly(alias, path)),
    });
  const foundation = objects.filter(({ manifest }) => isFoundation(manifest)).map((each) => deploy(each, {}));
  const dependsOn = [opts.dependsOn ?? [], foundation].flat() as pulumi.Input<pulumi.Resource>[];
  const rest = objects.filter(({ manifest }) => !isFoundation(manifest));
  return [...foundation, ...rest.map((each) => deploy(each, { dependsOn }))];
}

/** The alias of one object of a chart that was known by another prefix. */
function formerly(alias: pulumi.Alias, path: readonly string[]): pulumi.Alias {
  if (alias.name === undefined) return alias;
  return { ...alias, name: pulumi.interpolate`${alias.name}/${path.join('/')}` };
}

/** What must be there before other objects of a chart can be. */
function isFoundation({ kind }: Manifest): boolean {
  return kind === 'Namespace' || kind === 'CustomResourceDefinition';
}

function resourcePath(chart: Chart, { kind, metadata }: Manifest): string[] {
  const { namespace, name } = metadata;
  if ([name, namespace].some((part) => part?.includes(DEFERRED)))
    throw new Error(
      `[${chart.node.path}] metadata.name and metadata.namespace of a ${kind} come from a Pulumi output: give plain texts, because the resource is named after them`,
    );
  return namespace === undefined || namespace === chart.namespace ? [name] : [namespace, name];
}

function annotated(manifest: Manifest, awaitReady: boolean, skipAwait: boolean): Manifest {
  const annotations = {
    ...(skipAwait && { 'pulumi.com/skipAwait': 'true' }),
    ...(awaitReady && !skipAwait && becomesReady(manifest) && { 'pulumi.com/waitFor': 'condition=Ready' }),
  };
  if (Object.keys(annotations).length === 0) return manifest;
  const { metadata } = manifest;
  return { ...manifest, metadata: { ...metadata, annotations: { ...annotations, ...metadata.annotations } } };
}

/** Our kinds become ready; except a host, which does so only when a process of that name joins. */
function becomesReady({ apiVersion, kind }: Manifest): boolean {
  return apiVersion.split('/')[0] === GROUP && kind !== 'WasmCloudHost';
}
