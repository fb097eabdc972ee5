import { suggest } from '../api/suggest';
import type { LinkTrait } from './application';

/** The interfaces that hosts and providers of wasmCloud 1.9 know, by package. */
const known: Readonly<Record<string, readonly string[]>> = {
  'wasi:blobstore': ['blobstore', 'container', 'types'],
  'wasi:config': ['runtime', 'store'],
  'wasi:http': ['incoming-handler', 'outgoing-handler'],
  'wasi:keyvalue': ['atomics', 'batch', 'store', 'watch', 'watcher'],
  'wasi:logging': ['logging'],
  'wasmcloud:bus': ['lattice'],
  'wasmcloud:cron': ['scheduler'],
  'wasmcloud:messaging': ['consumer', 'handler', 'request-reply'],
  'wasmcloud:postgres': ['query', 'prepared', 'managed-query'],
  'wasmcloud:secrets': ['store', 'reveal'],
  'wrpc:blobstore': ['blobstore'],
  'wrpc:http': ['incoming-handler', 'outgoing-handler'],
  'wrpc:keyvalue': ['atomics', 'store'],
};
/** Namespaces in which a package that is not known is likely a slip. Those of wasmCloud are open: providers bring packages of their own. */
const closed = ['wasi', 'wrpc'];

/** Warns of packages and interfaces that look like slips. Interfaces of one's own are nobody's business. */
export function checkInterfaces({ namespace, package: name, interfaces, at }: LinkTrait): void {
  const full = `${namespace}:${name}`;
  const inPackage = Object.hasOwn(known, full) ? known[full] : undefined;
  if (inPackage === undefined) {
    if (closed.includes(namespace)) {
      const packages = Object.keys(known).filter((one) => one.startsWith(`${namespace}:`));
      at.at('package').warn(`is not known: ${full}; ${suggest(full, packages)}`);
    }
    return;
  }
  for (const [index, one] of at.at('interfaces').items().entries()) {
    const text = interfaces[index];
    if (text !== undefined && !inPackage.includes(text))
      one.warn(`is not known in ${full}: ${text}; ${suggest(text, inPackage)}`);
  }
}
