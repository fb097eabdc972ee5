import { type ApiObject, type ApiObjectMetadataDefinition } from 'cdk8s';
import type { Construct } from 'constructs';
import type { ProviderContainer, WasmCloudProviderSpec } from '../lib/api/generated/kasmcloud';
import {
  Component,
  type ComponentProps,
  componentSpec,
  type IComponent,
  ImportedComponent,
  reportImage,
} from './component';
import { addNameLabel } from './metadata';
import { WasmCloudProvider } from './resources';

/** A capability provider, declared here or elsewhere. */
export type IProvider = IComponent;

/** Images of the providers that are part of the KasmCloud Host. */
export const BuiltinImage = {
  /** Serves HTTP: listens on the `address` in the source configuration of each of its links and hands requests to the target. */
  HTTP_SERVER: 'builtin://http-server',
  /**
   * Sends HTTP for `wasi:http/outgoing-handler`. The target configuration of each link to it says where its component may go:
   * `allowed_hosts` (`api.example.com, *.example.org:8443`; absent is everywhere) and `allowed_addresses` (ranges like `127.0.0.0/8` of
   * this machine and its link, which are out of reach otherwise). Configuration of its own: `load_native_certs`, `load_webpki_certs`,
   * `ssl_certs_file`, as for wasmCloud's provider.
   */
  HTTP_CLIENT: 'builtin://http-client',
  /**
   * `wasi:blobstore` in object stores of NATS JetStream, a container each. Configuration of links to it, as for wasmCloud's provider:
   * `js_domain`, `max_write_wait`, and for containers that are created `max_age`, `storage_type`, `num_replicas`, `compression`.
   */
  BLOBSTORE_NATS: 'builtin://blobstore-nats',
  /**
   * `wasi:blobstore` in files of the host. `root` in the target configuration of a link names a directory below the one that the host
   * keeps for blobs of the namespace.
   */
  BLOBSTORE_FS: 'builtin://blobstore-fs',
  /**
   * `wasi:keyvalue` in the NATS JetStream bucket that the target configuration of each link to it names: `bucket`. Links from it to
   * components that export `wasi:keyvalue/watcher` name in the source configuration the `bucket` whose changes they are told of, and the
   * `key` if not all (`carts.*`, `carts.>`). Wherever the provider runs more than once, each one tells.
   */
  KEYVALUE_NATS: 'builtin://keyvalue-nats',
  /**
   * `wasi:keyvalue` in Redis or Valkey. The target configuration of each link to it names the server by `url` (`redis://HOST:PORT/DATABASE`,
   * `rediss://` for TLS, by the authorities in `tls_ca_file`), and a `prefix` for the keys of its component if it is to have one. Links from
   * it to components that export `wasi:keyvalue/watcher` name the server in the source configuration and in `watch` the keys that these are
   * told of (`SET@cart,DEL@cart`); the server must tell of them (`notify-keyspace-events K$g`). Wherever it runs more than once, each tells.
   */
  KEYVALUE_REDIS: 'builtin://keyvalue-redis',
  /**
   * `wasmcloud:messaging` over NATS. Links from it to components name their `subscriptions`, `subject|queue,…`, in the source configuration,
   * or `consumers` of JetStream, `[{"stream": "ORDERS", "consumer": "worker"}]`, whose messages come again until they were handled.
   */
  MESSAGING_NATS: 'builtin://messaging-nats',
} as const;

/** Properties that providers of every runtime share. */
export interface ProviderBaseProps extends ComponentProps {
  /**
   * A Service (and an Ingress or HTTPRoute) that KasmCloud keeps on the hosts or pods that serve the provider.
   *
   * @default - none
   */
  readonly service?: NonNullable<WasmCloudProviderSpec['service']>;
}

/** Properties of a provider that is a process on a host. */
export interface ProcessProviderProps extends ProviderBaseProps {
  /** @default 'Process' */
  readonly runtime?: 'Process';
  /**
   * One of {@link BuiltinImage}, the OCI reference of a provider archive or binary, or `file:///path` on a host that allows files.
   */
  readonly image: string;
  /**
   * What to do when the process ends.
   *
   * @default 'Always'
   */
  readonly restartPolicy?: 'Always' | 'OnFailure' | 'Never';
  /** Only with runtime `Container`. */
  readonly container?: never;
}

/** Properties of a provider that is pods of its own, beside the hosts. */
export interface ContainerProviderProps extends Omit<ProviderBaseProps, 'host' | 'hostSelector'> {
  readonly runtime: 'Container';
  /** The container image. */
  readonly image: string;
  /**
   * The pods.
   *
   * @default - one replica, started as the image says
   */
  readonly container?: ProviderContainer;
}

/** Properties of a provider that is any program that uses the SDK (`kasmcloud/provider`), started by others. */
export interface ExternalProviderProps extends Omit<
  ProviderBaseProps,
  'host' | 'hostSelector' | 'imagePullPolicy' | 'imagePullSecrets'
> {
  readonly runtime: 'External';
}

/** Properties of {@link Provider}: what may be given depends on `runtime`, which is immutable once applied. */
export type ProviderProps = ProcessProviderProps | ContainerProviderProps | ExternalProviderProps;

/**
 * A capability that actors use, or that calls them: an HTTP server, a key-value store, a message broker.
 *
 * @see WasmCloudProvider for the object itself
 * @example
 * import { App } from 'cdk8s';
 * import { Actor, Lattice, Provider } from 'kasmcloud';
 *
 * const lattice = new Lattice(new App(), 'shop');
 * const cart = new Actor(lattice, 'cart', { image: 'registry.example.com/cart:1.4.0' });
 * const redis = new Provider(lattice, 'redis', { image: 'registry.example.com/keyvalue-redis:0.28.0' });
 * cart.linkTo(redis, { wit: 'wasi:keyvalue/store,atomics' });
 *
 * const http = Provider.httpServer(lattice, 'http');
 * http.linkTo(cart, { wit: 'wasi:http/incoming-handler', sourceConfig: { address: '0.0.0.0:8080' } });
 */
export class Provider extends Component implements IProvider {
  /** A provider of the same lattice that is declared elsewhere, by the name of its object, which is also its component id. */
  static fromProviderName(scope: Construct, id: string, name: string): IProvider {
    return new ImportedComponent(scope, id, 'provider', name);
  }

  /** The HTTP server that is part of the host. It listens on the `address` in the source configuration of each of its links. */
  static httpServer(scope: Construct, id: string, props: ComponentProps = {}): Provider {
    return new Provider(scope, id, { ...props, image: BuiltinImage.HTTP_SERVER });
  }

  readonly name: string;
  readonly componentId: string;
  readonly runtime: 'Process' | 'Container' | 'External';
  /** None with runtime `External`. */
  readonly image: string | undefined;

  private readonly apiObject: ApiObject;

  constructor(scope: Construct, id: string, given: ProviderProps) {
    super(scope, id);
    // Everything that was given reaches the manifest, also what does not go together: the schema says what is wrong with it.
    const props = given as Partial<
      Omit<ProcessProviderProps, 'runtime' | 'container'> & Pick<ContainerProviderProps, 'container'>
    > &
      Pick<ProviderProps, 'runtime'>;
    this.runtime = props.runtime ?? 'Process';
    this.image = props.image;
    this.apiObject = new WasmCloudProvider(this, 'Resource', {
      ...(props.metadata && { metadata: props.metadata }),
      spec: {
        ...componentSpec(this, props),
        runtime: props.runtime,
        image: props.image,
        container: props.container,
        restartPolicy: props.restartPolicy,
        service: props.service,
      },
    });
    this.name = this.apiObject.name;
    this.componentId = props.componentId ?? this.name;
    addNameLabel(this.apiObject, this.componentId);
    reportImage(this, 'spec.image', props.image);
  }

  get metadata(): ApiObjectMetadataDefinition {
    return this.apiObject.metadata;
  }
}
