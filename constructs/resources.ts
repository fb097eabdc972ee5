import { ApiObject, type ApiObjectMetadata, type GroupVersionKind } from 'cdk8s';
import type { Construct } from 'constructs';
import type {
  WasmCloudActorSpec,
  WasmCloudDistributionSpec,
  WasmCloudHostSpec,
  WasmCloudLatticeSpec,
  WasmCloudLinkSpec,
  WasmCloudProviderSpec,
} from '../lib/api/generated/kasmcloud';
import { API_VERSION, LATTICE_NAME } from '../lib/api/names';
import { dropNamespace } from './metadata';
import { constructOf, validateAtSynth } from './validation';

// One class a kind, with the very spec of its CRD. Nothing is filtered on the way out, so that a JSON patch of a field that these
// types do not know reaches the manifest.

/** Properties of {@link WasmCloudHost}. */
export interface WasmCloudHostProps {
  /** @default - the name comes from the construct's path */
  readonly metadata?: ApiObjectMetadata;
  readonly spec: WasmCloudHostSpec;
}

/**
 * A WasmCloudHost exactly as its CRD has it. Cluster-scoped: the namespace of the chart does not reach it.
 *
 * @see Host
 */
export class WasmCloudHost extends ApiObject {
  static readonly GVK: GroupVersionKind = { apiVersion: API_VERSION, kind: 'WasmCloudHost' };

  constructor(scope: Construct, id: string, props: WasmCloudHostProps) {
    super(scope, id, { ...WasmCloudHost.GVK, ...props });
    dropNamespace(this);
    validateAtSynth(this, props.spec);
  }
}

/** Properties of {@link WasmCloudActor}. */
export interface WasmCloudActorProps {
  /** @default - the name comes from the construct's path */
  readonly metadata?: ApiObjectMetadata;
  readonly spec: WasmCloudActorSpec;
}

/**
 * A WasmCloudActor exactly as its CRD has it.
 *
 * @see Actor
 */
export class WasmCloudActor extends ApiObject {
  static readonly GVK: GroupVersionKind = { apiVersion: API_VERSION, kind: 'WasmCloudActor' };

  constructor(scope: Construct, id: string, props: WasmCloudActorProps) {
    super(scope, id, { ...WasmCloudActor.GVK, ...props });
    declareComponent(this, props.spec, 'actor', props.spec.componentId);
  }
}

/** Properties of {@link WasmCloudProvider}. */
export interface WasmCloudProviderProps {
  /** @default - the name comes from the construct's path */
  readonly metadata?: ApiObjectMetadata;
  readonly spec: WasmCloudProviderSpec;
}

/**
 * A WasmCloudProvider exactly as its CRD has it.
 *
 * @see Provider
 */
export class WasmCloudProvider extends ApiObject {
  static readonly GVK: GroupVersionKind = { apiVersion: API_VERSION, kind: 'WasmCloudProvider' };

  constructor(scope: Construct, id: string, props: WasmCloudProviderProps) {
    super(scope, id, { ...WasmCloudProvider.GVK, ...props });
    declareComponent(this, props.spec, 'provider', props.spec.componentId);
  }
}

/** Properties of {@link WasmCloudLink}. */
export interface WasmCloudLinkProps {
  /** @default - the name comes from the construct's path */
  readonly metadata?: ApiObjectMetadata;
  readonly spec: WasmCloudLinkSpec;
}

/**
 * A WasmCloudLink exactly as its CRD has it.
 *
 * @see Link
 */
export class WasmCloudLink extends ApiObject {
  static readonly GVK: GroupVersionKind = { apiVersion: API_VERSION, kind: 'WasmCloudLink' };

  constructor(scope: Construct, id: string, props: WasmCloudLinkProps) {
    super(scope, id, { ...WasmCloudLink.GVK, ...props });
    const construct = constructOf(this);
    validateAtSynth(this, props.spec, (index) => index.linkIssues(props.spec, construct)).addLink(
      props.spec,
      construct,
    );
  }
}

/** Properties of {@link WasmCloudDistribution}. */
export interface WasmCloudDistributionProps {
  /** @default - the name comes from the construct's path */
  readonly metadata?: ApiObjectMetadata;
  readonly spec: WasmCloudDistributionSpec;
}

/**
 * A WasmCloudDistribution exactly as its CRD has it.
 *
 * @see Distribution
 */
export class WasmCloudDistribution extends ApiObject {
  static readonly GVK: GroupVersionKind = { apiVersion: API_VERSION, kind: 'WasmCloudDistribution' };

  constructor(scope: Construct, id: string, props: WasmCloudDistributionProps) {
    super(scope, id, { ...WasmCloudDistribution.GVK, ...props });
    const { actor, provider } = props.spec.template;
    const role = actor === undefined ? 'provider' : 'actor';
    declareComponent(this, props.spec, role, (actor ?? provider)?.componentId);
  }
}

/** Properties of {@link WasmCloudLattice}. */
export interface WasmCloudLatticeProps {
  /** The name is always `lattice`: a namespace is one lattice. */
  readonly metadata?: ApiObjectMetadata;
  readonly spec: WasmCloudLatticeSpec;
}

/**
 * A WasmCloudLattice exactly as its CRD has it: the settings of the lattice that its namespace is.
 *
 * @see Lattice
 */
export class WasmCloudLattice extends ApiObject {
  static readonly GVK: GroupVersionKind = { apiVersion: API_VERSION, kind: 'WasmCloudLattice' };

  constructor(scope: Construct, id: string, props: WasmCloudLatticeProps) {
    super(scope, id, {
      ...WasmCloudLattice.GVK,
      ...props,
      metadata: { name: LATTICE_NAME, ...props.metadata },
    });
    validateAtSynth(this, props.spec);
  }
}

function declareComponent(
  object: ApiObject,
  spec: object,
  role: 'actor' | 'provider',
  componentId = object.name,
): void {
  const construct = constructOf(object);
  validateAtSynth(object, spec, (index) => index.componentIssues(componentId, role, construct)).addComponent(
    componentId,
    role,
    construct,
  );
}
