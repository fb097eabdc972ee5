import type { Config, ConfigMap, KubeObject, WasmCloudDistribution, WasmCloudLink } from '../api';
import { labelValue } from '../api/names';
import { plainSecrets } from '../api/plain-secrets';
import { witSlips } from '../api/wit-interfaces';
import { Expression, Identifiers, literal, quoted } from './literal';
import {
  canaryCall,
  caseless,
  chained,
  componentIdOf,
  constructOf,
  fits,
  metadataBeyond,
  nameOf,
  props,
  simple,
  type Spec,
  type Specified,
} from './typescript-parts';

const managedBy = 'app.kubernetes.io/managed-by';
const partOf = 'app.kubernetes.io/part-of';
const nameLabel = 'app.kubernetes.io/name';

/**
 * A program with our constructs that synthesizes to these objects of one namespace.
 * @param origin Where they come from, for the comment at its top
 */
export function typescriptSource(objects: readonly KubeObject[], namespace: string, origin: string): string {
  return new Program(objects, namespace, origin).text();
}

class Program {
  private readonly imports = new Map<string, Set<string>>([
    ['cdk8s', new Set(['App'])],
    ['kasmcloud', new Set(['Lattice'])],
  ]);
  private readonly names = new Identifiers(['app', 'lattice', 'k8s']);
  private readonly ids = new Set<string>();
  private readonly components = new Map<string, string>();
  /** The construct id of each component that has a variable. */
  private readonly componentIds = new Map<string, string>();
  private readonly configMaps = new Map<string, string>();
  private readonly secrets = new Map<string, string>();
  /** Ids of components that no variable stands for. */
  private readonly exact = new Set<string>();
  private readonly statements: { readonly code: string; readonly variable?: string }[] = [];
  private readonly used = new Set<string>();
  private readonly labels: Record<string, string> = {};

  constructor(
    objects: readonly KubeObject[],
    private readonly namespace: string,
    private readonly origin: string,
  ) {
    const [application, ...others] = new Set(objects.map(({ metadata }) => metadata.labels?.[partOf]));
    const usual = labelValue(namespace);
    if (application !== undefined && application !== usual && others.length === 0)
      this.labels[partOf] = application;
    const rank = ({ kind }: KubeObject): number =>
      kind === 'ConfigMap' ? 0 : kind === 'WasmCloudLink' ? 2 : 1;
    for (const object of [...objects].sort((a, b) => rank(a) - rank(b))) this.add(object);
  }

  text(): string {
    const imports = [...this.imports]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(
        ([module, names]) => `import { ${[...names].sort(caseless).join(', ')} } from ${quoted(module)};\n`,
      );
    const labels = Object.keys(this.labels).length > 0 && { labels: this.labels };
    return [
      `// ${this.origin.replace(/[\r\n]+/g, ' ')}\n`,
      ...imports,
      '\nconst app = new App();\n',
      `const lattice = new Lattice(app, ${quoted(this.namespace)}, ${literal({ createNamespace: false, ...labels })});\n\n`,
      ...this.statements.map(({ code, variable }) =>
        variable !== undefined && this.used.has(variable) ? `const ${variable} = ${code};\n` : `${code};\n`,
      ),
      '\napp.synth();\n',
    ].join('');
  }

  private add(object: KubeObject): void {
    if (object.kind === 'ConfigMap') this.addConfigMap(object);
    else if (object.kind === 'WasmCloudLink') this.addLink(object as WasmCloudLink);
    else if (object.kind === 'WasmCloudDistribution') this.addDistribution(object as WasmCloudDistribution);
    else this.addBound(object as unknown as Specified);
  }

  private addConfigMap(object: KubeObject): void {
    const { data, binaryData, immutable } = object as ConfigMap;
    const variable = this.variable(object, ['config']);
    this.configMaps.set(object.metadata.name, variable);
    this.import('cdk8s-plus-27', 'k8s');
    this.declare(
      variable,
      `new k8s.KubeConfigMap(lattice, ${this.id(object)}, ${literal({ metadata: this.metadata(object), data, binaryData, immutable })})`,
    );
  }

  private addDistribution(object: WasmCloudDistribution): void {
    const { template: of, mode, spread, strategy, rebalance, ...options } = object.spec;
    const [[role, body] = ['', undefined]] = Object.entries({
      actor: of.actor,
      provider: of.provider,
    }).filter(([, one]) => one !== undefined);
    if (
      body === undefined ||
      of.metadata !== undefined ||
      !fits(body, props[role] ?? []) ||
      !fits(object.spec, [...Object.keys(options), ...chained])
    )
      return this.addExact(object as unknown as Specified);
    const variable = this.variable(object);
    const { id, metadata } = this.component(object, variable, body.componentId);
    this.import('kasmcloud', 'Distribution');
    const groups = (spread ?? []).map(({ name, selector, ...share }) => {
      const group = { ...selector, ...share };
      return `.spread(${quoted(name)}${Object.keys(group).length > 0 ? `, ${literal(group, '  ')}` : ''})`;
    });
    const { type, rollingUpdate, canary } = strategy ?? {};
    const chain = [
      ...(mode === 'Daemon' ? ['.daemon()'] : []),
      ...groups,
      ...(type === 'RollingUpdate' || (strategy && type === undefined)
        ? [`.rollingUpdate(${rollingUpdate ? literal(rollingUpdate, '  ') : ''})`]
        : []),
      ...(type === 'Recreate' ? ['.recreate()'] : []),
      ...(type === 'BlueGreen' ? ['.blueGreen()'] : []),
      ...(type === 'Canary' && canary ? [canaryCall(canary)] : []),
      ...(rebalance === undefined ? [] : [`.rebalance(${quoted(rebalance)})`]),
    ];
    const given = { metadata, [role]: this.withReferences(body), ...options };
    this.declare(
      variable,
      `new Distribution(lattice, ${id}, ${literal(given)})${chain.map((call) => `\n  ${call}`).join('')}`,
    );
  }

  private addBound(object: Specified): void {
    const construct = constructOf[object.kind];
    const { runtime, ...spec } = object.spec;
    if (
      construct === undefined ||
      !fits(spec, props[object.kind] ?? []) ||
      (runtime !== undefined && runtime !== 'Process')
    )
      return this.addExact(object);
    const variable = this.variable(object);
    const { id, metadata } = this.component(object, variable, spec['componentId'] as string | undefined);
    this.import('kasmcloud', construct);
    const given = { metadata, ...this.withReferences(spec) };
    this.declare(variable, `new ${construct}(lattice, ${id}, ${literal(given)})`);
  }

  private addLink(object: WasmCloudLink): void {
    const { source, target, name, wit, sourceConfig, targetConfig, ...rest } = object.spec;
    // The constructs refuse interfaces that look like slips.
    const ends =
      Object.keys(rest).length === 0 &&
      simple(sourceConfig) &&
      simple(targetConfig) &&
      witSlips(wit).length === 0;
    const from = this.components.get(source);
    if (!ends || from === undefined || this.exact.has(target))
      return this.addExact(object as unknown as Specified);
    this.used.add(from);
    const options = {
      wit: `${wit.namespace}:${wit.package}/${wit.interfaces.join(',')}`,
      name,
      sourceConfig: this.config(sourceConfig),
      targetConfig: this.config(targetConfig),
      metadata: this.metadata(object, this.usualLinkName(object)),
    };
    this.statements.push({ code: `${from}.linkTo(${this.variableOf(target)}, ${literal(options)})` });
  }

  /** An object that the constructs have no words for, with the class that is exactly its kind. */
  private addExact(object: Specified): void {
    this.import('kasmcloud', object.kind);
    const { source, target } = object.spec;
    if (object.kind !== 'WasmCloudLink') this.exact.add(componentIdOf(object));
    // The ends of a link must be declared; one of which only the id is known is imported.
    else
      for (const end of [source, target] as string[])
        if (!this.exact.has(end) && !this.components.has(end)) this.variableOf(end);
    const given = { metadata: this.metadata(object), spec: object.spec };
    this.statements.push({ code: `new ${object.kind}(lattice, ${this.id(object)}, ${literal(given)})` });
  }

  /** The variable of a component; one that is not among the objects is imported by its id. */
  private variableOf(id: string): string {
    const known = this.components.get(id);
    if (known !== undefined) {
      this.used.add(known);
      return known;
    }
    const variable = this.names.for(id);
    this.used.add(variable);
    this.components.set(id, variable);
    this.import('kasmcloud', 'Distribution');
    this.declare(
      variable,
      `Distribution.fromDistributionName(lattice, ${this.uniqueId(`imported-${id}`)}, ${quoted(id)})`,
    );
    return variable;
  }

  private withReferences(spec: object): Spec {
    const { config, imagePullSecrets, ...rest } = spec as {
      config?: Config;
      imagePullSecrets?: { name: string }[];
    };
    const { image, ...others } = rest as { image?: string };
    return {
      image,
      ...others,
      imagePullSecrets: imagePullSecrets?.map(({ name }) => new Expression(this.secret(name))),
      config: this.config(config),
    };
  }

  private config(config: Config | undefined): unknown {
    if (config === undefined) return undefined;
    const { values, configFrom = [], secretFrom = [] } = config;
    // What stands in the lattice as it is, the program says on purpose.
    const plain = values !== undefined && plainSecrets(values).length > 0;
    const own = plain ? new Expression(`Config.plain(${literal(values, '  ')})`) : values;
    const named = configFrom.length + secretFrom.length > 0;
    if (plain || named) this.import('kasmcloud', 'Config');
    if (!named) return own ?? {};
    const sources = [
      ...(own === undefined ? [] : [literal(own, '  ')]),
      ...configFrom.map(({ name }) => this.configMap(name)),
      ...secretFrom.map(({ name }) => this.secret(name)),
    ];
    return new Expression(`Config.from(${sources.join(', ')})`);
  }

  private configMap(name: string): string {
    return this.reference(this.configMaps, name, 'ConfigMap', 'fromConfigMapName');
  }

  private secret(name: string): string {
    return this.reference(this.secrets, name, 'Secret', 'fromSecretName');
  }

  private reference(known: Map<string, string>, name: string, kind: string, from: string): string {
    let variable = known.get(name);
    if (variable === undefined) {
      variable = this.names.for(name);
      known.set(name, variable);
      this.import('cdk8s-plus-27', kind);
      this.declare(
        variable,
        `${kind}.${from}(lattice, ${this.uniqueId(`${kind.toLowerCase()}-${name}`)}, ${quoted(name)})`,
      );
    }
    this.used.add(variable);
    return variable;
  }

  /** Takes a component into what links can name; its construct id, and the metadata that it does not have by that. */
  private component(object: KubeObject, variable: string, componentId = object.metadata.name) {
    this.components.set(componentId, variable);
    const id = this.id(object);
    this.componentIds.set(componentId, id.slice(1, -1));
    return { id, metadata: this.metadata(object, nameOf(id.slice(1, -1)), componentId) };
  }

  /** What a link is called that is made by `linkTo`, where that is known. */
  private usualLinkName({ spec: { source, target, name = 'default', wit } }: WasmCloudLink): string {
    const ends = [source, target].map((end) => this.componentIds.get(end) ?? '');
    return nameOf([...ends, wit.namespace, wit.package, ...(name === 'default' ? [] : [name])].join('-'));
  }

  /** Metadata beyond what a construct gives an object that it calls `usual`; undefined for nothing. */
  private metadata(object: KubeObject, usual?: string, componentId?: string): object | undefined {
    const given: Record<string, string> = {
      [partOf]: labelValue(this.namespace),
      [managedBy]: 'kasmcloud',
      ...(componentId !== undefined && { [nameLabel]: labelValue(componentId) }),
      ...this.labels,
    };
    return metadataBeyond(object, { name: usual, labels: given });
  }

  private variable({ metadata: { name, labels } }: KubeObject, suffix: readonly string[] = []): string {
    return this.names.for([labels?.['app.kubernetes.io/name'] ?? name, ...suffix].join('-'));
  }

  private id({ kind, metadata: { name } }: KubeObject): string {
    return this.uniqueId(this.ids.has(name) ? `${name}-${kind.toLowerCase()}` : name);
  }

  private uniqueId(id: string): string {
    this.ids.add(id);
    return quoted(id);
  }

  private declare(variable: string, expression: string): void {
    this.statements.push({ code: expression, variable });
  }

  private import(module: string, name: string): void {
    const names = this.imports.get(module);
    if (names === undefined) this.imports.set(module, new Set([name]));
    else names.add(name);
  }
}
