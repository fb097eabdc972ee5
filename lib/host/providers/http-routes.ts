import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { TerminalError } from '../../base/errors';
import { type Certificate, type HttpSettings, isPlain, parseSettings } from './http-settings';
import { lowerCased } from './settings';

/** A link from an HTTP server to the component that answers for it. */
export interface HttpServerLink {
  /** What people know the link by, e.g. `namespace/name`. */
  readonly name: string;
  /** Id of the component. */
  readonly target: string;
  /**
   * `spec.sourceConfig` of the link, with the names of wasmCloud 1.9: `address`, or `port` of the loopback address; `path` or `host` where
   * links share an address; and the settings of `parseSettings`.
   */
  readonly sourceConfig: Readonly<Record<string, string>>;
  /** How long requests wait while nobody serves the target, in milliseconds. @default 0 */
  readonly waitMs?: number;
}

/** Configuration of the server itself, with the names of wasmCloud 1.9. What a link can set is for links that do not set it. */
export interface HttpServerConfig {
  readonly [setting: string]: string | undefined;
  /** How a request finds its link: by `address`, `path` or `host`. @default 'address' */
  readonly routing_mode?: string;
  /** Address of links that name none. @default '0.0.0.0:8000' */
  readonly default_address?: string;
  /** Header that host routing reads. @default 'host' */
  readonly header?: string;
}

const defaultAddress = '0.0.0.0:8000';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Where a request goes. */
export interface Route {
  /** Id of the component. */
  readonly target: string;
  readonly settings: HttpSettings;
  /** As of its link. */
  readonly waitMs: number;
}

/** Which component answers which request of one address. */
export interface Routes {
  readonly address: Address;
  readonly certificate: Certificate | undefined;
  find(request: IncomingMessage): Route | undefined;
  /** The one component that answers everything just as it comes, if there is one. */
  readonly sole: string | undefined;
}

interface Table {
  readonly address: Address;
  readonly certificate: Certificate | undefined;
  readonly routes: Map<string, Route & { readonly link: HttpServerLink }>;
}

/** What links ask for: routes by address, and what is wrong with the links that are left out. */
export function planRoutes(
  links: readonly HttpServerLink[],
  config: HttpServerConfig,
): { readonly routes: ReadonlyMap<string, Routes>; readonly problems: readonly TerminalError[] } {
  const mode = modes[config.routing_mode ?? 'address'];
  const problems: TerminalError[] = [];
  if (mode === undefined) {
    const problem = invalid('routing_mode', config.routing_mode, 'Use address, path or host');
    return { routes: new Map(), problems: [problem] };
  }
  const tables = new Map<string, Table>();
  for (const link of links) {
    try {
      const values = { ...defined(config), ...link.sourceConfig };
      const address = parseAddress(link, values);
      const settings = parseSettings(`link ${link.name}: sourceConfig.`, values);
      const key = mode.keyOf(link);
      const name = addressName(address);
      const { certificate } = settings;
      const table: Table = tables.get(name) ?? { address, certificate, routes: new Map() };
      const owner = table.routes.get(key);
      if (owner !== undefined) throw conflict(link, owner.link, name, key);
      if (JSON.stringify(table.certificate) !== JSON.stringify(certificate))
        throw otherCertificate(link, name);
      table.routes.set(key, { target: link.target, settings, waitMs: link.waitMs ?? 0, link });
      tables.set(name, table);
    } catch (error) {
      if (!(error instanceof TerminalError)) throw error;
      problems.push(error);
    }
  }
  const header = (config.header ?? 'host').toLowerCase();
  const routes = new Map<string, Routes>();
  for (const [name, { address, certificate, routes: table }] of tables) {
    const find = (request: IncomingMessage): Route | undefined => table.get(mode.keyIn(request, header));
    const whole = table.get(mode.everything ?? '');
    const sole = whole !== undefined && isPlain(whole.settings) ? whole.target : undefined;
    routes.set(name, { address, certificate, find, sole });
  }
  return { routes, problems };
}

/** `host:port`, as listeners are told apart. */
export function addressName({ host, port }: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

interface Mode {
  /** What the link claims of its address. */
  keyOf(link: HttpServerLink): string;
  /** The same of a request. */
  keyIn(request: IncomingMessage, header: string): string;
  /** The key of a link that claims all of its address, where there can be one. */
  readonly everything?: string;
}

const modes: Readonly<Record<string, Mode>> = {
  address: { keyOf: () => 'all', keyIn: () => 'all', everything: 'all' },
  path: {
    keyOf: (link) => required(link, 'path'),
    keyIn({ url = '/' }) {
      const query = url.indexOf('?');
      return query === -1 ? url : url.slice(0, query);
    },
  },
  host: {
    keyOf: (link) => required(link, 'host').toLowerCase(),
    keyIn({ headers }, header) {
      const value = headers[header];
      return (Array.isArray(value) ? (value[0] ?? '') : (value ?? '')).toLowerCase();
    },
  },
};

function required(link: HttpServerLink, key: 'path' | 'host'): string {
  const value = link.sourceConfig[key];
  if (value === undefined || value === '') {
    throw invalid(
      `link ${link.name}: sourceConfig.${key}`,
      value,
      `Routing by ${key} needs one in each link`,
    );
  }
  return value;
}

function parseAddress(link: HttpServerLink, values: Readonly<Record<string, string>>): Address {
  const { address, port: ofLoopback, default_address: fallback } = lowerCased(values);
  const text =
    address ?? (ofLoopback === undefined ? (fallback ?? defaultAddress) : `127.0.0.1:${ofLoopback}`);
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? '';
  const port = Number(digits);
  const valid = digits !== undefined && port <= 65_535 && (isIP(host) !== 0 || host === 'localhost');
  if (!valid) {
    throw invalid(
      `link ${link.name}: sourceConfig.address`,
      text,
      'Write an IP address and a port, e.g. 0.0.0.0:8080 or [::]:8080',
    );
  }
  return { host, port };
}

function defined(config: HttpServerConfig): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(config).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function otherCertificate(link: HttpServerLink, address: string): TerminalError {
  return new TerminalError(
    'RouteConflict',
    `Link ${link.name} has another certificate than the links before it at ${address}`,
    'Give all links of an address the same certificate, or none',
  );
}

function invalid(path: string, value: string | undefined, remedy: string): TerminalError {
  return new TerminalError('InvalidLinkConfig', `${path} is ${JSON.stringify(value) ?? 'missing'}`, remedy);
}

function conflict(link: HttpServerLink, owner: HttpServerLink, address: string, key: string): TerminalError {
  return new TerminalError(
    'RouteConflict',
    `Links ${owner.name} and ${link.name} both claim ${address}${key === 'all' ? '' : ` for ${key}`}; the first has it`,
    'Give one of them another address, or set routing_mode of the provider to path or host',
  );
}
