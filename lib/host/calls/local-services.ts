import type { WasmCloudLink } from '../../api';
import type { LatticeConnection } from '../../lattice';
import type { InterfaceService } from '../providers/typed-service';
import type { ServiceCallContext } from './local-service';
import { RouteError } from './route-error';
import type { LinkedService } from './router';
import { ServedService } from './served-service';

/** How a link configures its two ends, every source looked up. */
export type LinkConfiguration = Pick<ServiceCallContext, 'sourceConfig' | 'targetConfig'>;

/** A provider of this host and the links to it. */
export class OfferedService implements LinkedService {
  private links: readonly { readonly link: WasmCloudLink; readonly config: LinkConfiguration }[] = [];

  constructor(readonly service: InterfaceService) {}

  /** Replaces the links to it; those whose configuration is not known are left out. */
  setLinks(links: readonly { readonly link: WasmCloudLink; readonly config: LinkConfiguration }[]): void {
    this.links = links;
  }

  configuration({ metadata: { name } }: WasmCloudLink): LinkConfiguration {
    const known = this.links.find(({ link }) => link.metadata.name === name);
    if (known !== undefined) return known.config;
    throw new RouteError(
      'LinkNotReady',
      `The configuration of link ${name} is not known to its target yet`,
      'Look at the conditions of the provider if this lasts',
    );
  }

  /** For calls from elsewhere, which name the caller and its link. */
  find(source: string, linkName: string): LinkConfiguration | undefined {
    return this.links.find(
      ({ link: { spec } }) => spec.source === source && (spec.name ?? 'default') === linkName,
    )?.config;
  }
}

/** How long calls may go on when a service is offered anew. */
const replacedGraceMs = 30_000;

interface Entry {
  readonly offered: OfferedService;
  readonly lattice: string;
  readonly componentId: string;
  served: ServedService | undefined;
}

/** The providers of this host that components call, here and from all over their lattices. */
export class LocalServices {
  private readonly entries = new Map<string, Entry>();
  private connection: LatticeConnection | undefined;
  private stopping = false;

  find(namespace: string, componentId: string): OfferedService | undefined {
    return this.entries.get(`${namespace}/${componentId}`)?.offered;
  }

  /** There is a connection to NATS: from now on services are served over it. It lasts; interruptions are its own matter. */
  attach(connection: LatticeConnection | undefined): void {
    if (this.connection !== undefined || connection === undefined) return;
    this.connection = connection;
    for (const entry of this.entries.values()) this.serve(entry);
  }

  /** Offers a service as a component id; to offer it again changes nothing. */
  add(namespace: string, componentId: string, lattice: string, offered: OfferedService): void {
    const key = `${namespace}/${componentId}`;
    const before = this.entries.get(key);
    if (this.stopping || (before?.offered === offered && before.lattice === lattice)) return;
    void before?.served?.end(replacedGraceMs);
    const entry = { offered, lattice, componentId, served: undefined };
    this.entries.set(key, entry);
    this.serve(entry);
  }

  /** Takes no more calls for it, and lets those from elsewhere end for as long as `graceMs`. */
  async remove(
    namespace: string,
    componentId: string,
    offered: OfferedService,
    graceMs: number,
  ): Promise<void> {
    const key = `${namespace}/${componentId}`;
    const entry = this.entries.get(key);
    if (this.stopping || entry?.offered !== offered) return;
    this.entries.delete(key);
    await entry.served?.end(graceMs);
  }

  /** The host ends: nobody elsewhere is answered any more, while components of this host find everything until they have ended. */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    await Promise.all([...this.entries.values()].map(async ({ served }) => served?.end(graceMs)));
  }

  private serve(entry: Entry): void {
    if (this.connection === undefined || this.stopping) return;
    const { offered, lattice, componentId } = entry;
    const { connection } = this;
    entry.served = new ServedService(connection, lattice, componentId, offered.service, (source, linkName) =>
      offered.find(source, linkName),
    );
  }
}
