import { KasmError } from '../base/errors';

/** Prefix of the labels that tell what machine a host is on; nobody may set them. */
const CORE_PREFIX = 'hostcore.';

const architectures: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64', ia32: 'x86' };
const systems: Readonly<Record<string, string>> = { darwin: 'macos', win32: 'windows' };

/** The labels of this machine, with the names that wasmCloud hosts give them. */
export function coreLabels(arch: string = process.arch, platform: string = process.platform): Labels {
  return {
    'hostcore.arch': architectures[arch] ?? arch,
    'hostcore.os': systems[platform] ?? platform,
    'hostcore.osfamily': platform === 'win32' ? 'windows' : 'unix',
  };
}

export type Labels = Readonly<Record<string, string>>;

/** What a host is placed by: what it was started with, over that `spec.labels`, over that the machine's own. */
export function effectiveLabels(started: Labels, edited: Labels | undefined): Record<string, string> {
  return { ...started, ...edited, ...coreLabels() };
}

/**
 * Reads `key=value` of a command line.
 * @throws KasmError when it is not, or when the key is one that only the machine sets
 */
export function parseLabel(text: string): [key: string, value: string] {
  const equals = text.indexOf('=');
  const key = text.slice(0, equals);
  if (equals < 1)
    throw new KasmError(`Label ${JSON.stringify(text)} has no key and value`, 'Write key=value');
  if (key.toLowerCase().startsWith(CORE_PREFIX))
    throw new KasmError(
      `Label ${key} is set by the host itself`,
      `Choose a key that does not start with ${CORE_PREFIX}`,
    );
  return [key, text.slice(equals + 1)];
}

const VARIABLE_PREFIX = 'KASMCLOUD_LABEL_';

/** Labels from environment variables `KASMCLOUD_LABEL_<key>=<value>`. */
export function labelsFromEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env)
      .filter(([name]) => name.startsWith(VARIABLE_PREFIX))
      .map(([name, value]) => parseLabel(`${name.slice(VARIABLE_PREFIX.length)}=${value ?? ''}`)),
  );
}
