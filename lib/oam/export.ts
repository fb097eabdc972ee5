import type {
  ConfigMap,
  KubeObject,
  WasmCloudActor,
  WasmCloudDistribution,
  WasmCloudLink,
  WasmCloudProvider,
} from '../api';
import { sharedAnnotation } from './application';
import { ConfigWriter, kubernetesPolicy } from './export-config';
import {
  applicationOf,
  fromBound,
  fromDistribution,
  type LiveComponent,
  type Tell,
} from './export-components';
import type { WrittenApplication, WrittenComponent, WrittenTrait } from './manifest';
import { qualifiedId } from './names';
import { notesOf } from './notes';

/** The objects of a lattice that say what runs in it. */
export interface LiveLattice {
  readonly distributions: readonly WasmCloudDistribution[];
  readonly actors: readonly WasmCloudActor[];
  readonly providers: readonly WasmCloudProvider[];
  readonly links: readonly WasmCloudLink[];
  readonly configMaps: readonly ConfigMap[];
}

/** The Applications that make wadm run what a lattice has; says what of it they cannot tell. */
export function exportApplications(lattice: LiveLattice, tell: Tell): WrittenApplication[] {
  const components = componentsOf(lattice, tell);
  const configMaps = new Map(lattice.configMaps.map((each) => [each.metadata.name, each]));
  const writers = new Map<string, ApplicationWriter>();
  const writer = (application: string): ApplicationWriter => {
    let found = writers.get(application);
    if (found === undefined)
      writers.set(application, (found = new ApplicationWriter(application, configMaps, tell)));
    return found;
  };
  for (const component of components) writer(component.application).add(component);
  const byId = new Map(components.map((component) => [component.id, component]));
  for (const link of lattice.links) {
    const { source, target } = link.spec;
    const from = byId.get(source);
    const to = byId.get(target);
    if (link.spec.managementPolicy === 'Observe') tell(link, 'is made by others, and is left out');
    else if (from === undefined || to === undefined)
      tell(link, `links ${from === undefined ? source : target}, which is not exported, and is left out`);
    else writer(applicationOf(link)).link(link, from, to);
  }
  const lenders = new Set([...writers.values()].flatMap(({ borrowed }) => [...borrowed]));
  return [...writers.values()].map((each) => each.finish(lenders.has(each.name)));
}

function componentsOf({ distributions, actors, providers }: LiveLattice, tell: Tell): LiveComponent[] {
  const live = distributions.map((each) => fromDistribution(each, tell));
  const bound = [...actors, ...providers]
    .filter(({ metadata }) => !metadata.ownerReferences?.some(({ kind }) => kind === 'WasmCloudDistribution'))
    .flatMap((each) => fromBound(each, tell) ?? []);
  // Several actors of one id are replicas of one.
  const joined = new Map<string, LiveComponent>(live.map((each) => [each.id, each]));
  for (const each of bound) {
    const first = joined.get(each.id);
    joined.set(
      each.id,
      first === undefined ? each : { ...first, instances: first.instances + each.instances },
    );
  }
  return [...joined.values()];
}

/** One Application while it is put together. */
class ApplicationWriter {
  /** Applications whose components this one names. */
  readonly borrowed = new Set<string>();

  private readonly configs: ConfigWriter;
  private readonly components = new Map<string, WrittenComponent>();
  private readonly names = new Map<string, string>();
  private readonly objects: KubeObject[] = [];

  constructor(
    readonly name: string,
    configMaps: ReadonlyMap<string, ConfigMap>,
    private readonly tell: Tell,
  ) {
    this.configs = new ConfigWriter(name, configMaps);
  }

  add(component: LiveComponent): void {
    const { object, type, image, id, template } = component;
    const notes = notesOf(object);
    const name = this.nameFor(component, component.name);
    const end = this.configs.endOf(template.config, `${name}-config`, notes.secrets ?? [], (message) =>
      this.tell(object, message),
    );
    const traits: WrittenTrait[] = [scalerOf(component), ...(notes.traits ?? [])];
    this.objects.push(object);
    this.components.set(id, {
      name,
      type,
      image,
      ...(id !== qualifiedId(this.name, name) && { id }),
      ...end,
      traits,
    });
  }

  link(link: WasmCloudLink, from: LiveComponent, to: LiveComponent): void {
    const { spec } = link;
    const notes = notesOf(link);
    const warn = (message: string): void => this.tell(link, message);
    if (spec.activationTimeoutSeconds)
      warn('spec.activationTimeoutSeconds has no place in a manifest of wadm');
    const target = this.use(to).name;
    const source = this.configs.endOf(
      spec.sourceConfig,
      `${link.metadata.name}-source`,
      notes.sourceSecrets ?? [],
      warn,
    );
    const destination = this.configs.endOf(
      spec.targetConfig,
      `${link.metadata.name}-target`,
      notes.targetSecrets ?? [],
      warn,
    );
    this.objects.push(link);
    this.use(from).traits.push({
      type: 'link',
      properties: {
        ...(spec.name !== undefined && spec.name !== 'default' && { name: spec.name }),
        namespace: spec.wit.namespace,
        package: spec.wit.package,
        interfaces: spec.wit.interfaces,
        ...(Object.keys(source).length > 0 && { source }),
        target: { name: target, ...destination },
      },
    });
  }

  finish(lends: boolean): WrittenApplication {
    const notes = this.objects.map(notesOf);
    const policies = notes.find((each) => each.policies)?.policies ?? [];
    const annotations = this.objects.map(ownAnnotations).find((each) => Object.keys(each).length > 0) ?? {};
    return {
      name: this.name,
      annotations: { ...annotations, ...(lends && { [sharedAnnotation]: 'true' }) },
      labels: notes.find((each) => each.labels)?.labels ?? {},
      policies: this.configs.needsPolicy ? [...policies, kubernetesPolicy] : policies,
      components: [...this.components.values()],
    };
  }

  /** The component, or a stand-in for one of another Application. */
  private use(component: LiveComponent): WrittenComponent {
    const { id, application, type } = component;
    const known = this.components.get(id);
    if (known !== undefined) return known;
    this.borrowed.add(application);
    const standIn: WrittenComponent = {
      name: this.nameFor(component, component.name),
      type,
      application: { name: application, component: component.name },
      traits: [],
    };
    this.components.set(id, standIn);
    return standIn;
  }

  /** A name that no other component of this Application has. */
  private nameFor({ id }: LiveComponent, wanted: string): string {
    const name = this.names.has(wanted) ? id : wanted;
    this.names.set(name, id);
    return name;
  }
}

function scalerOf({ mode, instances, spread }: LiveComponent): WrittenTrait {
  const groups = spread.map(({ name, selector, weight = 100 }) => ({
    name,
    requirements: selector?.matchLabels ?? {},
    ...(mode === 'Spread' && weight !== 100 && { weight }),
  }));
  return {
    type: mode === 'Daemon' ? 'daemonscaler' : 'spreadscaler',
    properties: { instances, ...(groups.length > 0 && { spread: groups }) },
  };
}

/** Annotations that people gave, without those of tools. */
function ownAnnotations({ metadata }: KubeObject): Record<string, string> {
  const tools = /(^|\.)(kubernetes\.io|k8s\.io|kasmcloud\.io|pulumi\.com|argoproj\.io|fluxcd\.io|helm\.sh)\//;
  return Object.fromEntries(Object.entries(metadata.annotations ?? {}).filter(([key]) => !tools.test(key)));
}
