import { API_VERSION, labelValue, validateManifest } from '../api';
import type {
  ConfigMap,
  KubeObject,
  WasmCloudDistribution,
  WasmCloudDistributionSpec,
  WasmCloudLink,
} from '../api';
import type { Application, HostGroup } from './application';
import { checkApplication } from './check';
import { idOf, Lattice, type Placed } from './lattice';
import { joinLinks, type PlacedLink } from './links';
import { Names, objectName } from './names';
import { annotationOf, type Notes, writtenSecret } from './notes';
import { configMapOf, Sources } from './sources';

/** What an Application becomes. */
export type Imported = ConfigMap | WasmCloudDistribution | WasmCloudLink;

/**
 * Turns the Applications of one lattice into objects of ours: ConfigMaps, then Distributions, then Links. What does not fit together is
 * reported at the fields it stands in; the objects are of use only when nothing but warnings was reported.
 */
export function convert(applications: readonly Application[], namespace: string): Imported[] {
  const lattice = new Lattice(applications);
  for (const application of applications) checkApplication(application, lattice);
  const sources = new Sources(namespace);
  const ids = new Names('component');
  const own = applications.flatMap((application) => ownComponents(application, ids));
  const distributions = own.map((placed) => distributionOf(placed, namespace, sources));
  const links = joinLinks(applications.flatMap((application) => linksOf(application, lattice)));
  const linkNames = new Names('link');
  const linkObjects = links.map((link) => linkOf(link, namespace, sources, linkNames));
  sources.tellOfMissing();
  const configMaps = [...sources.configs.values()].map((source) =>
    configMapOf(source, { namespace, ...marks(source.application, source.config.name) }),
  );
  const objects = [...configMaps, ...distributions, ...linkObjects];
  for (const [index, object] of objects.entries()) {
    const link = links[index - configMaps.length - distributions.length];
    const at = own[index - configMaps.length]?.component.at ?? link?.link.at ?? applications[0]?.at;
    for (const { message } of validateManifest(object))
      at?.error(`cannot become a ${object.kind}: ${message}`);
  }
  for (const { components, at } of applications) {
    if (components.length === 0) at.at('spec').at('components').warn('is empty: there is nothing to import');
  }
  return objects;
}

/** The components that an Application itself has, ids taken. */
function ownComponents(application: Application, ids: Names): Placed[] {
  return application.components
    .filter(({ shared }) => shared === undefined)
    .map((component, index, all) => {
      const id = idOf(application, component);
      const given = component.at.at('properties').at('id');
      // Of two with one name, that is said already.
      const twin = all.findIndex(({ name }) => name === component.name) < index;
      if (!given.absent || !twin) ids.take(id, given.absent ? component.at.at('name') : given);
      return { application, component, id };
    });
}

function distributionOf(
  { application, component, id }: Placed,
  namespace: string,
  sources: Sources,
): WasmCloudDistribution {
  const { image = '', scaler, role } = component;
  const config = sources.configOf(application, component);
  const template = { image: plainImage(image), componentId: id, ...(config && { config }) };
  const groups = scaler === undefined ? [] : spreadOf(scaler.groups, scaler.mode);
  const spec: WasmCloudDistributionSpec = {
    template: role === 'actor' ? { actor: template } : { provider: template },
    ...(scaler?.mode === 'daemon' && { mode: 'Daemon' as const }),
    instances: scaler?.instances ?? 1,
    ...(groups.length > 0 && { spread: groups }),
    // wadm gives no group what another cannot take.
    ...(groups.length > 0 && scaler?.mode === 'spread' && { whenUnsatisfiable: 'Fail' as const }),
  };
  const notes = { traits: component.custom, secrets: component.secrets.map(writtenSecret) };
  return {
    apiVersion: API_VERSION,
    kind: 'WasmCloudDistribution',
    metadata: { name: objectName(id), namespace, ...marks(application, component.name, notes, true) },
    spec,
  };
}

/** Some manifests write the scheme out that every reference to a registry has. */
function plainImage(image: string): string {
  return image.replace(/^oci:\/\//, '');
}

function spreadOf(
  groups: readonly HostGroup[],
  mode: 'spread' | 'daemon',
): NonNullable<WasmCloudDistributionSpec['spread']> {
  // Only the ratio of weights counts, and ours are of 0 to 1000.
  const tooHeavy = groups.some(({ weight = 100 }) => weight > 1000);
  const divisor = tooHeavy ? groups.map(({ weight = 100 }) => weight).reduce(gcd, 0) : 1;
  return groups.map(({ name, requirements, weight = 100 }) => ({
    name,
    selector: Object.keys(requirements).length > 0 ? { matchLabels: { ...requirements } } : {},
    ...(mode === 'spread' && weight / divisor !== 100 && { weight: weight / divisor }),
  }));
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

function linksOf(application: Application, lattice: Lattice): PlacedLink[] {
  return application.components.flatMap((component) =>
    component.links.flatMap((link) => {
      const source = lattice.find(application, component.name);
      const target = lattice.find(application, link.target);
      // What is missing was reported.
      if (source === undefined || target === undefined) return [];
      if (source.id === target.id) {
        link.at.warn('links a component to itself, which needs no lattice: it is left out');
        return [];
      }
      // Configuration belongs to the Application that states the link, whoever has the components.
      return [
        { source: { ...source, application }, target, link, interfaces: [...new Set(link.interfaces)] },
      ];
    }),
  );
}

function linkOf(
  { source, target, link, interfaces }: PlacedLink,
  namespace: string,
  sources: Sources,
  names: Names,
): WasmCloudLink {
  const { application } = source;
  const sourceConfig = sources.configOf(application, link.source);
  const targetConfig = sources.configOf(application, link.destination);
  const name = link.name === 'default' ? undefined : link.name;
  // Beside its source, the target's name says enough where both are of one Application.
  const near = target.application === application ? target.component.name : target.id;
  const id = [source.id, near, link.namespace, link.package, ...(name === undefined ? [] : [name])].join('-');
  const notes = {
    sourceSecrets: link.source.secrets.map(writtenSecret),
    targetSecrets: link.destination.secrets.map(writtenSecret),
  };
  return {
    apiVersion: API_VERSION,
    kind: 'WasmCloudLink',
    metadata: { name: names.take(id, link.at), namespace, ...marks(application, undefined, notes) },
    spec: {
      source: source.id,
      target: target.id,
      ...(name !== undefined && { name }),
      wit: { namespace: link.namespace, package: link.package, interfaces: [...interfaces] },
      ...(sourceConfig && { sourceConfig }),
      ...(targetConfig && { targetConfig }),
    },
  };
}

/** Labels and annotations; those of the Application itself where `whole`. */
function marks(
  application: Application,
  name: string | undefined,
  notes: Notes = {},
  whole = false,
): Pick<KubeObject['metadata'], 'labels' | 'annotations'> {
  const { version } = application.annotations;
  const annotations = {
    ...(whole && application.annotations),
    ...annotationOf({
      application: lossy(application.name),
      name: name === undefined ? undefined : lossy(name),
      ...(whole && { labels: application.labels, policies: application.policies }),
      ...notes,
    }),
  };
  return {
    labels: {
      ...(name !== undefined && { 'app.kubernetes.io/name': labelValue(name) }),
      'app.kubernetes.io/part-of': labelValue(application.name),
      ...(whole && version !== undefined && { 'app.kubernetes.io/version': labelValue(version) }),
      'app.kubernetes.io/managed-by': 'kasmcloud',
    },
    ...(Object.keys(annotations).length > 0 && { annotations }),
  };
}

/** A text that no label can hold as it is. */
function lossy(text: string): string | undefined {
  return labelValue(text) === text ? undefined : text;
}
