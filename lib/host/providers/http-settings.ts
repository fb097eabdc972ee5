import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { TerminalError } from '../../base/errors';
import { bytesOf } from '../../base/quantity';
import { lowerCased } from './settings';

type Values = Readonly<Record<string, string>>;

/** Certificate chain and key, PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Which pages of other origins may use what is served. */
export interface Cors {
  /** Empty: all. */
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly exposed: readonly string[];
  readonly maxAgeSeconds: number;
}

/** What a link asks of the server beside its address. */
export interface HttpSettings {
  readonly certificate: Certificate | undefined;
  readonly cors: Cors | undefined;
  readonly cacheControl: string | undefined;
  readonly readonly: boolean;
  /** Each connection serves one request. */
  readonly disableKeepAlive: boolean;
  /** Time for the head of a response. */
  readonly timeoutMs: number | undefined;
  readonly maxBodyBytes: number | undefined;
}

/** Those of wasmCloud 1.9, for whoever sets one of them. */
const corsDefaults = {
  methods: ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS'],
  headers: ['accept', 'accept-language', 'content-type', 'content-language'],
  maxAgeSeconds: 300,
};
/** Ways of wasmCloud's provider to write all settings as one text. */
const joined = ['config_json', 'config_b64', 'config_file'];

/**
 * Reads the settings of a link, by the names of wasmCloud 1.9 in any case: `tls_cert_file` and `tls_priv_key_file`, files of the host;
 * `timeout_ms`, `cache_control`, `readonly_mode`, `disable_keepalive`; `cors_allowed_origins`, `cors_allowed_methods`, `cors_allowed_headers`,
 * `cors_exposed_headers`, each a JSON list, and `cors_max_age_secs`. By names of our own: `tls.crt` and `tls.key`, the PEM of a TLS Secret;
 * `max_body_bytes`, a number or quantity such as `1Mi`. Unlike there, nothing is sent for CORS unless one of its settings is there.
 *
 * @param where of the values, for messages
 * @throws TerminalError `InvalidLinkConfig`
 */
export function parseSettings(where: string, values: Values): HttpSettings {
  const lower = lowerCased(values);
  const reader = new SettingsReader(where, lower);
  for (const name of joined)
    if (lower[name] !== undefined)
      throw reader.invalid(name, 'Write each setting as a value of its own', true);
  return {
    certificate: reader.certificate(),
    cors: reader.cors(),
    cacheControl: reader.header('cache_control'),
    readonly: reader.flag('readonly_mode'),
    disableKeepAlive: reader.flag('disable_keepalive'),
    timeoutMs: reader.whole('timeout_ms', 'Write milliseconds, e.g. 5000'),
    maxBodyBytes: reader.bytes('max_body_bytes'),
  };
}

/** Whether requests can go to a component without a look at them. */
export function isPlain(settings: HttpSettings): boolean {
  return Object.values(settings).every((value) => value === undefined || value === false);
}

class SettingsReader {
  constructor(
    private readonly where: string,
    private readonly values: Values,
  ) {}

  certificate(): Certificate | undefined {
    const { values } = this;
    const files = this.pair('tls_cert_file', 'tls_priv_key_file');
    const texts = this.pair('tls.crt', 'tls.key');
    const found =
      files === undefined
        ? texts && { cert: values[texts[0]]!, key: values[texts[1]]! }
        : { cert: this.file(files[0]), key: this.file(files[1]) };
    if (found === undefined) return undefined;
    try {
      createSecureContext(found);
    } catch (cause) {
      // Without the values: one of them is a key.
      throw new TerminalError(
        'InvalidLinkConfig',
        `${this.where}${(files ?? texts ?? []).join(' and ')} are no certificate with its key: ${(cause as Error).message}`,
        'Give both as PEM, the certificate of the server first',
        { cause },
      );
    }
    return found;
  }

  cors(): Cors | undefined {
    if (!Object.keys(this.values).some((name) => name.startsWith('cors_'))) return undefined;
    const origins = this.list('cors_allowed_origins') ?? [];
    if (!origins.every((origin) => /^https?:\/\/[^/\s]+\/?$/.test(origin)))
      throw this.invalid('cors_allowed_origins', 'An origin is http[s]://example.com[:3000], without a path');
    return {
      origins: origins.map((origin) => origin.replace(/\/$/, '')),
      methods: this.tokens('cors_allowed_methods') ?? corsDefaults.methods,
      headers: this.tokens('cors_allowed_headers') ?? corsDefaults.headers,
      exposed: this.tokens('cors_exposed_headers') ?? [],
      maxAgeSeconds: this.whole('cors_max_age_secs', 'Write seconds, e.g. 300') ?? corsDefaults.maxAgeSeconds,
    };
  }

  header(name: string): string | undefined {
    const value = this.values[name];
    if (value !== undefined && !/^[\t\x20-\x7e]*$/.test(value))
      throw this.invalid(name, 'Write the value of a header, e.g. no-store');
    return value;
  }

  flag(name: string): boolean {
    const value = this.values[name]?.toLowerCase() ?? 'false';
    if (value !== 'true' && value !== 'false') throw this.invalid(name, 'Write true or false');
    return value === 'true';
  }

  whole(name: string, remedy: string): number | undefined {
    const value = this.values[name];
    if (value === undefined) return undefined;
    const number = Number(value);
    // No timer is longer.
    if (!/^\d+$/.test(value) || number < 1 || number > 0x7fff_ffff) throw this.invalid(name, remedy);
    return number;
  }

  bytes(name: string): number | undefined {
    const value = this.values[name];
    if (value === undefined) return undefined;
    if (!/^\d+([kMG]|[KMG]i)?$/.test(value)) throw this.invalid(name, 'Write bytes, e.g. 1048576 or 1Mi');
    return bytesOf(value);
  }

  invalid(name: string, remedy: string, hide = false): TerminalError {
    const value = this.values[name];
    const text = hide ? 'set, which the built-in server does not read' : (JSON.stringify(value) ?? 'missing');
    return new TerminalError('InvalidLinkConfig', `${this.where}${name} is ${text}`, remedy);
  }

  private tokens(name: string): string[] | undefined {
    const list = this.list(name);
    if (list?.every((token) => /^[\w!#$%&'*+.^`|~-]+$/.test(token)) === false)
      throw this.invalid(name, 'Write a JSON list of names, e.g. ["GET", "POST"]');
    return list;
  }

  private list(name: string): string[] | undefined {
    const value = this.values[name];
    if (value === undefined) return undefined;
    const remedy = 'Write a JSON list of texts, e.g. ["https://example.com"]';
    let parsed: unknown;
    try {
      parsed = JSON.parse(value);
    } catch (error) {
      if (error instanceof SyntaxError) throw this.invalid(name, remedy);
      throw error;
    }
    if (Array.isArray(parsed) && parsed.every((each) => typeof each === 'string')) return parsed;
    throw this.invalid(name, remedy);
  }

  /** The names, if both are set; neither may be without the other. */
  private pair(one: string, other: string): [string, string] | undefined {
    const missing = [one, other].filter((name) => this.values[name] === undefined);
    if (missing.length === 2) return undefined;
    if (missing[0] !== undefined) throw this.invalid(missing[0], `Set ${one} and ${other}, or neither`);
    return [one, other];
  }

  private file(name: string): string {
    const path = this.values[name] ?? '';
    try {
      return readFileSync(path, 'utf8');
    } catch (cause) {
      throw new TerminalError(
        'InvalidLinkConfig',
        `${this.where}${name} ${path} cannot be read: ${(cause as NodeJS.ErrnoException).code}`,
        'Name a file of the machine that the host runs on, or give tls.crt and tls.key by a Secret in secretFrom',
        { cause },
      );
    }
  }
}
