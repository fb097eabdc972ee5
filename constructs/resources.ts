import type { ApiObjectMetadata, GroupVersionKind } from 'cdk8s';
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
import { KasmObject, type KasmObjectProps } from './kasm-object';

// One class a kind, with the very spec of its CRD. Nothing is filtered on the way out, so that a JSON patch of a field that these
// types do not know reaches the manifest.

/** An object that links can name. */
abstract class ComponentObject extends KasmObject {
  private readonly componentId: string;

  constructor(
    scope: Construct,
    id: string,
    gvk: GroupVersionKind,
    props: KasmObjectProps,
    private readonly role: 'actor' | 'provider',
    componentId?: string,
  ) {
    super(scope, id, gvk, props);
    this.componentId = componentId ?? this.name;
    this.index.addComponent(this.componentId, role, this.construct);
  }

  protected override furtherIssues(): string[] {
    return this.index.componentIssues(this.componentId, this.role);
  }
}

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
export class WasmCloudHost extends KasmObject {
  static readonly GVK: GroupVersionKind = { apiVersion: API_VERSION, kind: 'WasmCloudHost' };

  constructor(scope: Construct, id: string, props: WasmCloudHostProps) {
    super(scope, id, WasmCloudHost.GVK, props, true);
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
export class WasmCloudActor extends ComponentObject {
  static readonly GVK: GroupVersionKind = { apiVersion: API_VERSION, kind: 'WasmCloudActor' };

  constructor(scope: Construct, id: string, props: WasmCloudActorProps) {
    super(scope, id, WasmCloudActor.GVK, props, 'actor', props.spec.componentId);
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
export class WasmCloudProvider extends ComponentObject {
  static readonly GVK: GroupVersionKind = { apiVersion: API_VERSION, kind: 'WasmCloudProvider' };

  constructor(scope: Construct, id: string, props: WasmCloudProviderProps) {
    super(scope, id, WasmCloudProvider.GVK, props, 'provider', props.spec.componentId);
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
export class WasmCloudLink extends KasmObject {
  static readonly GVK: GroupVersionKind = { apiVersion: API_VERSION, kind: 'WasmCloudLink' };

  private readonly spec: WasmCloudLinkSpec;

  constructor(scope: Construct, id: string, props: WasmCloudLinkProps) {
    super(scope, id, WasmCloudLink.GVK, props);
    this.spec = props.spec;
    this.index.addLink(this.spec, this.construct);
  }

  protected override furtherIssues(): string[] {
    return this.index.linkIssues(this.spec, this.construct);
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
export class WasmCloudDistribution extends ComponentObject {
  static readonly GVK: GroupVersionKind = { apiVersion: API_VERSION, kind: 'WasmCloudDistribution' };

  constructor(scope: Construct, id: string, props: WasmCloudDistributionProps) {
    const { actor, provider } = props.spec.template;
    const role = actor === undefined ? 'provider' : 'actor';
    super(scope, id, WasmCloudDistribution.GVK, props, role, (actor ?? provider)?.componentId);
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
export class WasmCloudLattice extends KasmObject {
  static readonly GVK: GroupVersionKind = { apiVersion: API_VERSION, kind: 'WasmCloudLattice' };

  constructor(scope: Construct, id: string, props: WasmCloudLatticeProps) {
    const metadata = { name: LATTICE_NAME, ...props.metadata };
    super(scope, id, WasmCloudLattice.GVK, { ...props, metadata });
  }
}
