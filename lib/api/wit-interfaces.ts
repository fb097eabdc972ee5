import { suggest } from './suggest';

/** The interfaces that hosts and providers of wasmCloud 1.9 know, by package. */
const known: Readonly<Record<string, readonly string[]>> = {
  'wasi:blobstore': ['blobstore', 'container', 'types'],
  'wasi:config': ['runtime', 'store'],
  'wasi:http': ['incoming-handler', 'outgoing-handler'],
  'wasi:keyvalue': ['atomics', 'batch', 'store', 'watch', 'watcher'],
  'wasi:logging': ['logging'],
  'wasmcloud:bus': ['lattice'],
  'wasmcloud:cron': ['scheduler'],
  'wasmcloud:messaging': ['consumer', 'handler', 'incoming-handler', 'producer', 'request-reply'],
  'wasmcloud:postgres': ['query', 'prepared', 'managed-query'],
  'wasmcloud:secrets': ['store', 'reveal'],
  'wrpc:blobstore': ['blobstore'],
  'wrpc:http': ['incoming-handler', 'outgoing-handler'],
  'wrpc:keyvalue': ['atomics', 'store'],
};
/** Namespaces in which a package that is not known is likely a slip. Those of wasmCloud are open: providers bring packages of their own. */
const closed = ['wasi', 'wrpc'];

/** A package or an interface that looks like a slip. */
export interface WitSlip {
  /** Index of the interface; absent where the package is meant. */
  readonly interface?: number;
  /** What is not known, e.g. `wasi:htpp`, or `incoming-handlr`. */
  readonly got: string;
  /** What is known instead. */
  readonly remedy: string;
}

/** Packages and interfaces that look like slips. Interfaces of one's own are nobody's business. */
export function witSlips(wit: {
  readonly namespace: string;
  readonly package: string;
  readonly interfaces: readonly string[];
}): WitSlip[] {
  const full = `${wit.namespace}:${wit.package}`;
  const inPackage = Object.hasOwn(known, full) ? known[full] : undefined;
  if (inPackage !== undefined)
    return wit.interfaces.flatMap((got, index) =>
      inPackage.includes(got) ? [] : [{ interface: index, got, remedy: suggest(got, inPackage) }],
    );
  if (!closed.includes(wit.namespace)) return [];
  const packages = Object.keys(known).filter((one) => one.startsWith(`${wit.namespace}:`));
  return [{ got: full, remedy: suggest(full, packages) }];
}
