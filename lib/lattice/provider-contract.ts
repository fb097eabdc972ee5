import type { CurveKeyPair } from './nkeys';

/** A secret value as a host hands it over. */
export type SecretValue = { kind: 'String'; value: string } | { kind: 'Bytes'; value: number[] };

/** Secret values by name. */
export type SecretValues = Readonly<Record<string, SecretValue>>;

/** A link as hosts send it: configuration resolved to values, secrets sealed for the provider. */
export interface LinkDefinition {
  readonly source_id: string;
  readonly target: string;
  readonly name?: string;
  readonly wit_namespace: string;
  readonly wit_package: string;
  readonly interfaces: readonly string[];
  readonly source_config?: Readonly<Record<string, string>>;
  readonly target_config?: Readonly<Record<string, string>>;
  readonly source_secrets?: readonly number[] | null;
  readonly target_secrets?: readonly number[] | null;
}

/** What a host writes to the standard input of a provider process; the fields that providers use. */
export interface HostData {
  readonly host_id: string;
  /** Id of the lattice. */
  readonly lattice_rpc_prefix: string;
  readonly lattice_rpc_url: string;
  readonly lattice_rpc_user_jwt: string;
  readonly lattice_rpc_user_seed: string;
  /** Paths of PEM files; a KasmCloud host adds them where NATS wants certificates, others know no such field. */
  readonly lattice_rpc_tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** Id of the provider. */
  readonly provider_key: string;
  readonly link_definitions: readonly LinkDefinition[];
  readonly config: Readonly<Record<string, string>>;
  readonly secrets: SecretValues;
  readonly host_xkey_public_key: string;
  readonly provider_xkey_private_key: string;
  /** Milliseconds. */
  readonly default_rpc_timeout_ms?: number;
}

/** {@link HostData} with the fields that readers of wasmCloud 1.9 insist on, and what it says of logs and traces. */
export interface FullHostData extends HostData {
  readonly instance_id: string;
  readonly log_level?: 'error' | 'warn' | 'info' | 'debug' | 'trace';
  readonly structured_logging?: boolean;
}

/** The line that a provider process reads: base64 of JSON. Whoever has it can do all that the provider can: it never goes to a log. */
export function encodeHostData(data: FullHostData): string {
  const whole = {
    link_name: 'default',
    env_values: {},
    cluster_issuers: [],
    otel_config: {
      enable_observability: false,
      protocol: 'Http',
      additional_ca_paths: [],
      trace_level: 'info',
    },
    structured_logging: false,
    ...data,
  };
  return `${Buffer.from(JSON.stringify(whole)).toString('base64')}\r\n`;
}

/** Encrypts secrets of a link so that only the provider with the public key `reader` can open them; null when there are none. */
export function sealSecrets(secrets: SecretValues, host: CurveKeyPair, reader: string): number[] | null {
  if (Object.keys(secrets).length === 0) return null;
  return [...host.seal(Buffer.from(JSON.stringify(secrets)), reader)];
}

/** Opens what {@link sealSecrets} of the host with the public key `host` made. @throws KasmError when it was sealed otherwise. */
export function openSecrets(sealed: readonly number[], provider: CurveKeyPair, host: string): SecretValues {
  const opened = provider.open(Uint8Array.from(sealed), host);
  return JSON.parse(Buffer.from(opened).toString()) as SecretValues;
}

/** A secret as text where it is text, else as bytes. */
export function secretValue(bytes: Buffer): SecretValue {
  const text = bytes.toString('utf8');
  if (Buffer.from(text, 'utf8').equals(bytes)) return { kind: 'String', value: text };
  return { kind: 'Bytes', value: [...bytes] };
}
