import type { Config, ConfigMap } from '../api';
import type { Policy } from './application';
import { qualifiedId } from './names';
import { notesOf, type WrittenSecret } from './notes';
import type { WrittenConfig, WrittenEnd } from './manifest';

/** The policy of secrets that nobody says the backend of: the one that reads Secrets of Kubernetes. */
export const kubernetesPolicy: Policy = {
  name: 'kubernetes-secrets',
  type: 'policy.secret.wasmcloud.dev/v1alpha1',
  properties: { backend: 'kube' },
};

/** What one Application says of configuration: each with its properties once, and by its id in the lattice after that. */
export class ConfigWriter {
  /** Whether a secret needs {@link kubernetesPolicy}. */
  needsPolicy = false;

  private readonly written = new Set<string>();

  constructor(
    private readonly application: string,
    private readonly configMaps: ReadonlyMap<string, ConfigMap>,
  ) {}

  /**
   * What a manifest says for a configuration of ours.
   * @param label Name for the values that stand in it
   * @param noted Where the values of its Secrets come from, as far as that is known
   */
  endOf(
    config: Config | undefined,
    label: string,
    noted: readonly WrittenSecret[],
    warn: (message: string) => void,
  ): WrittenEnd {
    const entries = [
      ...(config?.values ? [{ name: label, properties: config.values }] : []),
      ...(config?.configFrom ?? []).map(({ name, optional }) => this.configOf(name, optional === true, warn)),
    ];
    const secrets = (config?.secretFrom ?? []).map(({ name }, index) =>
      this.secretOf(name, noted[index], warn),
    );
    return { ...(entries.length > 0 && { config: entries }), ...(secrets.length > 0 && { secrets }) };
  }

  private configOf(name: string, optional: boolean, warn: (message: string) => void): WrittenConfig {
    if (optional) warn(`ConfigMap ${name} is optional here, and wadm wants it to be there`);
    const found = this.configMaps.get(name);
    if (found?.metadata.labels?.['app.kubernetes.io/managed-by'] !== 'kasmcloud') {
      warn(`ConfigMap ${name} is somebody else's: make a configuration of that name in the other lattice`);
      return { name };
    }
    const notes = notesOf(found);
    const application = notes.application ?? found.metadata.labels['app.kubernetes.io/part-of'] ?? '';
    const own = notes.name ?? found.metadata.labels['app.kubernetes.io/name'] ?? name;
    if (application !== this.application || this.written.has(own))
      return { name: qualifiedId(application, own) };
    this.written.add(own);
    return { name: own, properties: found.data ?? {} };
  }

  private secretOf(
    name: string,
    noted: WrittenSecret | undefined,
    warn: (message: string) => void,
  ): WrittenSecret {
    if (noted !== undefined) return noted;
    this.needsPolicy = true;
    warn(
      `Secret ${name} stays in Kubernetes: its keys are asked for through the policy ${kubernetesPolicy.name}`,
    );
    return { name, properties: { policy: kubernetesPolicy.name, key: name } };
  }
}
