import path from 'node:path';
import { HOST_USER_PREFIX } from '../api';
import { k3sProgram } from './k3s-program';
import { Keeper, type ProgramListener, type ProgramSpec } from './keeper';
import { writeKubeconfig } from './kubeconfig';
import { kubernetesPrograms, type ControlPlanePlan } from './kubernetes-programs';
import { Pki } from './pki';
import { choosePort, isFree, loopback } from './ports';
import { silent, type Progress } from './progress';
import { findTool, tool } from './tool';

/** Who a kubeconfig speaks as. `admin` may do everything; the others what their RBAC roles say. */
export type Role = 'admin' | 'host' | 'reconciler';

export interface ControlPlaneOptions {
  /** Folder of all its data: keys, datastore, kubeconfig files, logs. */
  readonly dir: string;
  /** Port of the API server; an error when it is taken. @default the one used before, else any that is free */
  readonly port?: number | undefined;
  /** Port that was used before. */
  readonly previousPort?: number | undefined;
  /** Further flags of the API server. */
  readonly apiServerArgs?: readonly string[];
  readonly progress?: Progress;
  readonly onChange?: ProgramListener;
  /** Gives the start up. */
  readonly signal?: AbortSignal;
}

/** Group of all hosts. */
export const hostGroup = 'kasmcloud:hosts';
/** User of the reconciler. */
export const reconcilerUser = 'kasmcloud:reconciler';

const stopMs = 5_000;
const attempts = 3;

/** A Kubernetes API server on the loopback address, with its datastore and the controllers that it needs. */
export class ControlPlane {
  private constructor(
    private readonly dir: string,
    readonly port: number,
    readonly pki: Pki,
    /** Its programs, in the order that they were started in. */
    readonly programs: readonly Keeper[],
  ) {}

  /**
   * Starts a control plane and resolves when its API server is ready.
   * @throws KasmError when a tool is missing, the port that was asked for is taken, or a program does not start
   */
  static async start(options: ControlPlaneOptions): Promise<ControlPlane> {
    const { dir, progress = silent, onChange, port: asked, apiServerArgs = [] } = options;
    const plan = await planner(progress);
    const pki = new Pki(path.join(dir, 'pki'));
    for (let attempt = 1; ; attempt++) {
      const port = await choosePort('port of the API server', { asked, previous: options.previousPort });
      const specs = plan({
        dir: path.join(dir, 'control-plane'),
        logDir: path.join(dir, 'logs'),
        port,
        pki,
        apiServerArgs,
      });
      const programs = specs.map((spec) => new Keeper(spec, onChange));
      const controlPlane = new ControlPlane(dir, port, pki, programs);
      try {
        for (const program of programs) await program.start(options.signal);
        return controlPlane;
      } catch (error) {
        await controlPlane.stop();
        // Somebody took the port between the look and the start: a port that nobody asked for is only a suggestion.
        if (!options.signal?.aborted && asked === undefined && attempt < attempts && !(await isFree(port)))
          continue;
        throw error;
      }
    }
  }

  /** `https://127.0.0.1:PORT` */
  get url(): string {
    return `https://${loopback}:${this.port}`;
  }

  /** Writes a kubeconfig file for a role and returns its path. @param name Of the host, where the role is `host` */
  kubeconfig(role: Role, name = 'local'): string {
    const client = {
      admin: () => this.pki.client('kasmcloud:admin', 'system:masters'),
      host: () => this.pki.client(`${HOST_USER_PREFIX}${name}`, hostGroup),
      reconciler: () => this.pki.client(reconcilerUser),
    }[role]();
    const file =
      role === 'admin' ? 'kubeconfig' : role === 'host' ? `host-${name}.kubeconfig` : `${role}.kubeconfig`;
    writeKubeconfig(path.join(this.dir, file), {
      server: this.url,
      ca: this.pki.ca,
      client,
      context: role === 'admin' ? `kasmcloud-${path.basename(this.dir)}` : role,
    });
    return path.join(this.dir, file);
  }

  /** Stops its programs in reverse order; the data stays. */
  async stop(): Promise<void> {
    for (const program of [...this.programs].reverse()) await program.stop(stopMs);
  }
}

/** What the control plane is made of here: K3s when this machine has it, else the parts that it is made of. */
async function planner(progress: Progress): Promise<(plan: ControlPlanePlan) => ProgramSpec[]> {
  const k3s = await findTool('k3s');
  if (k3s !== undefined) return (plan) => [k3sProgram(plan, k3s.path)];
  const binaries = {
    kine: await tool('kine', { progress }),
    apiServer: await tool('kube-apiserver', { progress }),
    controllerManager: await tool('kube-controller-manager', { progress }),
  };
  return (plan) => kubernetesPrograms(plan, binaries);
}

/** Starts a control plane and resolves when it is ready; see {@link ControlPlane.start}. */
export function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  return ControlPlane.start(options);
}
