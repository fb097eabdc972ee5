import { KasmError } from '../base/errors';

/**
 * Every subject and key that a wasmCloud 1.9 lattice uses, built and parsed in one place. All functions are pure.
 * `lattice` is the lattice's id; host ids are nkeys (N…), component and provider ids are names chosen by people.
 */

const token = /^[A-Za-z0-9_-]+$/;

/** Refuses ids that would change the shape of a subject. */
function check(what: string, id: string): string {
  if (token.test(id)) return id;
  throw new KasmError(`${what} "${id}" cannot be part of a subject`, 'Use letters, digits, "_" and "-" only');
}

// ── Calls (wRPC) ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The name of a WIT function on the wire: `[method]bucket.get` is `bucket.get`. */
export function wireFunction(name: string): string {
  return name.replace(/^\[[a-z-]+\]/, '');
}

/** Where calls of one function arrive. `instance` is the full WIT id with its version; empty for a function of the world itself. */
export function wrpcSubject(lattice: string, id: string, instance: string, func: string): string {
  const scope = instance === '' ? '' : `${instance}.`;
  return `${check('Lattice', lattice)}.${check('Id', id)}.wrpc.0.0.1.${scope}${wireFunction(func)}`;
}

/** The queue group that all replicas of a component or provider share. */
export function wrpcQueue(lattice: string, id: string): string {
  return `${check('Lattice', lattice)}.${check('Id', id)}`;
}

// ── Providers ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

const rpc = (lattice: string, id: string, tail: string): string =>
  `wasmbus.rpc.${check('Lattice', lattice)}.${check('Id', id)}.${tail}`;

/** What a host sends to a provider. `id` is the provider's id; link puts go to its public curve key when it has one. */
export const providerSubjects = {
  health: (lattice: string, id: string): string => rpc(lattice, id, 'health'),
  linkPut: (lattice: string, idOrCurveKey: string): string => rpc(lattice, idOrCurveKey, 'linkdefs.put'),
  linkDelete: (lattice: string, id: string): string => rpc(lattice, id, 'linkdefs.del'),
  shutdown: (lattice: string, id: string): string => rpc(lattice, id, 'default.shutdown'),
  configUpdate: (lattice: string, id: string): string => rpc(lattice, id, 'config.update'),
};

// ── Control interface ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** The prefix of the control interface unless a host was started with another. */
export const controlPrefix = 'wasmbus.ctl';

/** Operations that end in nothing, and what follows the lattice in their subject. */
const plainOperations = [
  'host.ping',
  'claims.get',
  'component.auction',
  'provider.auction',
  'link.put',
  'link.del',
  'link.get',
  'registry.put',
] as const;
/** Operations whose subject ends in a host id. */
const hostOperations = [
  'host.get',
  'host.stop',
  'component.scale',
  'component.update',
  'provider.start',
  'provider.stop',
  'label.put',
  'label.del',
] as const;
/** Operations whose subject ends in the name of a config. */
const configOperations = ['config.put', 'config.get', 'config.del'] as const;

/** An operation addressed to the lattice, to one host or to one named config. */
export type ControlTarget =
  | { operation: (typeof plainOperations)[number] }
  | { operation: (typeof hostOperations)[number]; hostId: string }
  | { operation: (typeof configOperations)[number]; config: string };

/** The subject of a control request. */
export function controlSubject(lattice: string, target: ControlTarget, prefix = controlPrefix): string {
  const base = `${prefix}.v1.${check('Lattice', lattice)}.${target.operation}`;
  if ('hostId' in target) return `${base}.${check('Host id', target.hostId)}`;
  return 'config' in target ? `${base}.${check('Config name', target.config)}` : base;
}

/** What a control request asks, or undefined when the subject is none that this generation knows. */
export function parseControlSubject(
  subject: string,
  prefix = controlPrefix,
): ({ lattice: string } & ControlTarget) | undefined {
  if (!subject.startsWith(`${prefix}.v1.`)) return undefined;
  const [lattice = '', noun = '', verb = '', last, ...rest] = subject.slice(prefix.length + 4).split('.');
  const operation = `${noun}.${verb}`;
  if (rest.length > 0 || !token.test(lattice) || (last !== undefined && !token.test(last))) return undefined;
  const among = <T extends string>(list: readonly T[]): T | undefined => list.find((o) => o === operation);
  if (last === undefined) {
    const plain = among(plainOperations);
    return plain && { lattice, operation: plain };
  }
  const host = among(hostOperations);
  if (host) return { lattice, operation: host, hostId: last };
  const config = among(configOperations);
  return config && { lattice, operation: config, config: last };
}

/** The subscriptions of a host: broadcast and addressed ones without a queue group, shared ones with. */
export function hostSubscriptions(
  lattice: string,
  hostId: string,
  prefix = controlPrefix,
): { subject: string; queue?: string }[] {
  const base = `${prefix}.v1.${check('Lattice', lattice)}`;
  check('Host id', hostId);
  return [
    ...['registry.put', 'host.ping', 'component.auction', 'provider.auction'].map((tail) => ({
      subject: `${base}.${tail}`,
    })),
    ...['component', 'provider', 'label', 'host'].map((noun) => ({ subject: `${base}.${noun}.*.${hostId}` })),
    { subject: `${base}.link.*`, queue: `${base}.link` },
    { subject: `${base}.claims.get`, queue: `${base}.claims` },
    { subject: `${base}.config.>`, queue: `${base}.config` },
  ];
}

// ── Events ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The subject of a lattice event, e.g. `host_heartbeat`; `*` listens to all. */
export function eventSubject(lattice: string, name: string): string {
  return `wasmbus.evt.${check('Lattice', lattice)}.${name === '*' ? name : check('Event', name)}`;
}

export function parseEventSubject(subject: string): { lattice: string; name: string } | undefined {
  const [, lattice, name] = /^wasmbus\.evt\.([\w-]+)\.([\w-]+)$/.exec(subject) ?? [];
  return lattice !== undefined && name !== undefined ? { lattice, name } : undefined;
}

// ── JetStream state ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The key-value bucket that holds links and claims. */
export const latticeBucket = (lattice: string): string => `LATTICEDATA_${check('Lattice', lattice)}`;
/** The key-value bucket that holds named configs; the key is the name. */
export const configBucket = (lattice: string): string => `CONFIGDATA_${check('Lattice', lattice)}`;
/** The key under which the links of a component or provider are kept. */
export const componentKey = (id: string): string => `COMPONENT_${check('Id', id)}`;
/** The key under which the claims of a signed component or provider are kept. */
export const claimsKey = (publicKey: string): string => `CLAIMS_${check('Public key', publicKey)}`;

/** What a key of the lattice bucket holds; keys of older generations are undefined. */
export function parseLatticeKey(key: string): { kind: 'component' | 'claims'; id: string } | undefined {
  const [, prefix, id] = /^(COMPONENT|CLAIMS)_([\w-]+)$/.exec(key) ?? [];
  return id === undefined ? undefined : { kind: prefix === 'CLAIMS' ? 'claims' : 'component', id };
}

// ── Services beside the lattice ─────────────────────────────────────────────────────────────────────────────────────────────

/** A secrets backend: its public curve key, and where secrets are asked for. `prefix` is the host's secrets topic. */
export const secretsSubjects = {
  serverKey: (prefix: string, backend: string): string =>
    `${prefix}.v1alpha1.${check('Backend', backend)}.server_xkey`,
  get: (prefix: string, backend: string): string => `${prefix}.v1alpha1.${check('Backend', backend)}.get`,
};

/** Where a host asks for registry credentials when it uses a config service. */
export const configServiceSubject = (lattice: string): string =>
  `wasmbus.cfg.${check('Lattice', lattice)}.req`;

/** The deployment manager's API: `model.list`, `model.put`, or an operation on one application. */
export function wadmSubject(lattice: string, operation: string, application?: string): string {
  const base = `wadm.api.${check('Lattice', lattice)}.model.${check('Operation', operation)}`;
  return application === undefined ? base : `${base}.${check('Application', application)}`;
}
