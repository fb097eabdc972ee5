// Generated from crds/ by `npm run generate`; do not edit.
import type { KubeObject, ResourceType } from '../resource';

/**
 * A process that runs actors and providers for one or more lattices. A KasmCloud Host registers itself; for a wasmCloud
 * host that speaks only the lattice protocol, the Repeater writes this object. People edit what concerns placement:
 * taints, labels, unschedulable, capacity.
 */
export interface WasmCloudHost extends KubeObject {
  apiVersion: 'kasmcloud.io/v1alpha1';
  kind: 'WasmCloudHost';
  spec: WasmCloudHostSpec;
  status?: WasmCloudHostStatus | undefined;
}

/** How the API server names WasmCloudHost. */
export const WasmCloudHostResource: ResourceType<WasmCloudHost> = {
  group: 'kasmcloud.io',
  version: 'v1alpha1',
  kind: 'WasmCloudHost',
  plural: 'wasmcloudhosts',
  namespaced: false,
};

/**
 * A WebAssembly component that runs on one host of the lattice, with up to `instances` calls at a time. The same
 * component id on several hosts makes replicas of one actor.
 */
export interface WasmCloudActor extends KubeObject {
  apiVersion: 'kasmcloud.io/v1alpha1';
  kind: 'WasmCloudActor';
  spec: WasmCloudActorSpec;
  status?: WasmCloudActorStatus | undefined;
}

/** How the API server names WasmCloudActor. */
export const WasmCloudActorResource: ResourceType<WasmCloudActor> = {
  group: 'kasmcloud.io',
  version: 'v1alpha1',
  kind: 'WasmCloudActor',
  plural: 'wasmcloudactors',
  namespaced: true,
};

/**
 * A capability that actors use through links: an HTTP server, a key-value store. It runs as a process of a host, as
 * pods of its own, or elsewhere as any program that uses the provider SDK.
 */
export interface WasmCloudProvider extends KubeObject {
  apiVersion: 'kasmcloud.io/v1alpha1';
  kind: 'WasmCloudProvider';
  spec: WasmCloudProviderSpec;
  status?: WasmCloudProviderStatus | undefined;
}

/** How the API server names WasmCloudProvider. */
export const WasmCloudProviderResource: ResourceType<WasmCloudProvider> = {
  group: 'kasmcloud.io',
  version: 'v1alpha1',
  kind: 'WasmCloudProvider',
  plural: 'wasmcloudproviders',
  namespaced: true,
};

/**
 * Connects the imports of one component of the lattice, the source, to the exports of another, the target, for some
 * interfaces of one WIT package. For a provider that calls an actor, such as an HTTP server, the provider is the
 * source.
 */
export interface WasmCloudLink extends KubeObject {
  apiVersion: 'kasmcloud.io/v1alpha1';
  kind: 'WasmCloudLink';
  spec: WasmCloudLinkSpec;
  status?: WasmCloudLinkStatus | undefined;
}

/** How the API server names WasmCloudLink. */
export const WasmCloudLinkResource: ResourceType<WasmCloudLink> = {
  group: 'kasmcloud.io',
  version: 'v1alpha1',
  kind: 'WasmCloudLink',
  plural: 'wasmcloudlinks',
  namespaced: true,
};

/**
 * Spreads an actor or a provider over the hosts of its lattice and rolls out changes, as a Deployment does for pods. It
 * owns one bound WasmCloudActor or WasmCloudProvider a host, and keeps its history as ControllerRevisions.
 */
export interface WasmCloudDistribution extends KubeObject {
  apiVersion: 'kasmcloud.io/v1alpha1';
  kind: 'WasmCloudDistribution';
  spec: WasmCloudDistributionSpec;
  status?: WasmCloudDistributionStatus | undefined;
}

/** How the API server names WasmCloudDistribution. */
export const WasmCloudDistributionResource: ResourceType<WasmCloudDistribution> = {
  group: 'kasmcloud.io',
  version: 'v1alpha1',
  kind: 'WasmCloudDistribution',
  plural: 'wasmclouddistributions',
  namespaced: true,
};

/**
 * Settings of the lattice that a namespace is. Optional: without it every default serves. There is one a namespace,
 * named `lattice`.
 */
export interface WasmCloudLattice extends KubeObject {
  apiVersion: 'kasmcloud.io/v1alpha1';
  kind: 'WasmCloudLattice';
  spec: WasmCloudLatticeSpec;
  status?: WasmCloudLatticeStatus | undefined;
}

/** How the API server names WasmCloudLattice. */
export const WasmCloudLatticeResource: ResourceType<WasmCloudLattice> = {
  group: 'kasmcloud.io',
  version: 'v1alpha1',
  kind: 'WasmCloudLattice',
  plural: 'wasmcloudlattices',
  namespaced: true,
};

/** What the host serves, and what may be placed on it. */
export interface WasmCloudHostSpec {
  /** Who speaks for the host: itself (`Kasm`), or the Repeater (`Legacy`). @default 'Kasm' */
  type?: 'Kasm' | 'Legacy' | undefined;
  /**
   * Namespaces whose lattices the host serves; `*` alone stands for all of them, an empty list for none. A Legacy host
   * serves exactly one.
   */
  lattices: string[];
  /** True cordons the host, so that nothing new is placed on it. What runs stays. @default false */
  unschedulable?: boolean | undefined;
  /** Keep actors and providers that do not tolerate them off the host. */
  taints?: Taint[] | undefined;
  /**
   * Labels for placement, merged over those that the host reports; `status.labels` shows the result. The prefix
   * `hostcore.` is the host's own; labels with the prefix `host-restriction.kasmcloud.io/` count only here, not where a
   * host reports them.
   */
  labels?: Record<string, string> | undefined;
  /** Most that may be placed on the host. What is absent is unbounded. */
  capacity?: HostCapacity | undefined;
  /** How the host ends what runs on it, and whether all of it is to go elsewhere. */
  drain?: HostDrain | undefined;
}

/** A mark that repels what does not tolerate it. */
export interface Taint {
  /** Taint key. */
  key: string;
  /** Taint value. */
  value?: string | undefined;
  /**
   * `NoSchedule` keeps new ones off, `PreferNoSchedule` does so where there is a choice, `NoExecute` also removes those
   * that run.
   */
  effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}

/** Most that may be placed on the host. What is absent is unbounded. */
export interface HostCapacity {
  /** Actor instances. */
  instances?: number | undefined;
  /** Providers. */
  providers?: number | undefined;
  /** Sum of the actors' memory limits, in bytes or as a quantity such as `2Gi`. */
  memory?: number | string | undefined;
}

/** How the host ends what runs on it, and whether all of it is to go elsewhere. */
export interface HostDrain {
  /**
   * True moves everything off the host, each once its replacement serves, and keeps new ones off; condition `Drained`
   * tells when nothing is left. What was bound to the host by name stays. `kasmcloud drain` sets it, `kasmcloud
   * uncordon` clears it. @default false
   */
  requested?: boolean | undefined;
  /** Time for calls in flight before they are cut off, in seconds. @default 30 */
  graceSeconds?: number | undefined;
}

/** What the host reports. */
export interface WasmCloudHostStatus {
  /** The `metadata.generation` that this status is about. */
  observedGeneration?: number | undefined;
  /** Public key of the host in the lattice, an nkey that starts with `N`. Kept over restarts. */
  hostId?: string | undefined;
  /** Name for people. */
  friendlyName?: string | undefined;
  /** Version of the host. */
  version?: string | undefined;
  /** Effective labels: those that the host reports, with `spec.labels` over them. */
  labels?: Record<string, string> | undefined;
  /** Machine that the host runs on; the name of the node inside a cluster. */
  nodeName?: string | undefined;
  /** IP addresses or DNS names at which the host's listeners can be reached, best first. */
  addresses?: string[] | undefined;
  /** When the host started. */
  startedAt?: string | undefined;
  /** What is placed on the host. */
  allocated?: HostAllocation | undefined;
  /** What the host's process uses. */
  usage?: HostUsage | undefined;
  /**
   * Latest observations of the state, one a type. `Ready` sums them up; `Reconciling` and `Stalled` are present only
   * while true.
   */
  conditions?: Condition[] | undefined;
}

/** What is placed on the host. */
export interface HostAllocation {
  /** Actors. */
  actors?: number | undefined;
  /** Instances of all actors together. */
  instances?: number | undefined;
  /** Providers. */
  providers?: number | undefined;
}

/** What the host's process uses. */
export interface HostUsage {
  /** Processors, as a quantity such as `250m`. */
  cpu?: string | undefined;
  /** Resident memory, as a quantity such as `120Mi`. */
  memory?: string | undefined;
}

/** One observation of the state of an object. */
export interface Condition {
  /** What is observed, in CamelCase, e.g. `Ready`. */
  type: string;
  /** Whether it holds; `Unknown` when nobody can tell at present. */
  status: 'True' | 'False' | 'Unknown';
  /** Why, in CamelCase, for programs. */
  reason: string;
  /** Why, for people; with the remedy where there is one. May be empty. */
  message: string;
  /** When `status` last changed. */
  lastTransitionTime: string;
  /** The `metadata.generation` that the observation is about. */
  observedGeneration?: number | undefined;
}

/** Which component runs, where, and with what. */
export interface WasmCloudActorSpec {
  /**
   * Name of the WasmCloudHost that the actor is bound to. Give it to choose the host yourself; otherwise the scheduler
   * fills it in, and again only when that host is lost or drained. What was bound by name stays.
   */
  host?: string | undefined;
  /**
   * Labels of hosts among which the scheduler chooses. Neither host nor hostSelector means any host of the lattice. All
   * of matchLabels and matchExpressions must hold; empty selects every host.
   */
  hostSelector?: LabelSelector | undefined;
  /**
   * The component: an OCI reference such as `registry.example/echo:1.0`, or `file:///path` on a host that allows files.
   */
  image: string;
  /** When the image is fetched. Absent: `Always` for the tag `latest` or no tag, else `IfNotPresent`. */
  imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never' | undefined;
  /**
   * Secrets of this namespace with registry credentials (type `kubernetes.io/dockerconfigjson`), tried in order before
   * those of the lattice.
   */
  imagePullSecrets?: SecretReference[] | undefined;
  /**
   * Most calls that are served at a time on that host; 0 stops the actor. A bound, not a reserve: an actor that is idle
   * for a while keeps no worker. @default 1
   */
  instances?: number | undefined;
  /**
   * Whether calls reach the actor. False keeps it ready and without calls (its `Ready` is true with the reason
   * `Standby`), as a blue-green rollout does with a new set until it takes over. @default true
   */
  serving?: boolean | undefined;
  /**
   * What of its calls makes condition `Healthy` False. Failed are calls that were not answered, and HTTP responses with
   * a status of 500 or more. Distributions fill it in for canaries.
   */
  analysis?: CallAnalysis | undefined;
  /**
   * Id of the component in the lattice, by which links name it. Immutable. Absent means `metadata.name`. Actors with
   * one id on several hosts are replicas of one actor.
   */
  componentId?: string | undefined;
  /**
   * Configuration that the component reads through `wasi:config`; a change reaches running instances. Merged in the
   * order values, configFrom, secretFrom; where a key occurs twice the later source wins.
   */
  config?: Config | undefined;
  /** Bounds that the host enforces on each instance. */
  limits?: ActorLimits | undefined;
  /**
   * Whether an instance serves one call after the other (`Always`), or only one (`Never`): for components whose
   * instances cannot be used again, or must not keep anything from one call to the next. @default 'Always'
   */
  reuse?: 'Always' | 'Never' | undefined;
  /** Taints of hosts that the actor puts up with. */
  tolerations?: Toleration[] | undefined;
  /**
   * `Manage`: KasmCloud makes reality match this object. `Observe`: the object reports what others run; nothing here
   * acts on it. @default 'Manage'
   */
  managementPolicy?: 'Manage' | 'Observe' | undefined;
}

/** All of matchLabels and matchExpressions must hold; empty selects every host. */
export interface LabelSelector {
  /** Labels that must be present with exactly these values. */
  matchLabels?: Record<string, string> | undefined;
  /** Requirements on labels, all of which must hold. */
  matchExpressions?: LabelSelectorRequirement[] | undefined;
}

/** One requirement on one label. */
export interface LabelSelectorRequirement {
  /** Label key. */
  key: string;
  /** How the label is compared with `values`. */
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  /** Values for `In` and `NotIn`. */
  values?: string[] | undefined;
}

/** A Secret of the same namespace. */
export interface SecretReference {
  /** Name of the Secret. */
  name: string;
}

/**
 * What of its calls makes condition `Healthy` False. Failed are calls that were not answered, and HTTP responses with a
 * status of 500 or more. Distributions fill it in for canaries.
 */
export interface CallAnalysis {
  /**
   * Share of the calls of the window that may fail, in percent; above it the actor does badly, and below half of it
   * well again. @default 5
   */
  maxErrorPercent?: number | undefined;
  /** Failed calls in the window below which the share says nothing. @default 3 */
  minErrors?: number | undefined;
  /** Time that is looked back, in seconds. @default 20 */
  windowSeconds?: number | undefined;
}

/** Merged in the order values, configFrom, secretFrom; where a key occurs twice the later source wins. */
export interface Config {
  /** Keys and values given here. */
  values?: Record<string, string> | undefined;
  /** ConfigMaps of this namespace whose keys are added, in this order. */
  configFrom?: ConfigSource[] | undefined;
  /** Secrets of this namespace whose keys are added, in this order, after `configFrom`. */
  secretFrom?: ConfigSource[] | undefined;
}

/** A ConfigMap or Secret of the same namespace that is a source of configuration. */
export interface ConfigSource {
  /** Name of the ConfigMap or Secret. */
  name: string;
  /**
   * Whether the source may be missing. When false, a missing source keeps `ConfigResolved` from becoming true.
   * @default false
   */
  optional?: boolean | undefined;
}

/** Bounds that the host enforces on each instance. */
export interface ActorLimits {
  /** Linear memory, in bytes or as a quantity such as `64Mi`. Absent means the host's own bound. */
  memory?: number | string | undefined;
  /** Longest time one call may take, in milliseconds. Absent means the host's own bound. */
  executionTimeMs?: number | undefined;
}

/** Matches taints of hosts, as a pod's toleration matches taints of nodes. */
export interface Toleration {
  /** Taint key; absent together with the operator `Exists` matches every taint. */
  key?: string | undefined;
  /** `Equal` compares the value too; `Exists` takes any value. @default 'Equal' */
  operator?: 'Equal' | 'Exists' | undefined;
  /** Taint value; only with `Equal`. */
  value?: string | undefined;
  /** Taint effect; absent matches every effect. */
  effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute' | undefined;
}

/** What the host reports. */
export interface WasmCloudActorStatus {
  /** The `metadata.generation` that this status is about. */
  observedGeneration?: number | undefined;
  /** Host that runs the actor. */
  hostName?: string | undefined;
  /** The image that runs, by digest. */
  resolvedImage?: string | undefined;
  /** WIT interfaces that the component imports, e.g. `wasi:keyvalue/store@0.2.0-draft`. */
  imports?: string[] | undefined;
  /** WIT interfaces that the component exports, e.g. `wasi:http/incoming-handler@0.2.0`. */
  exports?: string[] | undefined;
  /** Calls that the host serves at a time for this actor. */
  instances?: number | undefined;
  /** How many of them can take a call now. */
  readyInstances?: number | undefined;
  /** Hash of the configuration that the instances have. */
  configHash?: string | undefined;
  /** Label selector in text form, for autoscalers that read the scale subresource. */
  selector?: string | undefined;
  /**
   * Latest observations of the state, one a type. `Ready` sums them up; `Reconciling` and `Stalled` are present only
   * while true.
   */
  conditions?: Condition[] | undefined;
}

/** Which provider runs, how, where, and with what. */
export interface WasmCloudProviderSpec {
  /**
   * How the provider runs. `Process`: on a host. `Container`: as pods of its own. `External`: any program that uses the
   * SDK, started by others. @default 'Process'
   */
  runtime?: 'Process' | 'Container' | 'External' | undefined;
  /**
   * For `Process`: `builtin://NAME` for a provider that is part of the host, the OCI reference of a provider archive or
   * binary, or `file:///path` on a host that allows files. For `Container`: a container image. None for `External`.
   */
  image?: string | undefined;
  /** When the image is fetched. Absent: `Always` for the tag `latest` or no tag, else `IfNotPresent`. */
  imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never' | undefined;
  /**
   * Secrets of this namespace with registry credentials (type `kubernetes.io/dockerconfigjson`), tried in order before
   * those of the lattice.
   */
  imagePullSecrets?: SecretReference[] | undefined;
  /**
   * Name of the WasmCloudHost that the provider is bound to. Give it to choose the host yourself; otherwise the
   * scheduler fills it in, and again only when that host is lost or drained. What was bound by name stays.
   */
  host?: string | undefined;
  /**
   * Labels of hosts among which the scheduler chooses. Neither host nor hostSelector means any host of the lattice. All
   * of matchLabels and matchExpressions must hold; empty selects every host.
   */
  hostSelector?: LabelSelector | undefined;
  /**
   * Id of the provider in the lattice, by which links name it. Immutable. Absent means `metadata.name`. Providers with
   * one id on several hosts are replicas of one provider.
   */
  componentId?: string | undefined;
  /**
   * Configuration that the provider starts with; a change reaches it while it runs. Merged in the order values,
   * configFrom, secretFrom; where a key occurs twice the later source wins.
   */
  config?: Config | undefined;
  /** Taints of hosts that the provider puts up with. */
  tolerations?: Toleration[] | undefined;
  /** The provider's pods, with runtime `Container`. */
  container?: ProviderContainer | undefined;
  /**
   * When a provider that ended is started again; waits grow from try to try and show in the status. @default 'Always'
   */
  restartPolicy?: 'Always' | 'OnFailure' | 'Never' | undefined;
  /**
   * A Kubernetes Service of the provider's name that the reconciler keeps pointed at the hosts or pods that serve it.
   */
  service?: ProviderService | undefined;
  /**
   * `Manage`: KasmCloud makes reality match this object. `Observe`: the object reports what others run; nothing here
   * acts on it. @default 'Manage'
   */
  managementPolicy?: 'Manage' | 'Observe' | undefined;
}

/** The provider's pods, with runtime `Container`. */
export interface ProviderContainer {
  /** Number of pods; calls are shared among them. @default 1 */
  replicas?: number | undefined;
  /** Replaces the image's entry point. */
  command?: string[] | undefined;
  /** Replaces the image's arguments. */
  args?: string[] | undefined;
  /** Ports on which the container listens. */
  ports?: ProviderContainerPort[] | undefined;
  /**
   * Laid over the pod template that the reconciler writes, as a strategic merge: resources, volumes, affinity,
   * sidecars. The provider's own container is named `provider`.
   */
  template?: Record<string, unknown> | undefined;
}

/** One port of the container. */
export interface ProviderContainerPort {
  /** Name of the port. */
  name?: string | undefined;
  /** Port number. */
  containerPort: number;
  /** Transport protocol. @default 'TCP' */
  protocol?: 'TCP' | 'UDP' | undefined;
}

/**
 * A Kubernetes Service of the provider's name that the reconciler keeps pointed at the hosts or pods that serve it.
 */
export interface ProviderService {
  /** False removes the Service and what stands before it. @default true */
  enabled?: boolean | undefined;
  /** Type of the Service. @default 'ClusterIP' */
  type?: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | undefined;
  /** Annotations of the Service, e.g. for a cloud's load balancer. */
  annotations?: Record<string, string> | undefined;
  /** Ports of the Service. Absent means those on which the provider listens. */
  ports?: ProviderServicePort[] | undefined;
  /** An Ingress of the same name before the Service. */
  ingress?: ProviderIngress | undefined;
  /** A Gateway API HTTPRoute of the same name before the Service. */
  httpRoute?: ProviderHttpRoute | undefined;
}

/** One port of the Service. */
export interface ProviderServicePort {
  /** Name of the port; needed when there are several. */
  name?: string | undefined;
  /** Port on which the Service listens. */
  port: number;
  /** Port on which the provider listens. Absent means the same as `port`. */
  targetPort?: number | undefined;
  /** Port of every node, with the types NodePort and LoadBalancer. Absent means one that the API server picks. */
  nodePort?: number | undefined;
  /** Transport protocol. @default 'TCP' */
  protocol?: 'TCP' | 'UDP' | undefined;
  /** Application protocol, a hint for load balancers, e.g. `kubernetes.io/h2c`. */
  appProtocol?: string | undefined;
}

/** An Ingress of the same name before the Service. */
export interface ProviderIngress {
  /** Ingress class. Absent means the cluster's default. */
  className?: string | undefined;
  /** Annotations of the Ingress. */
  annotations?: Record<string, string> | undefined;
  /** Which requests reach the Service. Absent means all. */
  rules?: ProviderIngressRule[] | undefined;
  /** Certificates. */
  tls?: ProviderIngressTls[] | undefined;
  /** Port of the Service that receives the requests. Absent means its first. */
  port?: number | undefined;
}

/** One host name and path. */
export interface ProviderIngressRule {
  /** Host name. Absent matches every host name. */
  host?: string | undefined;
  /** Path. @default '/' */
  path?: string | undefined;
  /** How the path is compared. @default 'Prefix' */
  pathType?: 'Exact' | 'Prefix' | 'ImplementationSpecific' | undefined;
}

/** One certificate and the host names it is for. */
export interface ProviderIngressTls {
  /** Secret of this namespace with `tls.crt` and `tls.key`. */
  secretName: string;
  /** Host names. Absent means those of the certificate. */
  hosts?: string[] | undefined;
}

/** A Gateway API HTTPRoute of the same name before the Service. */
export interface ProviderHttpRoute {
  /** Gateways that the route joins. */
  parentRefs: GatewayReference[];
  /** Host names that the route serves. Absent means those of the Gateway. */
  hostnames?: string[] | undefined;
  /** Prefix of the paths that reach the Service. @default '/' */
  path?: string | undefined;
  /** Port of the Service that receives the requests. Absent means its first. */
  port?: number | undefined;
}

/** One Gateway. */
export interface GatewayReference {
  /** Name of the Gateway. */
  name: string;
  /** Namespace of the Gateway. Absent means this one. */
  namespace?: string | undefined;
  /** Listener of the Gateway. Absent means all that fit. */
  sectionName?: string | undefined;
  /** Port of the Gateway. Absent means all that fit. */
  port?: number | undefined;
}

/** What the host, or the reconciler for pods, reports. */
export interface WasmCloudProviderStatus {
  /** The `metadata.generation` that this status is about. */
  observedGeneration?: number | undefined;
  /** Host that runs the provider. */
  hostName?: string | undefined;
  /** The image that runs, by digest; absent for a built-in one. */
  resolvedImage?: string | undefined;
  /** How often the provider was started again after it ended. */
  restarts?: number | undefined;
  /** How the provider last ended. */
  lastExit?: ProviderExit | undefined;
  /** Name of the Service that reaches the provider. */
  serviceName?: string | undefined;
  /** Addresses, as `host:port`, at which the provider takes traffic. */
  endpoints?: string[] | undefined;
  /**
   * Latest observations of the state, one a type. `Ready` sums them up; `Reconciling` and `Stalled` are present only
   * while true.
   */
  conditions?: Condition[] | undefined;
}

/** How the provider last ended. */
export interface ProviderExit {
  /** Exit code; negative, the number of the signal that ended it. */
  code?: number | undefined;
  /** What is known of the cause, e.g. the last lines it wrote. */
  reason?: string | undefined;
  /** When it ended. */
  at?: string | undefined;
}

/** What is connected. Source, target, name and wit are what the link is; configuration can be edited in place. */
export interface WasmCloudLinkSpec {
  /** Component id of the importer in this lattice. */
  source: string;
  /** Component id of the exporter in this lattice. */
  target: string;
  /** Link name, by which a component tells several links for one interface apart. @default 'default' */
  name?: string | undefined;
  /** The interfaces that are linked. */
  wit: WitInterfaces;
  /**
   * Configuration for the source about this link, e.g. the address that an HTTP server listens on. Merged in the order
   * values, configFrom, secretFrom; where a key occurs twice the later source wins.
   */
  sourceConfig?: Config | undefined;
  /**
   * Configuration for the target about this link, e.g. the bucket that a key-value store uses. Merged in the order
   * values, configFrom, secretFrom; where a key occurs twice the later source wins.
   */
  targetConfig?: Config | undefined;
  /**
   * How long calls and HTTP requests wait while nobody serves the target, in seconds: time for an autoscaler to bring
   * it back from 0 instances. Absent or 0: they fail at once. Calls that provider processes make do not wait.
   */
  activationTimeoutSeconds?: number | undefined;
  /**
   * `Manage`: KasmCloud makes reality match this object. `Observe`: the object reports what others run; nothing here
   * acts on it. @default 'Manage'
   */
  managementPolicy?: 'Manage' | 'Observe' | undefined;
}

/** The interfaces that are linked. */
export interface WitInterfaces {
  /** WIT namespace, e.g. `wasi`. */
  namespace: string;
  /** WIT package, e.g. `http`. */
  package: string;
  /** WIT interfaces of the package, e.g. `incoming-handler`. */
  interfaces: string[];
}

/** What the reconciler found. */
export interface WasmCloudLinkStatus {
  /** The `metadata.generation` that this status is about. */
  observedGeneration?: number | undefined;
  /**
   * Latest observations of the state, one a type. `Ready` sums them up; `Reconciling` and `Stalled` are present only
   * while true.
   */
  conditions?: Condition[] | undefined;
}

/** What is distributed, over which hosts, and how changes roll out. */
export interface WasmCloudDistributionSpec {
  /** The actor or provider that is distributed. */
  template: DistributionTemplate;
  /**
   * `Spread`: `instances` in total, over the hosts that `spread` selects. `Daemon`: `instances` on every such host.
   * @default 'Spread'
   */
  mode?: 'Spread' | 'Daemon' | undefined;
  /**
   * Instances: in total in Spread mode, per host in Daemon mode. Leave it out of manifests where an autoscaler owns it.
   * @default 1
   */
  instances?: number | undefined;
  /**
   * Groups of hosts and the share of each: a group gets weight / (sum of weights) of the instances, within its min and
   * max; what rounding leaves goes one by one to the heaviest. A host belongs to the first group that selects it, so
   * put narrow groups before wide ones. Absent means every host of the lattice.
   */
  spread?: SpreadGroup[] | undefined;
  /**
   * Label of hosts; inside a group, instances spread evenly over its values, then over the hosts of each. Absent means
   * evenly over hosts.
   */
  topologyKey?: string | undefined;
  /**
   * What to do with the share of a group that has no eligible host: `Redistribute` gives it to the other groups, `Fail`
   * leaves it out and says so in `SpreadSatisfied`. @default 'Redistribute'
   */
  whenUnsatisfiable?: 'Redistribute' | 'Fail' | undefined;
  /** How a change of the template reaches the hosts. */
  strategy?: RolloutStrategy | undefined;
  /** How long an instance must be ready before it counts as available, in seconds. @default 0 */
  minReadySeconds?: number | undefined;
  /** How long a rollout may make no progress before it counts as stalled, in seconds. @default 600 */
  progressDeadlineSeconds?: number | undefined;
  /** Number of old revisions that are kept for rollback. @default 10 */
  revisionHistoryLimit?: number | undefined;
  /** True holds the rollout where it is. Scaling and repair go on. @default false */
  paused?: boolean | undefined;
  /** Asks for an earlier template; the reconciler copies it into `template` and removes this. */
  rollbackTo?: Rollback | undefined;
  /**
   * Whether a rollout that is stalled, or a canary that was given up, goes back by itself: the reconciler copies the
   * template of `currentRevision` into `template`. @default false
   */
  autoRollback?: boolean | undefined;
  /**
   * When instances move without need: `Never`, after a host was added (`OnHostAdded`), or whenever the spread is uneven
   * (`Continuous`). At most maxSurge move at a time. @default 'OnHostAdded'
   */
  rebalance?: 'Never' | 'OnHostAdded' | 'Continuous' | undefined;
}

/** The actor or provider that is distributed. */
export interface DistributionTemplate {
  /** Metadata for the objects that are made from the template. */
  metadata?: TemplateMetadata | undefined;
  /** The actor: the spec of a WasmCloudActor, less what the distribution decides itself (host, instances). */
  actor?: ActorTemplate | undefined;
  /**
   * The provider: the spec of a WasmCloudProvider with runtime `Process`, less what the distribution decides itself
   * (host).
   */
  provider?: ProviderTemplate | undefined;
}

/** Metadata for the objects that are made from the template. */
export interface TemplateMetadata {
  /** Labels. */
  labels?: Record<string, string> | undefined;
  /** Annotations. */
  annotations?: Record<string, string> | undefined;
}

/** The actor: the spec of a WasmCloudActor, less what the distribution decides itself (host, instances). */
export interface ActorTemplate {
  /**
   * The component: an OCI reference such as `registry.example/echo:1.0`, or `file:///path` on a host that allows files.
   */
  image: string;
  /** When the image is fetched. Absent: `Always` for the tag `latest` or no tag, else `IfNotPresent`. */
  imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never' | undefined;
  /**
   * Secrets of this namespace with registry credentials (type `kubernetes.io/dockerconfigjson`), tried in order before
   * those of the lattice.
   */
  imagePullSecrets?: SecretReference[] | undefined;
  /**
   * Id in the lattice, by which links name it; shared by all replicas. Immutable. Absent means the name of the
   * distribution.
   */
  componentId?: string | undefined;
  /**
   * Configuration that the component reads through `wasi:config`; a change reaches running instances. Merged in the
   * order values, configFrom, secretFrom; where a key occurs twice the later source wins.
   */
  config?: Config | undefined;
  /** Bounds that the host enforces on each instance. */
  limits?: ActorLimits | undefined;
  /**
   * Whether an instance serves one call after the other (`Always`), or only one (`Never`): for components whose
   * instances cannot be used again, or must not keep anything from one call to the next. @default 'Always'
   */
  reuse?: 'Always' | 'Never' | undefined;
  /** Taints of hosts that the actor puts up with. */
  tolerations?: Toleration[] | undefined;
}

/**
 * The provider: the spec of a WasmCloudProvider with runtime `Process`, less what the distribution decides itself
 * (host).
 */
export interface ProviderTemplate {
  /**
   * `builtin://NAME` for a provider that is part of the host, the OCI reference of a provider archive or binary, or
   * `file:///path` on hosts that allow files.
   */
  image: string;
  /** When the image is fetched. Absent: `Always` for the tag `latest` or no tag, else `IfNotPresent`. */
  imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never' | undefined;
  /**
   * Secrets of this namespace with registry credentials (type `kubernetes.io/dockerconfigjson`), tried in order before
   * those of the lattice.
   */
  imagePullSecrets?: SecretReference[] | undefined;
  /**
   * Id in the lattice, by which links name it; shared by all replicas. Immutable. Absent means the name of the
   * distribution.
   */
  componentId?: string | undefined;
  /**
   * Configuration that the provider starts with; a change reaches it while it runs. Merged in the order values,
   * configFrom, secretFrom; where a key occurs twice the later source wins.
   */
  config?: Config | undefined;
  /** Taints of hosts that the provider puts up with. */
  tolerations?: Toleration[] | undefined;
  /**
   * When a provider that ended is started again; waits grow from try to try and show in the status. @default 'Always'
   */
  restartPolicy?: 'Always' | 'OnFailure' | 'Never' | undefined;
  /**
   * A Kubernetes Service of the provider's name that the reconciler keeps pointed at the hosts or pods that serve it.
   */
  service?: ProviderService | undefined;
}

/** One group of hosts. */
export interface SpreadGroup {
  /** Name of the group. */
  name: string;
  /**
   * Labels of the hosts in the group. All of matchLabels and matchExpressions must hold; empty selects every host.
   */
  selector?: LabelSelector | undefined;
  /** Share of the group, relative to the other groups. @default 100 */
  weight?: number | undefined;
  /** Fewest instances in the group. Absent means 0. */
  min?: number | undefined;
  /** Most instances in the group. Absent means no bound. */
  max?: number | undefined;
}

/** How a change of the template reaches the hosts. */
export interface RolloutStrategy {
  /**
   * `RollingUpdate`: step by step within bounds. `Recreate`: old ones take no more calls before new ones start.
   * `Canary`: growing shares of the calls, for a share of the instances gets that share of them. `BlueGreen`: a whole
   * new set beside the old one that takes no calls until all of it is available, then all at once; while `paused`, the
   * switch waits. A host takes one provider of an id at a time, so providers are replaced in place: one host after the
   * other, or by `BlueGreen` on all hosts at once. @default 'RollingUpdate'
   */
  type?: 'RollingUpdate' | 'Recreate' | 'Canary' | 'BlueGreen' | undefined;
  /** Bounds of `RollingUpdate`. Absent means 25% more and none fewer. */
  rollingUpdate?: RollingUpdate | undefined;
  /**
   * Steps of `Canary`. It is given up, and the old instances take all calls again, when its calls fail, when an
   * instance that was ready no longer is, and at the progress deadline.
   */
  canary?: Canary | undefined;
}

/** Bounds of `RollingUpdate`. Absent means 25% more and none fewer. */
export interface RollingUpdate {
  /** Instances above the wanted number during a rollout: a number, or a percentage, rounded up. @default '25%' */
  maxSurge?: number | string | undefined;
  /** Instances below the wanted number during a rollout: a number, or a percentage, rounded down. @default 0 */
  maxUnavailable?: number | string | undefined;
}

/**
 * Steps of `Canary`. It is given up, and the old instances take all calls again, when its calls fail, when an instance
 * that was ready no longer is, and at the progress deadline.
 */
export interface Canary {
  /** Shares of the new template, one after the other. */
  steps: CanaryStep[];
  /**
   * Whether the last step is followed by the full rollout. When false, it waits until this is set to true.
   * @default true
   */
  autoPromote?: boolean | undefined;
  /**
   * How many of its calls may fail before the canary is given up. Failed are calls that were not answered, and HTTP
   * responses with a status of 500 or more. May be changed meanwhile.
   */
  analysis?: CallAnalysis | undefined;
}

/** One share. */
export interface CanaryStep {
  /** Percentage of the instances that are of the new template. */
  weight: number;
  /** Time to watch this step, in seconds, before the next. @default 0 */
  pauseSeconds?: number | undefined;
}

/** Asks for an earlier template; the reconciler copies it into `template` and removes this. */
export interface Rollback {
  /** Number of the ControllerRevision; 0 means the one before the current. */
  revision: number;
}

/** What the reconciler found. */
export interface WasmCloudDistributionStatus {
  /** The `metadata.generation` that this status is about. */
  observedGeneration?: number | undefined;
  /** Instances that exist, of all revisions. */
  instances?: number | undefined;
  /** Instances of the current template. */
  updatedInstances?: number | undefined;
  /** Instances that are ready. */
  readyInstances?: number | undefined;
  /** Instances that have been ready for `minReadySeconds`. */
  availableInstances?: number | undefined;
  /** Label selector in text form of the objects that the distribution owns, for autoscalers. */
  selector?: string | undefined;
  /**
   * ControllerRevision that the instances had before the present rollout; equal to updateRevision when it is done.
   */
  currentRevision?: string | undefined;
  /** ControllerRevision of the current template. */
  updateRevision?: string | undefined;
  /** How far the present rollout is; what the reconciler goes on from. */
  rollout?: RolloutProgress | undefined;
  /** Whether instances are moving to even out the spread. */
  rebalancing?: boolean | undefined;
  /** How the instances lie on the groups. */
  spread?: SpreadStatus[] | undefined;
  /**
   * Latest observations of the state, one a type. `Ready` sums them up; `Reconciling` and `Stalled` are present only
   * while true.
   */
  conditions?: Condition[] | undefined;
}

/** How far the present rollout is; what the reconciler goes on from. */
export interface RolloutProgress {
  /** Revision that is rolled out. */
  revision: string;
  /** When it last got further; `progressDeadlineSeconds` counts from here. */
  advancedAt: string;
  /** How far it was then; only more than this is an advance. */
  mark: number;
  /** Instances that were wanted then. */
  desired: number;
  /** Whether it was paused then. */
  paused?: boolean | undefined;
  /** Step of a canary, from 0. */
  step?: number | undefined;
  /** Since when that step has been reached; `pauseSeconds` counts from here. */
  stepSince?: string | undefined;
  /** Why a canary was given up. Holds until the template changes. */
  aborted?: string | undefined;
}

/** One group of hosts. */
export interface SpreadStatus {
  /** Name of the group. */
  name: string;
  /** Instances that it should have. */
  desired?: number | undefined;
  /** Instances that are ready in it. */
  ready?: number | undefined;
  /** Hosts that could take instances. */
  eligibleHosts?: number | undefined;
}

/** Settings of the lattice. */
export interface WasmCloudLatticeSpec {
  /** The NATS that carries the calls of this lattice. Absent means the one that each host is configured with. */
  nats?: LatticeNats | undefined;
  /** Id of the lattice, the first token of its NATS subjects. Immutable. Absent means the namespace's name. */
  latticeId?: string | undefined;
  /**
   * Secrets of this namespace with registry credentials, tried after those that an actor or provider names itself.
   */
  imagePullSecrets?: SecretReference[] | undefined;
}

/** The NATS that carries the calls of this lattice. Absent means the one that each host is configured with. */
export interface LatticeNats {
  /** Address of the server, e.g. `nats://nats.example:4222`. Absent means the host's. */
  url?: string | undefined;
  /** Secret of this namespace with a NATS credentials file. */
  credentialsSecretRef?: SecretKeyReference | undefined;
  /** TLS to the server. Absent means TLS only where the server or the address asks for it. */
  tls?: NatsTls | undefined;
  /** JetStream domain of the lattice's buckets. Absent means the server's own. */
  jetstreamDomain?: string | undefined;
}

/** Secret of this namespace with a NATS credentials file. */
export interface SecretKeyReference {
  /** Name of the Secret. */
  name: string;
  /** Key of the credentials file in the Secret. @default 'nats.creds' */
  key?: string | undefined;
}

/** TLS to the server. Absent means TLS only where the server or the address asks for it. */
export interface NatsTls {
  /** Secret of this namespace with `ca.crt` and, for a client certificate, `tls.crt` and `tls.key`. */
  secretRef: SecretReference;
}

/** What the reconciler found. */
export interface WasmCloudLatticeStatus {
  /** The `metadata.generation` that this status is about. */
  observedGeneration?: number | undefined;
  /** Ready hosts that serve the lattice. */
  hosts?: number | undefined;
  /** Actors in the lattice. */
  actors?: number | undefined;
  /** Providers in the lattice. */
  providers?: number | undefined;
  /** Links in the lattice. */
  links?: number | undefined;
  /**
   * Latest observations of the state, one a type. `Ready` sums them up; `Reconciling` and `Stalled` are present only
   * while true.
   */
  conditions?: Condition[] | undefined;
}
