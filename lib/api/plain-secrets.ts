/** A plain value that is most likely a secret. */
export interface PlainSecret {
  readonly key: string;
  /** Why it is taken for one, after the key: `holds a private key`. The value is never shown. */
  readonly reason: string;
}

const hint = /pass|secret|token|key/i;
const secretName = /(?:password|passwd|passphrase|(?:^|_)(?:secret|token|(?:api|private|secret)_?key))$/;
const privateKey = /-----BEGIN (?:[A-Z0-9]+ )*(?:PRIVATE KEY|NKEY SEED)-----/;
/** Seeds of accounts, clusters, nodes, operators, users and curves of NATS. */
const seed = /^S[ACNOUX][A-Z2-7]{56}$/;
const login = /[a-z][a-z0-9+.-]*:\/\/[^\s/?#@:]*:([^\s/?#@]+)@/i;
/** Switches, numbers, paths of files and what something else puts a value in the place of: `${TOKEN}`, `<token>`, `***`. */
const harmless = /^(?:|true|false|none|null|\d+(?:\.\d+)?|\.{0,2}\/.*|file:.*|[$<{%*].*)$/is;

/**
 * The plain values of a configuration that are most likely secrets: by a name such as `password`, `client_secret` or `apiToken`, or because
 * they are a private key or seed, or an address with a password. What only the deployment knows is judged by its name.
 */
export function plainSecrets(values: Readonly<Record<string, unknown>>): PlainSecret[] {
  const found: PlainSecret[] = [];
  for (const key of Object.keys(values)) {
    const value = values[key];
    const reason = (typeof value === 'string' ? inValue(value) : undefined) ?? inName(key, value);
    if (reason !== undefined) found.push({ key, reason });
  }
  return found;
}

function inValue(value: string): string | undefined {
  if (privateKey.test(value)) return 'holds a private key';
  if (seed.test(value)) return 'is the seed of a key';
  const [, password] = login.exec(value) ?? [];
  return password === undefined || harmless.test(password) ? undefined : 'holds a password';
}

function inName(key: string, value: unknown): string | undefined {
  if (!hint.test(key) || (typeof value === 'string' && harmless.test(value))) return undefined;
  const words = key.replace(/([a-z0-9])(?=[A-Z])/g, '$1_').replace(/[^A-Za-z0-9]+/g, '_');
  return secretName.test(words.toLowerCase()) ? 'looks like a secret' : undefined;
}
