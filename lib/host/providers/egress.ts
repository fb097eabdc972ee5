import { lookup as resolve, type LookupAddress, type LookupOptions } from 'node:dns';
import * as http from 'node:http';
import * as https from 'node:https';
import { BlockList, isIP } from 'node:net';
import { invalid, list, type Settings } from './settings';

/** Addresses of this machine and its link: the host's own services and the metadata of clouds, which are no component's business. */
const guarded = new BlockList();
guarded.addSubnet('0.0.0.0', 8);
guarded.addSubnet('127.0.0.0', 8);
guarded.addSubnet('169.254.0.0', 16);
guarded.addSubnet('224.0.0.0', 4);
guarded.addAddress('255.255.255.255');
guarded.addAddress('::', 'ipv6');
guarded.addAddress('::1', 'ipv6');
guarded.addSubnet('fe80::', 10, 'ipv6');
guarded.addSubnet('ff00::', 8, 'ipv6');
guarded.addAddress('fd00:ec2::254', 'ipv6');

/** The settings of links that say where HTTP may go. */
export const egressSettings = ['allowed_hosts', 'allowed_addresses'] as const;

const maxSockets = 256;
/** How long a connection that nobody uses is kept. */
const idleMs = 60_000;
/** The code of errors of a lookup that found nothing that may be reached. */
export const egressDenied = 'EGRESSDENIED';

type LookupDone = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

/**
 * Where the components behind one link may send HTTP, and the connections that they share. `allowed_hosts` are names, `*.` before one
 * for all below it, with a port where only that one is meant; absent allows every host. What a name resolves to is looked at when it is
 * connected to, so no name leads to a guarded address that `allowed_addresses` does not list.
 */
export class Egress {
  private readonly hosts: readonly string[];
  private readonly allowed = new BlockList();
  private readonly agents: { readonly 'http:': http.Agent; readonly 'https:': https.Agent };

  /**
   * @param ca Authorities that servers are trusted by.
   * @throws TerminalError `InvalidLinkConfig`
   */
  constructor(settings: Settings, ca: readonly string[]) {
    this.hosts = list(settings, 'allowed_hosts').map(hostPattern);
    for (const range of list(settings, 'allowed_addresses')) allow(this.allowed, range);
    const lookup = (name: string, options: LookupOptions, done: LookupDone): void =>
      this.lookup(name, options, done);
    const options = { keepAlive: true, maxSockets, timeout: idleMs, lookup };
    this.agents = {
      'http:': new http.Agent(options),
      'https:': new https.Agent({ ...options, ca: [...ca] }),
    };
  }

  agent(protocol: 'http:' | 'https:'): http.Agent {
    return this.agents[protocol];
  }

  /** Whether requests may go to a host by this name. */
  permitsHost({ hostname, port, protocol }: URL): boolean {
    if (this.hosts.length === 0) return true;
    const effective = port || (protocol === 'https:' ? '443' : '80');
    return this.hosts.some((pattern) => {
      const [, name = '', wanted] = /^(.*?)(?::(\d+))?$/.exec(pattern) ?? [];
      if (wanted !== undefined && wanted !== effective) return false;
      return name.startsWith('*.') ? hostname.endsWith(name.slice(1)) : hostname === name;
    });
  }

  /** Whether connections may go to this address. */
  permitsAddress(address: string): boolean {
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    return !guarded.check(address, family) || this.allowed.check(address, family);
  }

  private lookup(name: string, options: LookupOptions, done: LookupDone): void {
    resolve(name, { ...options, all: true }, (error, found) => {
      if (error) return done(error, []);
      const permitted = found.filter(({ address }) => this.permitsAddress(address));
      const [first] = permitted;
      if (first === undefined) {
        const denied = new Error(`${name} leads to addresses that may not be reached`);
        return done(Object.assign(denied, { code: egressDenied }), []);
      }
      if (options.all === true) done(null, permitted);
      else done(null, first.address, first.family);
    });
  }
}

function hostPattern(text: string): string {
  const pattern = text.toLowerCase();
  if (/^(\*\.)?([a-z0-9_-]+\.)*[a-z0-9_-]+(:\d{1,5})?$/.test(pattern)) return pattern;
  if (/^\[[0-9a-f:.]+\](:\d{1,5})?$/.test(pattern)) return pattern;
  throw invalid('allowed_hosts', text, 'is no host', 'Write NAME, *.NAME or NAME:PORT, separated by commas');
}

function allow(allowed: BlockList, range: string): void {
  const [address = '', prefix] = range.split('/');
  const family = isIP(address);
  const bits = prefix === undefined ? undefined : Number(prefix);
  const most = family === 6 ? 128 : 32;
  if (family === 0 || (bits !== undefined && !(/^\d+$/.test(prefix ?? '') && bits <= most))) {
    throw invalid(
      'allowed_addresses',
      range,
      'is no address',
      'Write addresses like 127.0.0.1 or ranges like 10.0.0.0/8, separated by commas',
    );
  }
  const type = family === 6 ? 'ipv6' : 'ipv4';
  if (bits === undefined) allowed.addAddress(address, type);
  else allowed.addSubnet(address, bits, type);
}
