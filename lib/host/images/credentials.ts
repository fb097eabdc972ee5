import { KasmError } from '../../base/errors';
import { repositoryOf, type OciReference } from './reference';

/** What a registry accepts as proof: a name and a password, or a token from an earlier login. */
export interface RegistryCredential {
  readonly username?: string;
  readonly password?: string;
  /** OAuth2 refresh token, exchanged at the token endpoint. */
  readonly identityToken?: string;
  /** Sent as it is. */
  readonly registryToken?: string;
}

/** Credentials by registry host, with an optional path prefix: what `kubernetes.io/dockerconfigjson` holds under `auths`. */
export type RegistryCredentials = ReadonlyMap<string, RegistryCredential>;

interface AuthEntry {
  auth?: unknown;
  username?: unknown;
  password?: unknown;
  identitytoken?: unknown;
  registrytoken?: unknown;
}

/**
 * Reads a pull Secret's data (`kubernetes.io/dockerconfigjson` or the older `kubernetes.io/dockercfg`), values in base64 as the API
 * serves them.
 * @throws KasmError that names the key which is missing or unreadable.
 */
export function readPullSecret(
  name: string,
  data: Readonly<Record<string, string>> | undefined,
): RegistryCredentials {
  const wrapped = data?.['.dockerconfigjson'];
  const legacy = data?.['.dockercfg'];
  const encoded = wrapped ?? legacy;
  if (encoded === undefined)
    throw new KasmError(
      `Secret ${name} has no key .dockerconfigjson`,
      'Create it with kubectl create secret docker-registry',
    );
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(encoded, 'base64').toString('utf8'));
  } catch {
    // The parser's message quotes the text, which is secret, so it is not passed on.
    throw new KasmError(
      `Secret ${name} holds no JSON`,
      'Create it with kubectl create secret docker-registry',
    );
  }
  const auths =
    wrapped === undefined ? parsed : isRecord(parsed) && isRecord(parsed['auths']) ? parsed['auths'] : {};
  return new Map(
    Object.entries(isRecord(auths) ? auths : {})
      .filter((entry): entry is [string, AuthEntry] => isRecord(entry[1]))
      .map(([registry, entry]) => [normalize(registry), readEntry(entry)]),
  );
}

/** The credentials that fit a reference, the most specific first: `host/path` before `host` before `*.domain`, as Kubernetes matches them. */
export function matchCredentials(
  reference: OciReference,
  sets: readonly RegistryCredentials[],
): RegistryCredential[] {
  const target = repositoryOf(reference);
  return sets
    .flatMap((set) => [...set])
    .filter(([key]) => matches(key, target))
    .sort(([a], [b]) => b.length - a.length)
    .map(([, credential]) => credential);
}

function matches(key: string, target: string): boolean {
  const [keyHost = '', ...keyPath] = key.split('/');
  const [host = '', ...path] = target.split('/');
  const hostParts = host.split('.');
  const keyParts = keyHost.split('.');
  return (
    keyParts.length === hostParts.length &&
    keyParts.every((part, index) => part === '*' || part === hostParts[index]) &&
    keyPath.every((part, index) => part === path[index])
  );
}

/** `https://registry.example/v1/` is how old tools spell a registry. */
function normalize(registry: string): string {
  return registry
    .replace(/^https?:\/\//, '')
    .replace(/\/v[12]\/?$/, '')
    .replace(/\/$/, '');
}

function readEntry(entry: AuthEntry): RegistryCredential {
  const decoded = typeof entry.auth === 'string' ? Buffer.from(entry.auth, 'base64').toString('utf8') : '';
  const colon = decoded.indexOf(':');
  const username = text(entry.username) ?? (colon > 0 ? decoded.slice(0, colon) : undefined);
  const password = text(entry.password) ?? (colon > 0 ? decoded.slice(colon + 1) : undefined);
  const identityToken = text(entry.identitytoken);
  const registryToken = text(entry.registrytoken);
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(identityToken === undefined ? {} : { identityToken }),
    ...(registryToken === undefined ? {} : { registryToken }),
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
