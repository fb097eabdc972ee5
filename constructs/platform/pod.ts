import { ApiObject, Duration, JsonPatch, Size } from 'cdk8s';
import type * as k8splus from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import type { INamedObject } from '../config';
import { kplus } from './kplus';
import { partLabels, partName, podSelector } from './names';

/** cdk8s-plus lists them one by one; Kubernetes has a word for all. */
const everyCapability = 'ALL' as k8splus.Capability;

/** User and group that the images of the platform run as. */
export const runAs = 65_532;

/** Where the roles of the `kasmcloud` program answer probes and Prometheus. */
export const adminPort = 9090;

/** Processor and memory of a container, as Kubernetes writes them. */
export interface Resources {
  /** Millicores asked for, and the most of them; no `limit` means no throttling. */
  readonly cpu?: { readonly request?: number; readonly limit?: number };
  /** Mebibytes asked for, and the most of them. */
  readonly memory?: { readonly request?: number; readonly limit?: number };
}

/** What every workload of the platform can be given. */
export interface PartProps {
  /**
   * Processor and memory of the container.
   *
   * @default - what suits a small installation; no limit of the processor
   */
  readonly resources?: Resources;
  /**
   * Secret with registry credentials.
   *
   * @default - none
   */
  readonly imagePullSecret?: k8splus.ISecret;
  /**
   * Whether a NetworkPolicy lets in only what the part serves.
   *
   * @default true
   */
  readonly networkPolicy?: boolean;
}

/** What the pods of all parts have in common: no root, no service account token, standard labels. */
export function podProps(part: Construct, app: string, props: PartProps, graceSeconds: number) {
  const labels = partLabels(part, app);
  return {
    metadata: { name: partName(part), labels },
    podMetadata: { labels },
    select: false,
    securityContext: { user: runAs, group: runAs, fsGroup: runAs, ensureNonRoot: true },
    terminationGracePeriod: Duration.seconds(graceSeconds),
    ...(props.imagePullSecret && {
      dockerRegistryAuth: byReference('imagePullSecret', props.imagePullSecret),
    }),
  };
}

/** What the containers of all parts have in common: a root that cannot be written, no capabilities. */
export function containerProps(resources: Resources | undefined, usual: Required<Resources>) {
  const { cpu = usual.cpu, memory = usual.memory } = resources ?? {};
  return {
    // Tags of the platform are of versions, which do not change.
    imagePullPolicy: kplus.ImagePullPolicy.IF_NOT_PRESENT,
    securityContext: {
      user: runAs,
      group: runAs,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: [everyCapability] },
    },
    resources: {
      cpu: {
        ...(cpu.request !== undefined && { request: kplus.Cpu.millis(cpu.request) }),
        ...(cpu.limit !== undefined && { limit: kplus.Cpu.millis(cpu.limit) }),
      },
      memory: {
        ...(memory.request !== undefined && { request: Size.mebibytes(memory.request) }),
        ...(memory.limit !== undefined && { limit: Size.mebibytes(memory.limit) }),
      },
    },
  };
}

/** Completes a workload with what cdk8s-plus has no word for. */
export function finish(part: Construct, app: string, workload: k8splus.Workload): void {
  workload.select(kplus.LabelSelector.of({ labels: podSelector(part, app) }));
  ApiObject.of(workload).addJsonPatch(
    JsonPatch.add('/spec/template/spec/securityContext/seccompProfile', { type: 'RuntimeDefault' }),
  );
}

/** Probes of a role of the `kasmcloud` program: restart what does not answer, send nothing to what does not do its work. */
export function adminProbes(livez = '/healthz') {
  const probe = (path: string, failureThreshold: number) =>
    kplus.Probe.fromHttpGet(path, {
      port: adminPort,
      failureThreshold,
      periodSeconds: Duration.seconds(5),
      timeoutSeconds: Duration.seconds(3),
    });
  return { startup: probe(livez, 24), liveness: probe(livez, 6), readiness: probe('/readyz', 2) };
}

/** Gives each pod of a StatefulSet a volume of its own, for which cdk8s-plus has no word. */
export function claimVolume(
  part: Construct,
  app: string,
  workload: k8splus.StatefulSet,
  volume: { readonly size: string; readonly storageClass?: string | undefined; readonly mountPath: string },
): void {
  const template = {
    metadata: { name: 'data', labels: partLabels(part, app) },
    spec: {
      accessModes: ['ReadWriteOnce'],
      ...(volume.storageClass !== undefined && { storageClassName: volume.storageClass }),
      // Patches come before cdk8s-plus reads its own form of a quantity.
      resources: { requests: { storage: { value: volume.size } } },
    },
  };
  ApiObject.of(workload).addJsonPatch(
    JsonPatch.add('/spec/volumeClaimTemplates', [template]),
    JsonPatch.add('/spec/template/spec/containers/0/volumeMounts/-', {
      name: 'data',
      mountPath: volume.mountPath,
    }),
  );
}

/** What is wrong with the size of a volume. */
export function sizeIssues(property: string, size: string | undefined): string[] {
  if (size === undefined || /^[1-9][0-9]*(Mi|Gi|Ti)$/.test(size)) return [];
  return [`${property} must be in Mi, Gi or Ti, got ${JSON.stringify(size)}: for example 10Gi`];
}

/** Lets evictions take one pod of a part at a time. */
export function disruptionBudget(part: Construct, app: string): void {
  new kplus.k8s.KubePodDisruptionBudget(part, 'DisruptionBudget', {
    metadata: { name: partName(part), labels: partLabels(part, app) },
    spec: {
      maxUnavailable: kplus.k8s.IntOrString.fromNumber(1),
      selector: { matchLabels: podSelector(part, app) },
    },
  });
}

/** Keeps the pods of a part on different nodes, as long as there are enough. */
export function separate(workload: k8splus.Deployment | k8splus.StatefulSet): void {
  workload.scheduling.separate(workload, { topology: kplus.Topology.HOSTNAME, weight: 100 });
}

/**
 * The Secret that was given, which only its name reaches the manifest of.
 *
 * @throws when something else was given; it is not shown, because it may be what was to be kept secret
 */
export function byReference<T extends INamedObject>(property: string, secret: T): T {
  if (Construct.isConstruct(secret) && secret.kind === 'Secret') return secret;
  throw new Error(
    `${property} must be a Secret, not its value, which would stand in the manifest for everybody to read: give Secret.fromSecretName(scope, id, name) of cdk8s-plus-27`,
  );
}
