import { homedir, hostname } from 'node:os';
import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { KasmError } from '../base/errors';
import { parseLabel } from '../host/agent-labels';
import { durationMs } from './common-options';
import type * as NodeForHosts from './node-for-hosts';
import type * as RunRoles from './run-roles';

/** The roles that a process can have. */
export const roleNames = ['host', 'reconciler'] as const;
export type RoleName = (typeof roleNames)[number];

/** Options of `kasmcloud run`, as commander hands them over. */
export interface RunOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly natsUrl: string;
  readonly natsCa?: string;
  readonly natsCert?: string;
  readonly natsKey?: string;
  readonly natsCreds?: string;
  readonly natsJwt?: string;
  readonly natsSeed?: string;
  readonly natsUser?: string;
  readonly natsPassword?: string;
  readonly hostName: string;
  readonly lattice: readonly string[];
  readonly label: Readonly<Record<string, string>>;
  readonly dataDir?: string;
  readonly allowFileLoad: boolean;
  readonly allowedInsecure: readonly string[];
  readonly ociCa?: string;
  readonly nodeName: string;
  readonly address?: readonly string[];
  readonly drainGrace?: number;
  readonly adminAddress?: string;
  readonly logLevel?: string;
}

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];

/** `kasmcloud run ROLES`: the command that a container, a service manager or `kasmcloud up` starts. */
export function runCommand(): Command {
  const command = new Command('run')
    .description('run roles of the platform in the foreground until interrupted')
    .argument('<roles>', `any of ${roleNames.join(', ')}, separated by commas`, parseRoles)
    .addHelpText('after', '\nEach option can be given by the environment variable behind it instead.');
  const add = (
    flags: string,
    description: string,
    variable: string,
    configure: (option: Option) => Option = (option) => option,
  ): void => void command.addOption(configure(new Option(flags, description).env(`KASMCLOUD_${variable}`)));

  add(
    '--kubeconfig <file>',
    'how to reach the API server (default: KUBECONFIG, or the pod’s account)',
    'KUBECONFIG',
  );
  add('--context <name>', 'context of the kubeconfig', 'CONTEXT');
  add('--nats-url <url>', 'NATS, several separated by commas', 'NATS_URL', (o) =>
    o.default('nats://127.0.0.1:4222'),
  );
  add('--nats-ca <file>', 'authority that the server of NATS is trusted by', 'NATS_CA');
  add('--nats-cert <file>', 'client certificate for NATS', 'NATS_CERT');
  add('--nats-key <file>', 'key of the client certificate', 'NATS_KEY');
  add('--nats-creds <file>', 'NATS credentials file', 'NATS_CREDS');
  add('--nats-jwt <jwt>', 'user JWT for NATS, with --nats-seed', 'NATS_JWT');
  add(
    '--nats-seed <seed>',
    'seed of a NATS user; rather by its variable, as others see arguments',
    'NATS_SEED',
  );
  add('--nats-user <name>', 'NATS user', 'NATS_USER');
  add('--nats-password <password>', 'its password; rather by its variable', 'NATS_PASSWORD');
  add('--host-name <name>', 'name of the WasmCloudHost', 'HOST_NAME', (o) =>
    o.default(hostname().toLowerCase(), 'this machine’s name').argParser(parseName),
  );
  add('-x, --lattice <namespace>', 'lattice to serve, * for all; may be repeated', 'LATTICE', (o) =>
    o.default(['*'], '*').argParser(collect),
  );
  add(
    '-l, --label <key=value>',
    'label of the host; may be repeated (or KASMCLOUD_LABEL_<key>)',
    'LABELS',
    (o) => o.default({}, 'none').argParser(collectLabels),
  );
  add(
    '--data-dir <folder>',
    'where the host keeps its key and images (default: below ~/.local/share)',
    'DATA_DIR',
  );
  add('--allow-file-load [boolean]', 'run file:// images of this machine', 'ALLOW_FILE_LOAD', (o) =>
    o.default(false).preset(true).argParser(parseBoolean),
  );
  add(
    '--allowed-insecure <registries>',
    'registries to reach without TLS, separated by commas',
    'ALLOWED_INSECURE',
    (o) => o.default([], 'none').argParser(collect),
  );
  add('--oci-ca <file>', 'authority that registries are trusted by, beside the public ones', 'OCI_CA');
  add('--node-name <name>', 'machine that the host runs on', 'NODE_NAME', (o) =>
    o.default(hostname(), 'this machine’s name'),
  );
  add('--address <address>', 'at which others reach the host, best first; may be repeated', 'ADDRESS', (o) =>
    o.argParser(collect),
  );
  add(
    '--drain-grace <duration>',
    'time for calls in flight when the host is asked to end, e.g. 60s (default: spec.drain.graceSeconds of its object)',
    'DRAIN_GRACE',
    (o) => o.argParser(durationMs),
  );
  add(
    '--admin-address <host:port>',
    'where to serve /healthz, /readyz and /metrics (default: nowhere)',
    'ADMIN_ADDRESS',
  );
  add('--log-level <level>', 'how much to log', 'LOG_LEVEL', (o) => o.choices(levels));

  return command.action(async (roles: RoleName[], options: RunOptions) => {
    // Loaded when they are used: `--help` does not wait for them.
    /* eslint-disable @typescript-eslint/no-require-imports */
    if (roles.includes('host')) {
      const { otherNodeForHosts, runOn } = require('./node-for-hosts') as typeof NodeForHosts;
      const node = await otherNodeForHosts();
      if (node !== undefined) return runOn(node);
    }
    const { runRoles } = require('./run-roles') as typeof RunRoles;
    /* eslint-enable @typescript-eslint/no-require-imports */
    await runRoles(roles, options);
  });
}

/** Where a host keeps its data unless it is told. */
export function defaultDataDir(hostName: string, env: NodeJS.ProcessEnv = process.env): string {
  const root = env['XDG_DATA_HOME'] || path.join(homedir(), '.local', 'share');
  return path.join(root, 'kasmcloud', 'hosts', hostName);
}

function parseRoles(text: string): RoleName[] {
  const names = [...new Set(text.split(',').map((name) => name.trim()))];
  const unknown = names.filter((name) => !(roleNames as readonly string[]).includes(name));
  if (unknown.length > 0)
    throw new InvalidArgumentError(
      `There is no role ${unknown.join(', ')}; choose from ${roleNames.join(', ')}.`,
    );
  return names as RoleName[];
}

function parseName(text: string): string {
  const valid =
    text.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(text);
  if (valid) return text;
  throw new InvalidArgumentError('A name has lower-case letters, digits, - and .');
}

function parseBoolean(text: string | boolean): boolean {
  const value = { true: true, '1': true, false: false, '0': false, '': false }[String(text)];
  if (value === undefined) throw new InvalidArgumentError('Write true or false.');
  return value;
}

/** What {@link collect} made, as opposed to a default, which the first occurrence replaces. */
const given = new WeakSet<object>();

/** Adds to what earlier occurrences gave; one occurrence may give several, separated by commas. */
function collect(text: string, before: readonly string[] | undefined): string[] {
  const values = text
    .split(',')
    .map((value) => value.trim())
    .filter((value) => value !== '');
  const all = before !== undefined && given.has(before) ? [...before, ...values] : values;
  given.add(all);
  return all;
}

function collectLabels(text: string, before: Readonly<Record<string, string>>): Record<string, string> {
  try {
    return { ...before, ...Object.fromEntries(text.split(',').map(parseLabel)) };
  } catch (error) {
    if (error instanceof KasmError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}
