import { type CallContext, type LatticeConnection, WrpcServer } from '../../lattice';
import type { InterfaceService } from '../providers/typed-service';
import type { ServiceCallContext } from './local-service';
import { RouteError } from './route-error';

/** Finds how the link over which a component calls is configured; undefined when it has none of that name. */
export type FindLink = (
  source: string,
  linkName: string,
) => Pick<ServiceCallContext, 'sourceConfig' | 'targetConfig'> | undefined;

/** A provider of this host, served over NATS to components elsewhere: one subscription a function, shared with its replicas. */
export class ServedService {
  private readonly server: WrpcServer;

  constructor(
    readonly connection: LatticeConnection,
    lattice: string,
    private readonly id: string,
    private readonly service: InterfaceService,
    private readonly findLink: FindLink,
  ) {
    this.server = new WrpcServer(connection, { lattice, id });
    for (const { id: interfaceId, functions } of service.interfaces) {
      for (const [name, signature] of Object.entries(functions)) {
        this.server.serve(interfaceId, name, signature, async (...given) =>
          this.answer(interfaceId, name, given.slice(0, -1), given.at(-1) as CallContext),
        );
      }
    }
  }

  /** Takes no more calls, and lets those that run end for as long as `graceMs`. */
  end(graceMs: number): Promise<void> {
    return this.server.drain(graceMs);
  }

  private answer(
    interfaceId: string,
    func: string,
    args: readonly unknown[],
    { source = '', linkName, signal }: CallContext,
  ): Promise<unknown> {
    const link = this.findLink(source, linkName);
    if (link === undefined) {
      throw new RouteError(
        'LinkNotFound',
        `Component ${JSON.stringify(source)} called ${interfaceId}#${func} of ${JSON.stringify(this.id)}, and has no link to it by the name ${linkName}`,
        'Create a WasmCloudLink between the two',
      );
    }
    return this.service.call(interfaceId, func, args, { source, linkName, ...link, signal });
  }
}
