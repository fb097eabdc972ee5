import { type ApiObjectMetadata, Chart } from 'cdk8s';
import { Construct, type IConstruct } from 'constructs';
import type { LabelSelector, Toleration } from '../lib/api/generated/kasmcloud';
import { isLocated } from '../lib/api/image';
import { Config, type ConfigInput, type INamedObject } from './config';
import type { IHost } from './host';
import { LatticeIndex } from './lattice-index';
import { Link, type LinkOptions, linkId } from './link';

/** An actor or a provider, declared here or elsewhere: what links connect. */
export interface IComponent extends IConstruct {
  /** Name of the object in Kubernetes. */
  readonly name: string;
  /** Id in the lattice, by which links and calls find the component. */
  readonly componentId: string;

  /**
   * Links an interface that this component imports to another one that exports it. An HTTP server calls the actor, so there the
   * provider is the one that links. The link is a child of this component.
   *
   * @throws when this component is linked to that target over that package by that name already
   */
  linkTo(target: IComponent, options: LinkOptions): Link;
}

/** Properties that actors and providers share, on a host of their own and in a distribution. */
export interface TemplateProps {
  /**
   * Id in the lattice. Immutable once applied.
   *
   * @default - the name
   */
  readonly componentId?: string;
  /** @default - `Always` for the tag `latest` or no tag, else `IfNotPresent` */
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  /**
   * Secrets with registry credentials, tried in order before those of the lattice.
   *
   * @default - none
   */
  readonly imagePullSecrets?: readonly INamedObject[];
  /**
   * Taints of hosts to put up with.
   *
   * @default - none
   */
  readonly tolerations?: readonly Toleration[];
  /**
   * Configuration; a change reaches what runs.
   *
   * @default - none
   */
  readonly config?: ConfigInput;
}

/** Properties that actors and providers share. */
export interface ComponentProps extends TemplateProps {
  /** @default - the name comes from the construct's path */
  readonly metadata?: ApiObjectMetadata;
  /**
   * The host to run on. Immutable once applied.
   *
   * @default - the scheduler chooses
   */
  readonly host?: IHost;
  /**
   * Labels of hosts among which the scheduler chooses. Not together with `host`.
   *
   * @default - any host of the lattice
   */
  readonly hostSelector?: LabelSelector;
}

/** The part of a spec that actors and providers share. */
export function componentSpec(construct: IConstruct, props: ComponentProps) {
  return { ...templateSpec(construct, props), host: props.host?.name, hostSelector: props.hostSelector };
}

/** The part of a spec that stands in the template of a distribution, too. */
export function templateSpec(construct: IConstruct, props: TemplateProps) {
  return {
    componentId: props.componentId,
    imagePullPolicy: props.imagePullPolicy,
    imagePullSecrets: props.imagePullSecrets?.map(({ name }) => ({ name })),
    tolerations: props.tolerations === undefined ? undefined : [...props.tolerations],
    config: Config.specOf(construct, 'config', props.config),
  };
}

/** Reports an image that names no registry, which every host refuses. */
export function reportImage(construct: IConstruct, property: string, image: string | undefined): void {
  // What is missing or known only to the deployment is for the schema, and for the API server, to judge.
  if (typeof image !== 'string' || image === '' || isLocated(image)) return;
  const issue = `${property} must name its registry, got "${image}": for example registry.example.com/${image}`;
  construct.node.addValidation({ validate: () => [issue] });
}

/** What actors and providers have in common, declared here or imported. */
export abstract class Component extends Construct implements IComponent {
  abstract readonly name: string;
  abstract readonly componentId: string;

  linkTo(target: IComponent, options: LinkOptions): Link {
    return new Link(this, linkId(this, target, options), { source: this, target, ...options });
  }
}

/** A component that is declared elsewhere in the same lattice. */
export class ImportedComponent extends Component {
  readonly componentId: string;

  constructor(
    scope: Construct,
    id: string,
    role: 'actor' | 'provider',
    readonly name: string,
  ) {
    super(scope, id);
    this.componentId = name;
    LatticeIndex.of(this, Chart.of(this).namespace).addComponent(name, role, this);
  }
}
