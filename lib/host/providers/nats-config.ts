import { TerminalError } from '../../base/errors';

/** Settings of wasmCloud's NATS providers that choose a connection. */
export const connectionSettings = [
  'cluster_uri',
  'cluster_uris',
  'client_jwt',
  'client_seed',
  'tls_ca',
  'tls_ca_file',
  'custom_inbox_prefix',
];

/**
 * The built-in NATS providers use the connection of their host: a setting that asks for another one must not go unheard.
 * @throws TerminalError `InvalidLinkConfig`
 */
export function hostConnectionOnly(config: Readonly<Record<string, string>>): void {
  const setting = connectionSettings.find((name) => config[name] !== undefined);
  if (setting === undefined) return;
  throw new TerminalError(
    'InvalidLinkConfig',
    `${setting} is set, and the built-in provider uses the NATS connection of its host`,
    `Remove ${setting}, or run wasmCloud's NATS provider as a program`,
  );
}
