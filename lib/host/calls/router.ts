import type { WasmCloudLink } from '../../api';
import {
  WrpcClient,
  WrpcError,
  type BoundFunction,
  type WitFunction,
  type WitInterface,
} from '../../lattice';
import type { LatticeConnection } from '../../lattice';
import { blobstore } from '../../lattice/interfaces/blobstore';
import { withoutVersion } from '../engine/engine';
import { callBlobstore } from './blobstore-fallback';
import type { CallRoute, OutgoingCall } from './call';
import { inOutgoingSpan } from './call-spans';
import type { LocalService, ServiceCallContext } from './local-service';
import { RouteError } from './route-error';
import type { UnservedCalls } from './unserved-calls';

/** An actor of this host, as far as others call it. */
export interface LocalTarget {
  readonly serves: readonly WitInterface[];
  call(
    interfaceId: string,
    func: string,
    args: readonly unknown[],
    options: { readonly traceparent?: string | undefined; readonly signal?: AbortSignal | undefined },
  ): Promise<unknown>;
}

/** A provider of this host and what one of the links to it configures. */
export interface LinkedService {
  readonly service: LocalService;
  /** @throws RouteError `LinkNotReady` when it refers to something that is missing. */
  configuration(link: WasmCloudLink): Pick<ServiceCallContext, 'sourceConfig' | 'targetConfig'>;
}

/** What the router knows of this host. */
export interface RouterDependencies {
  /** Links that are in force from a component, the one that counts first. */
  links(namespace: string, source: string): readonly WasmCloudLink[];
  /** Id of the lattice that a namespace is. */
  lattice(namespace: string): string;
  /** An actor of this host that serves the function, or else one that serves the component id. */
  actor(
    namespace: string,
    componentId: string,
    serves: (target: LocalTarget) => boolean,
  ): LocalTarget | undefined;
  service(namespace: string, componentId: string): LinkedService | undefined;
  /** The connection to NATS, once there has been one. */
  nats(): LatticeConnection | undefined;
  /** What becomes of calls that find nobody. */
  readonly unserved: UnservedCalls;
}

/**
 * Takes calls of this host's components where their links lead: to an actor or a provider of this host without leaving it, to any other
 * over NATS. Links are looked at with each call, so a change of them counts at once.
 */
export class CallRouter implements CallRoute {
  /** Functions of targets elsewhere, made once a link. */
  private readonly bound = new WeakMap<WitFunction, WeakMap<WasmCloudLink, BoundFunction>>();
  private client: WrpcClient | undefined;

  constructor(private readonly host: RouterDependencies) {}

  call(call: OutgoingCall): Promise<unknown> {
    return inOutgoingSpan(call, (each) => this.take(each));
  }

  private async take(call: OutgoingCall): Promise<unknown> {
    const link = this.linkOf(call);
    try {
      return await this.attempt(call, link);
    } catch (error) {
      const { namespace, deadlineMs, signal } = call;
      const { target, activationTimeoutSeconds = 0 } = link.spec;
      const ends = performance.now() + deadlineMs;
      const waitMs = Math.min(activationTimeoutSeconds * 1_000, deadlineMs);
      return this.host.unserved.again({ namespace, component: target }, error, { waitMs, signal }, () =>
        this.attempt({ ...call, deadlineMs: Math.max(1, ends - performance.now()) }, link),
      );
    }
  }

  private attempt(call: OutgoingCall, link: WasmCloudLink): Promise<unknown> {
    return call.wireInterface === blobstore.id
      ? callBlobstore((each) => this.follow(each, link), call)
      : this.follow(call, link);
  }

  private async follow(call: OutgoingCall, link: WasmCloudLink): Promise<unknown> {
    const { namespace, args, traceparent, signal } = call;
    const { target } = link.spec;
    const interfaceId = call.wireInterface ?? call.interface;
    const serves = (one: LocalTarget): boolean =>
      one.serves.find(({ id }) => id === interfaceId)?.functions[call.function] !== undefined;
    const actor = this.host.actor(namespace, target, serves);
    if (actor !== undefined) {
      if (!serves(actor)) throw notExported(call, target);
      return actor.call(interfaceId, call.function, args, { traceparent, signal });
    }
    const linked = this.host.service(namespace, target);
    if (linked !== undefined) {
      if (!linked.service.serves(interfaceId)) throw notExported(call, target);
      return this.callService(call, interfaceId, linked, link);
    }
    return this.callElsewhere(call, interfaceId, link);
  }

  private linkOf(call: OutgoingCall): WasmCloudLink {
    const { namespace, source, linkName } = call;
    const name = withoutVersion(call.interface);
    const link = this.host
      .links(namespace, source)
      .find(({ spec }) => (spec.name ?? 'default') === linkName && covers(spec.wit, name));
    if (link !== undefined) return link;
    const [witPackage, witInterface] = name.split('/');
    throw new RouteError(
      'LinkNotFound',
      `Component ${JSON.stringify(source)} imports ${call.interface} but no WasmCloudLink with source ${source}, package ${witPackage}, interface ${witInterface}, link name ${linkName} exists in namespace ${namespace}`,
      'Create it, with the component or provider that serves the interface as its target',
    );
  }

  private async callService(
    call: OutgoingCall,
    interfaceId: string,
    linked: LinkedService,
    link: WasmCloudLink,
  ): Promise<unknown> {
    const { source, linkName, args, deadlineMs, signal } = call;
    const late = AbortSignal.timeout(deadlineMs);
    return linked.service.call(interfaceId, call.function, args, {
      source,
      linkName,
      ...linked.configuration(link),
      signal: signal === undefined ? late : AbortSignal.any([signal, late]),
    });
  }

  private async callElsewhere(
    call: OutgoingCall,
    interfaceId: string,
    link: WasmCloudLink,
  ): Promise<unknown> {
    const { args, deadlineMs, signal, traceparent } = call;
    const run = this.boundTo(call, interfaceId, link);
    try {
      return await run(args, { deadlineMs, signal, ...(traceparent && { headers: { traceparent } }) });
    } catch (error) {
      if (!(error instanceof WrpcError)) throw error;
      if (error.reason === 'NoResponders') throw noResponders(call, link, error);
      if (error.reason === 'Disconnected') throw disconnected(call, link, error);
      throw error;
    }
  }

  private boundTo(call: OutgoingCall, interfaceId: string, link: WasmCloudLink): BoundFunction {
    const connection = this.host.nats();
    if (connection === undefined) throw disconnected(call, link);
    if (this.client?.connection !== connection) this.client = new WrpcClient(connection);
    let links = this.bound.get(call.signature);
    if (links === undefined) this.bound.set(call.signature, (links = new WeakMap()));
    let run = links.get(link);
    if (run === undefined) {
      const { source, target } = link.spec;
      const headers = { 'source-id': source, 'link-name': call.linkName };
      const lattice = this.host.lattice(call.namespace);
      run = this.client.bind({ lattice, id: target }, interfaceId, call.function, call.signature, headers);
      links.set(link, run);
    }
    return run;
  }
}

function covers(wit: WasmCloudLink['spec']['wit'], name: string): boolean {
  return wit.interfaces.some((each) => name === `${wit.namespace}:${wit.package}/${each}`);
}

/** What was called, by whom and over which link: the beginning of messages. */
function described(call: OutgoingCall, target: string): string {
  return `Component ${JSON.stringify(call.source)} called ${call.interface}#${call.function} of ${JSON.stringify(target)} over link name ${call.linkName}`;
}

function notExported(call: OutgoingCall, target: string): RouteError {
  return new RouteError(
    'NotExported',
    `${described(call, target)}, which runs on this host and does not export it`,
    'Compare the versions of the interface on both sides',
  );
}

function noResponders(call: OutgoingCall, { spec }: WasmCloudLink, cause: WrpcError): RouteError {
  return new RouteError(
    'NoResponders',
    `${described(call, spec.target)}, but nobody in the lattice serves that`,
    'Check that the target runs and exports this version of the interface',
    { cause },
  );
}

function disconnected(call: OutgoingCall, { spec }: WasmCloudLink, cause?: WrpcError): RouteError {
  return new RouteError(
    'Disconnected',
    `${described(call, spec.target)}, which does not run on this host, while NATS is away`,
    'The call will work again when the host is connected to NATS',
    { cause },
  );
}
