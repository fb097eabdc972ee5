/** WIT interfaces of one package, in parts. */
export interface WitInterfaces {
  /** @example 'wasi' */
  readonly namespace: string;
  /** @example 'http' */
  readonly package: string;
  /** @example ['incoming-handler'] */
  readonly interfaces: readonly string[];
}

/**
 * WIT interfaces of one package: `wasi:http/incoming-handler`, several as `wasi:keyvalue/store,atomics` or as a list
 * `['wasi:keyvalue/store', 'wasi:keyvalue/atomics']`, or in parts. A version (`@0.2.0`) may be given and plays no part: the lattice
 * links interfaces by name.
 */
export type Wit = string | readonly string[] | WitInterfaces;

const form = /^([^:/@,\s]+):([^:/@,\s]+)\/([^:/@\s]+)(@\S+)?$/;

/**
 * Reads any form of {@link Wit}.
 *
 * @throws when a text is not of the form `namespace:package/interface`, or when the interfaces are of more than one package
 */
export function parseWit(wit: Wit): WitInterfaces {
  if (typeof wit === 'string') return parseText(wit);
  if (!isList(wit)) return wit;
  const [first, ...others] = wit.map(parseText);
  if (first === undefined)
    throw new Error('wit must name an interface, got []: give it as namespace:package/interface');
  const stranger = others.find((one) => one.namespace !== first.namespace || one.package !== first.package);
  if (stranger !== undefined)
    throw new Error(
      `wit must name interfaces of one package, got ${first.namespace}:${first.package} and ${stranger.namespace}:${stranger.package}: make one link for each package`,
    );
  return { ...first, interfaces: [...new Set([first, ...others].flatMap((one) => one.interfaces))] };
}

function parseText(text: string): WitInterfaces {
  const [, namespace, name, interfaces] = form.exec(text) ?? [];
  if (namespace === undefined || name === undefined || interfaces === undefined)
    throw new Error(
      `wit must be of the form namespace:package/interface, got "${text}": for example wasi:http/incoming-handler`,
    );
  return { namespace, package: name, interfaces: interfaces.split(',') };
}

function isList(wit: Wit): wit is readonly string[] {
  return Array.isArray(wit);
}
