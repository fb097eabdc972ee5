/** The programs that a local lattice is made of. */
export type ToolName =
  | 'k3s'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kubectl'
  | 'kine'
  | 'nats-server'
  | 'registry'
  | 'node';

/** A release as `[major, minor]`; what is finer never decides. */
export type Version = readonly [major: number, minor: number];

/** Where a tool may come from, in the order that `tool()` tries. */
export interface ToolSpec {
  /** Arguments that make it print its version; its first `N.N` is taken. */
  readonly versionArgs: readonly string[];
  /** Which versions found on PATH serve. */
  readonly suits: (version: Version) => boolean;
  /** `suits` for people, e.g. `1.35`. */
  readonly wanted: string;
  /** The Go module under lib/local/tools that it is built from; undefined when it cannot be. */
  readonly build?: GoModule;
}

/** Commands that are built together from one pinned Go module. */
export interface GoModule {
  /** Folder under lib/local/tools. */
  readonly folder: string;
  /** Names the cache entry; go.sum decides what it holds. */
  readonly version: string;
  /** The packages of the commands. */
  readonly commands: readonly string[];
  readonly ldflags?: string;
  /** Whether a C compiler is needed. */
  readonly cgo: boolean;
  /** How long it takes, for people who wait for it. */
  readonly takes: string;
}

const kubernetes: GoModule = {
  folder: 'kubernetes',
  version: '1.35.4',
  commands: [
    'k8s.io/kubernetes/cmd/kube-apiserver',
    'k8s.io/kubernetes/cmd/kube-controller-manager',
    'k8s.io/kubernetes/cmd/kubectl',
  ],
  ldflags: '-X k8s.io/component-base/version.gitVersion=v1.35.4',
  cgo: false,
  takes: '6 to 10 minutes',
};

const atLeast =
  (major: number, minor: number) =>
  ([foundMajor, foundMinor]: Version): boolean =>
    foundMajor > major || (foundMajor === major && foundMinor >= minor);

export const toolSpecs: Readonly<Record<ToolName, ToolSpec>> = {
  // 1.32: selectable fields of custom resources, which hosts watch by, are on without a feature gate.
  k3s: { versionArgs: ['--version'], suits: atLeast(1, 32), wanted: '1.32 or newer' },
  'kube-apiserver': {
    versionArgs: ['--version'],
    suits: ([major, minor]) => major === 1 && minor === 35,
    wanted: '1.35',
    build: kubernetes,
  },
  'kube-controller-manager': {
    versionArgs: ['--version'],
    suits: ([major, minor]) => major === 1 && minor === 35,
    wanted: '1.35',
    build: kubernetes,
  },
  kubectl: {
    versionArgs: ['version', '--client'],
    // One minor version to either side of the API server is what Kubernetes supports.
    suits: ([major, minor]) => major === 1 && minor >= 34 && minor <= 36,
    wanted: '1.34 to 1.36',
    build: kubernetes,
  },
  kine: {
    versionArgs: ['--version'],
    suits: atLeast(0, 14),
    wanted: '0.14 or newer',
    build: {
      folder: 'kine',
      version: '0.17.5',
      commands: ['github.com/k3s-io/kine'],
      cgo: true,
      takes: '2 to 4 minutes',
    },
  },
  'nats-server': {
    versionArgs: ['--version'],
    suits: atLeast(2, 10),
    wanted: '2.10 or newer',
    build: {
      folder: 'nats',
      version: '2.12.4',
      commands: ['github.com/nats-io/nats-server/v2'],
      cgo: false,
      takes: 'about a minute',
    },
  },
  registry: {
    versionArgs: ['--version'],
    suits: atLeast(3, 0),
    wanted: '3.0 or newer',
    build: {
      folder: 'registry',
      version: '3.1.2',
      commands: ['github.com/distribution/distribution/v3/cmd/registry'],
      cgo: false,
      takes: '1 to 2 minutes',
    },
  },
  // 24: WebAssembly promise integration and type stripping are on by default.
  node: { versionArgs: ['--version'], suits: atLeast(24, 0), wanted: '24 or newer' },
};

/** The variable that names a tool's binary outright, e.g. `KASMCLOUD_KUBE_APISERVER`. */
export function toolVariable(name: ToolName): string {
  return `KASMCLOUD_${name.toUpperCase().replaceAll('-', '_')}`;
}
