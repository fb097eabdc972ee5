import { existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { ProgramSpec } from './keeper';
import { writeKubeconfig } from './kubeconfig';
import type { Pki } from './pki';
import { loopback } from './ports';
import { apiServerReady } from './probes';

/** What the programs of a control plane need to know of each other. */
export interface ControlPlanePlan {
  /** Folder of the datastore. */
  readonly dir: string;
  readonly logDir: string;
  readonly port: number;
  readonly pki: Pki;
  /** Further flags of the API server, e.g. `--audit-log-path=audit.log`. */
  readonly apiServerArgs?: readonly string[];
}

/** Paths of the binaries. */
export interface KubernetesBinaries {
  readonly kine: string;
  readonly apiServer: string;
  readonly controllerManager: string;
}

/**
 * The controllers that an API server without nodes needs: owner references and foreground deletion mean nothing without the garbage
 * collector, a deleted namespace stays for ever without the namespace controller, and the standard roles `admin`, `edit` and `view` learn
 * of the lattice's kinds by aggregation. Everything else moves pods, nodes and volumes, and there are none.
 */
const controllers = [
  'garbage-collector-controller',
  'namespace-controller',
  'clusterrole-aggregation-controller',
];

/** The control plane as the programs that K3s is made of, in the order that they start in. */
export function kubernetesPrograms(plan: ControlPlanePlan, binaries: KubernetesBinaries): ProgramSpec[] {
  mkdirSync(plan.dir, { recursive: true, mode: 0o700 });
  return [
    kine(plan, binaries.kine),
    apiServer(plan, binaries.apiServer),
    controllerManager(plan, binaries.controllerManager),
  ];
}

// Relative to the working directory: the path of a Unix socket may not be longer than about a hundred bytes.
const socket = 'unix://kine.sock';

function kine({ dir, logDir }: ControlPlanePlan, command: string): ProgramSpec {
  const socketFile = path.join(dir, 'kine.sock');
  rmSync(socketFile, { force: true });
  return {
    name: 'kine',
    command,
    args: [
      `--listen-address=${socket}`,
      // Without a flush to the disk at each write: what a killed process has written stays, only a power cut may take the last of it.
      '--endpoint=sqlite://state.db?_journal=WAL&_synchronous=NORMAL&cache=shared&_busy_timeout=30000&_txlock=immediate',
      '--metrics-bind-address=0',
    ],
    cwd: dir,
    logFile: path.join(logDir, 'kine.log'),
    serves: async () => existsSync(socketFile),
  };
}

function apiServer(
  { dir, logDir, port, pki, apiServerArgs = [] }: ControlPlanePlan,
  command: string,
): ProgramSpec {
  const serving = pki.serverFiles('kube-apiserver', [
    loopback,
    'localhost',
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
  ]);
  const serviceAccount = pki.serviceAccountKey();
  return {
    name: 'kube-apiserver',
    command,
    args: [
      `--etcd-servers=${socket}`,
      `--bind-address=${loopback}`,
      `--secure-port=${port}`,
      `--tls-cert-file=${serving.cert}`,
      `--tls-private-key-file=${serving.key}`,
      `--client-ca-file=${serving.ca}`,
      '--anonymous-auth=false',
      '--authorization-mode=RBAC',
      `--service-account-key-file=${serviceAccount.publicKey}`,
      `--service-account-signing-key-file=${serviceAccount.privateKey}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      '--service-cluster-ip-range=10.96.0.0/16',
      // Nobody reaches this server through the `kubernetes` service.
      '--endpoint-reconciler-type=none',
      '--profiling=false',
      ...apiServerArgs,
    ],
    // A fifth less memory for a second of processor time at the start.
    env: { GOGC: '50' },
    cwd: dir,
    logFile: path.join(logDir, 'kube-apiserver.log'),
    serves: apiServerReady(port, pki.ca, pki.client('kasmcloud:probe', 'system:monitoring')),
  };
}

function controllerManager({ dir, logDir, port, pki }: ControlPlanePlan, command: string): ProgramSpec {
  const kubeconfig = path.join(dir, 'kube-controller-manager.kubeconfig');
  writeKubeconfig(kubeconfig, {
    server: `https://${loopback}:${port}`,
    ca: pki.ca,
    client: pki.client('system:kube-controller-manager'),
    context: 'kube-controller-manager',
  });
  return {
    name: 'kube-controller-manager',
    command,
    args: [
      `--kubeconfig=${kubeconfig}`,
      `--controllers=${controllers.join(',')}`,
      // Each controller with its own rights, as in a cluster.
      '--use-service-account-credentials=true',
      // There is only one, and its keeper starts it again sooner than a lease would run out.
      '--leader-elect=false',
      '--secure-port=0',
      '--profiling=false',
    ],
    cwd: dir,
    logFile: path.join(logDir, 'kube-controller-manager.log'),
  };
}
