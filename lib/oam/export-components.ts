import type {
  ActorTemplate,
  KubeObject,
  ProviderTemplate,
  WasmCloudActor,
  WasmCloudDistribution,
  WasmCloudDistributionSpec,
  WasmCloudProvider,
} from '../api';
import { KasmError } from '../base/errors';
import { notesOf } from './notes';

/** A component of a lattice that wadm could run. */
export interface LiveComponent {
  readonly application: string;
  readonly name: string;
  readonly type: 'component' | 'capability';
  readonly id: string;
  readonly image: string;
  readonly template: ActorTemplate | ProviderTemplate;
  readonly mode: 'Spread' | 'Daemon';
  readonly instances: number;
  readonly spread: NonNullable<WasmCloudDistributionSpec['spread']>;
  readonly object: KubeObject;
}

/** Says what of an object a manifest of wadm has no place for. */
export type Tell = (object: KubeObject, message: string) => void;

const spreadDefaults = {
  minReadySeconds: 0,
  progressDeadlineSeconds: 600,
  revisionHistoryLimit: 10,
  paused: false,
  autoRollback: false,
  rebalance: 'OnHostAdded',
};
const written = [
  'image',
  'componentId',
  'config',
  'template',
  'mode',
  'instances',
  'spread',
  'whenUnsatisfiable',
  'runtime',
  'managementPolicy',
  'container',
];
const templateDefaults = { restartPolicy: 'Always' };

/** Name of the Application that an object is part of. */
export function applicationOf(object: KubeObject): string {
  return (
    notesOf(object).application ??
    object.metadata.labels?.['app.kubernetes.io/part-of'] ??
    object.metadata.namespace ??
    'default'
  );
}

function nameOf(object: KubeObject): string {
  return notesOf(object).name ?? object.metadata.labels?.['app.kubernetes.io/name'] ?? object.metadata.name;
}

/** A Distribution as wadm would run it. */
export function fromDistribution(object: WasmCloudDistribution, tell: Tell): LiveComponent {
  const { spec } = object;
  const { actor, provider } = spec.template;
  const template = actor ?? provider;
  if (template === undefined)
    throw new KasmError(`WasmCloudDistribution ${object.metadata.name} has no template`);
  const { mode = 'Spread', instances = 1, spread = [] } = spec;
  tellOfLost(object, 'spec', spec, spreadDefaults, tell);
  if (spec.strategy !== undefined && !isPlainStrategy(spec.strategy))
    tell(object, 'spec.strategy has no place in a manifest of wadm');
  if (spread.length > 0 && mode === 'Spread' && spec.whenUnsatisfiable !== 'Fail')
    tell(
      object,
      'spec.whenUnsatisfiable is Redistribute, and wadm leaves out the share of a group without hosts',
    );
  for (const { name, selector, min, max } of spread) {
    if (selector?.matchExpressions?.length || min !== undefined || max !== undefined)
      tell(
        object,
        `spec.spread of ${name} has matchExpressions, min or max, and wadm knows labels and weights only`,
      );
  }
  tellOfLost(
    object,
    actor ? 'spec.template.actor' : 'spec.template.provider',
    template,
    templateDefaults,
    tell,
  );
  return {
    ...common(object, template.componentId),
    type: actor ? 'component' : 'capability',
    image: template.image,
    template,
    mode,
    instances,
    spread,
  };
}

/** An actor or a provider that no Distribution owns, as wadm would run it; undefined for what it cannot run. */
export function fromBound(object: WasmCloudActor | WasmCloudProvider, tell: Tell): LiveComponent | undefined {
  const { spec } = object;
  if (spec.managementPolicy === 'Observe') {
    tell(object, 'is run by others, and is left out');
    return undefined;
  }
  const { image } = spec;
  if (
    image === undefined ||
    ('runtime' in spec && spec.runtime !== undefined && spec.runtime !== 'Process')
  ) {
    tell(
      object,
      `has the runtime ${'runtime' in spec ? spec.runtime : ''}, which wadm does not know, and is left out`,
    );
    return undefined;
  }
  tellOfLost(object, 'spec', spec, templateDefaults, tell);
  return {
    ...common(object, spec.componentId),
    type: object.kind === 'WasmCloudActor' ? 'component' : 'capability',
    image,
    template: { ...spec, image },
    mode: 'Spread',
    instances: 'instances' in spec ? (spec.instances ?? 1) : 1,
    spread: [],
  };
}

function common(object: KubeObject, id: string | undefined) {
  return { application: applicationOf(object), name: nameOf(object), id: id ?? object.metadata.name, object };
}

function tellOfLost(
  object: KubeObject,
  path: string,
  spec: object,
  defaults: Readonly<Record<string, unknown>>,
  tell: Tell,
): void {
  for (const [key, value] of Object.entries(spec)) {
    if (written.includes(key) || key === 'strategy' || value === undefined || value === defaults[key])
      continue;
    tell(object, `${path}.${key} has no place in a manifest of wadm`);
  }
}

/** What the API server fills in. */
function isPlainStrategy({
  type = 'RollingUpdate',
  rollingUpdate,
  canary,
}: NonNullable<WasmCloudDistributionSpec['strategy']>): boolean {
  const { maxSurge = '25%', maxUnavailable = 0 } = rollingUpdate ?? {};
  return type === 'RollingUpdate' && canary === undefined && maxSurge === '25%' && maxUnavailable === 0;
}
