import { ApiObject, Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { GROUP, LATTICE_NAME, labelValue } from '../lib/api/names';
import { type ILattice } from './ilattice';
import { dropNamespace, validatingOnly } from './kasm-object';
import { LatticeIndex } from './lattice-index';
import { WasmCloudHost, WasmCloudLattice } from './resources';

/** Properties of {@link Lattice}. */
export interface LatticeProps {
  /**
   * The namespace that is the lattice.
   *
   * @default - the id of the construct
   */
  readonly namespace?: string;
  /**
   * Whether the Namespace object is part of the output. Give false where somebody else makes namespaces.
   *
   * @default true
   */
  readonly createNamespace?: boolean;
  /**
   * Labels for all objects, added to `app.kubernetes.io/part-of` and `app.kubernetes.io/managed-by`.
   *
   * @default - only these two
   */
  readonly labels?: { readonly [key: string]: string };
}

/**
 * A wasmCloud lattice: a namespace, and in it hosts, actors, providers and links. Objects are named after their construct ids, without
 * a hash, so that `kubectl get` shows what the program says.
 *
 * @see WasmCloudLattice for its settings
 * @example
 * import { App } from 'cdk8s';
 * import { Actor, Lattice, Provider } from 'kasmcloud';
 *
 * const app = new App();
 * const lattice = new Lattice(app, 'shop');
 * const cart = new Actor(lattice, 'cart', { image: 'registry.example.com/cart:1.4.0', instances: 100 });
 * const http = Provider.httpServer(lattice, 'http');
 * http.linkTo(cart, { wit: 'wasi:http/incoming-handler', sourceConfig: { address: '0.0.0.0:8080' } });
 * app.synth();
 */
export class Lattice extends Chart implements ILattice {
  /** A lattice that is declared elsewhere, by its namespace. */
  static fromNamespace(scope: Construct, id: string, namespace: string): ILattice {
    class Import extends Construct implements ILattice {
      readonly namespace = namespace;
    }
    return new Import(scope, id);
  }

  declare readonly namespace: string;
  /** Whether the Namespace object is part of the output. */
  readonly createNamespace: boolean;

  constructor(scope: Construct, id: string, props: LatticeProps = {}) {
    const namespace = props.namespace ?? id;
    super(scope, id, {
      namespace,
      labels: {
        'app.kubernetes.io/part-of': labelValue(id),
        'app.kubernetes.io/managed-by': 'kasmcloud',
        ...props.labels,
      },
    });
    this.createNamespace = props.createNamespace ?? true;
    LatticeIndex.of(this, namespace).complete = true;
    this.node.addValidation({ validate: () => namespaceIssues(namespace) });
    if (this.createNamespace)
      dropNamespace(
        new ApiObject(this, 'Namespace', {
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: { name: namespace },
        }),
      );
  }

  /**
   * Names our kinds after the path of ids, without a hash; hosts, which are cluster-scoped, with the lattice's id in front. Other kinds
   * are named as in any chart.
   */
  override generateObjectName(object: ApiObject): string {
    if (object.apiGroup !== GROUP) return super.generateObjectName(object);
    if (object.kind === WasmCloudLattice.GVK.kind) return LATTICE_NAME;
    const path = object.node.path.split('/').filter((id) => id !== 'Resource' && id !== 'Default');
    const own = object.kind === WasmCloudHost.GVK.kind ? path : path.slice(this.node.path.split('/').length);
    return own
      .join('-')
      .toLowerCase()
      .replace(/[^a-z0-9-]+/g, '-');
  }

  /** The manifests of all objects, Namespace first. @throws when one of them is not valid, with all issues at once */
  override toJson(): object[] {
    return validatingOnly(this, () => super.toJson() as object[]);
  }
}

function namespaceIssues(namespace: string): string[] {
  if (typeof namespace === 'string' && /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace)) return [];
  return [
    `namespace must be a DNS label of at most 63 characters, got "${namespace}": choose another id, or give namespace`,
  ];
}
