import { readFileSync } from 'node:fs';
import * as tls from 'node:tls';
import type { Logger } from '../../base/log';
import { isWitError, WitError } from '../../base/wit-error';
import { outgoingHandler } from '../../lattice/interfaces/http';
import type { ServiceCallContext } from '../calls/local-service';
import { Egress, egressSettings } from './egress';
import { OutgoingExchange } from './outgoing-exchange';
import { boolean, invalid, knownSettings, type Settings } from './settings';
import { type InterfaceService, served, serviceOf } from './typed-service';

/** Settings that wasmCloud's provider has too; they are the provider's, not a link's. */
const trustSettings = ['load_native_certs', 'load_webpki_certs', 'ssl_certs_file'];
/** Configurations of links whose connections are kept. */
const maxKept = 256;

/**
 * The built-in HTTP client: sends what components hand to `wasi:http/outgoing-handler`. Its own configuration says whom to trust, as for
 * wasmCloud's provider (`load_native_certs`, `load_webpki_certs`, `ssl_certs_file`); that of a link says where its component may go
 * (`allowed_hosts`, `allowed_addresses`, for all links if the provider has them).
 */
export class OutgoingHttp {
  readonly service: InterfaceService;
  private settings: Settings = {};
  private ca: readonly string[] | undefined;
  private readonly kept = new Map<string, Egress>();

  constructor(private readonly log: Logger) {
    this.service = serviceOf(
      served(outgoingHandler, {
        handle: async (context, request, limits) => {
          try {
            return await OutgoingExchange.send(request, limits, this.egressOf(context), context.signal);
          } catch (error) {
            throw this.explained(error, context, request.authority);
          }
        },
      }),
    );
  }

  /** @throws TerminalError `InvalidLinkConfig` */
  configure(settings: Settings): void {
    knownSettings(settings, [...trustSettings, ...egressSettings]);
    if (this.ca !== undefined && JSON.stringify(settings) === JSON.stringify(this.settings)) return;
    this.ca = authorities(settings);
    this.settings = settings;
    this.kept.clear();
  }

  /** @throws TerminalError `InvalidLinkConfig` when a link is configured so that it can send nothing. */
  judge(link: Settings): void {
    this.egress(link);
  }

  private egressOf({ targetConfig }: ServiceCallContext): Egress {
    try {
      return this.egress(targetConfig);
    } catch (error) {
      throw new WitError({ tag: 'configuration-error' }, { cause: error });
    }
  }

  private egress(link: Settings): Egress {
    knownSettings(link, egressSettings);
    const { allowed_hosts, allowed_addresses } = this.settings;
    const settings: Settings = {
      ...(allowed_hosts !== undefined && { allowed_hosts }),
      ...(allowed_addresses !== undefined && { allowed_addresses }),
      ...link,
    };
    const key = JSON.stringify(settings);
    let egress = this.kept.get(key);
    if (egress === undefined) {
      egress = new Egress(settings, (this.ca ??= authorities(this.settings)));
      // What is forgotten ends by itself, with the last of its connections.
      if (this.kept.size >= maxKept) this.kept.delete([...this.kept.keys()][0] ?? '');
      this.kept.set(key, egress);
    }
    return egress;
  }

  /** A refusal by the link says nothing to its component but that it is one: the log says what to do. */
  private explained(error: unknown, { source }: ServiceCallContext, authority: string | undefined): unknown {
    const tag = isWitError(error) ? (error.payload as { readonly tag: string }).tag : undefined;
    if (tag === 'HTTP-request-denied' || tag === 'destination-IP-prohibited') {
      const setting = tag === 'HTTP-request-denied' ? 'allowed_hosts' : 'allowed_addresses';
      this.log.warn(
        { source, authority, remedy: `Add it to ${setting} in targetConfig of the link` },
        'Request of a component was not sent: its link does not allow the destination',
      );
    }
    return error;
  }
}

/** Authorities that servers are trusted by. */
function authorities(settings: Settings): readonly string[] {
  const file = settings['ssl_certs_file'];
  const native = boolean(settings, 'load_native_certs', true);
  const webpki = boolean(settings, 'load_webpki_certs', true);
  return [
    ...(webpki ? tls.rootCertificates : []),
    ...(native ? systemCertificates() : []),
    ...(file === undefined ? [] : [certificatesOf(file)]),
  ];
}

let system: readonly string[] | undefined;

/** What this machine trusts. Reading it takes a while, and it is the same for all. */
function systemCertificates(): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: (type: 'system') => string[] };
  return (system ??= getCACertificates?.('system') ?? []);
}

function certificatesOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw invalid(
      'ssl_certs_file',
      file,
      'cannot be read',
      'Name a file of this host with PEM certificates',
      {
        cause: error,
      },
    );
  }
}
