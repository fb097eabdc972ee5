import { execFile } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; annotations?: Record<string, string> };
  [field: string]: unknown;
}

/** Where the stand-in for the Kubernetes plugin puts objects. */
export interface Cluster {
  /** Applies an object, and resolves with it as it then is. */
  apply(manifest: Manifest, preview: boolean): Promise<Manifest>;
  get(manifest: Manifest): Promise<Manifest | undefined>;
  delete(manifest: Manifest): Promise<void>;
}

/** A real one, through kubectl. */
export class KubectlCluster implements Cluster {
  constructor(
    private readonly kubectl: string,
    private readonly kubeconfig: string,
    /** Gets `begin KIND` and `end KIND` for each object that is applied. */
    private readonly trace: string[],
  ) {}

  async apply(manifest: Manifest, preview: boolean): Promise<Manifest> {
    if (preview) return manifest;
    this.trace.push(`begin ${manifest.kind}`);
    const args = [
      'apply',
      '--server-side',
      '--force-conflicts',
      '--field-manager=pulumi',
      '-f',
      '-',
      '-o',
      'json',
    ];
    const applied = JSON.parse(await this.run(args, JSON.stringify(manifest))) as Manifest;
    const awaited =
      manifest.kind === 'CustomResourceDefinition'
        ? 'condition=Established'
        : manifest.metadata.annotations?.['pulumi.com/waitFor'];
    if (awaited !== undefined) await this.wait(awaited, manifest);
    this.trace.push(`end ${manifest.kind}`);
    return (awaited !== undefined && (await this.get(manifest))) || applied;
  }

  async get(manifest: Manifest): Promise<Manifest | undefined> {
    const text = await this.run(['get', '--ignore-not-found', '-o', 'json', ...address(manifest)]);
    return text === '' ? undefined : (JSON.parse(text) as Manifest);
  }

  async delete(manifest: Manifest): Promise<void> {
    await this.run(['delete', '--ignore-not-found', '--timeout=300s', ...address(manifest)]);
  }

  private async wait(awaited: string, manifest: Manifest): Promise<void> {
    const args = ['wait', `--for=${awaited}`, '--timeout=60s', ...address(manifest)];
    await this.run(args).catch(async (error: unknown) => {
      // The API server makes a new CRD with `conditions: null`, which kubectl takes for an error, not for none yet.
      if (!String(error).includes('accessor error')) throw error;
      await setTimeout(1_000);
      await this.run(args);
    });
  }

  private run(args: string[], input?: string): Promise<string> {
    const running = promisify(execFile)(this.kubectl, ['--kubeconfig', this.kubeconfig, ...args], {
      maxBuffer: 64 * 1024 * 1024,
    });
    running.child.stdin?.end(input);
    return running.then(({ stdout }) => stdout);
  }
}

/** Arguments by which kubectl finds an object. */
function address({ apiVersion, kind, metadata }: Manifest): string[] {
  const [version, group] = apiVersion.split('/').reverse();
  const type = group === undefined ? kind : `${kind}.${version}.${group}`;
  return [
    type,
    metadata.name,
    ...(metadata.namespace === undefined ? [] : ['--namespace', metadata.namespace]),
  ];
}
