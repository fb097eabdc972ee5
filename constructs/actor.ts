import { type ApiObject, type ApiObjectMetadataDefinition } from 'cdk8s';
import type { Construct } from 'constructs';
import type { ActorLimits } from '../lib/api/generated/kasmcloud';
import {
  Component,
  type ComponentProps,
  componentSpec,
  type IComponent,
  ImportedComponent,
  reportImage,
} from './component';
import { addNameLabel } from './metadata';
import { WasmCloudActor } from './resources';

/** An actor, declared here or elsewhere. */
export type IActor = IComponent;

/** Properties of {@link Actor}. */
export interface ActorProps extends ComponentProps {
  /** The component: an OCI reference such as `registry.example/echo:1.0`, or `file:///path` on a host that allows files. */
  readonly image: string;
  /**
   * Most calls that are served at a time, 0 to 100,000; 0 stops the actor.
   *
   * @default 1
   */
  readonly instances?: number;
  /**
   * Bounds of each instance: memory as bytes or a quantity such as `64Mi`, time of one call in milliseconds.
   *
   * @default - those of the host
   */
  readonly limits?: ActorLimits;
}

/**
 * A Wasm component that runs on a host of the lattice and serves calls, up to `instances` at a time.
 *
 * @see WasmCloudActor for the object itself
 * @example
 * import { App } from 'cdk8s';
 * import { Actor, Lattice } from 'kasmcloud';
 *
 * const lattice = new Lattice(new App(), 'shop');
 * new Actor(lattice, 'cart', {
 *   image: 'registry.example.com/cart:1.4.0',
 *   instances: 100,
 *   limits: { memory: '64Mi', executionTimeMs: 5000 },
 *   hostSelector: { matchLabels: { zone: 'eu-1' } },
 *   config: { currency: 'EUR' },
 * });
 */
export class Actor extends Component implements IActor {
  /** An actor of the same lattice that is declared elsewhere, by the name of its object, which is also its component id. */
  static fromActorName(scope: Construct, id: string, name: string): IActor {
    return new ImportedComponent(scope, id, 'actor', name);
  }

  readonly name: string;
  readonly componentId: string;
  readonly image: string;
  /** Most calls that are served at a time. */
  readonly instances: number;

  private readonly apiObject: ApiObject;

  constructor(scope: Construct, id: string, props: ActorProps) {
    super(scope, id);
    this.image = props.image;
    this.instances = props.instances ?? 1;
    this.apiObject = new WasmCloudActor(this, 'Resource', {
      ...(props.metadata && { metadata: props.metadata }),
      spec: {
        ...componentSpec(this, props),
        image: props.image,
        instances: props.instances,
        limits: props.limits,
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
