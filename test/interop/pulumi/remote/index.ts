import * as pulumi from '@pulumi/pulumi';
import type { LatticeArgs } from '../../../../stacks/component';

/** What a generated SDK has in its language: the engine hands everything to the component package. */
class RemoteLattice extends pulumi.ComponentResource {
  declare readonly namespace: pulumi.Output<string>;

  constructor(name: string, args: LatticeArgs) {
    super('kasmcloud:index:Lattice', name, { namespace: undefined, ...args }, {}, true);
  }
}

const config = new pulumi.Config();
const lattice = new RemoteLattice('remote', {
  crds: true,
  awaitReady: false,
  actors: {
    cart: {
      image: 'registry.example/cart:1.0',
      instances: 7,
      config: { greeting: pulumi.output('hello'), token: config.requireSecret('token') },
    },
  },
  providers: { http: { image: 'builtin://http-server' } },
  links: [
    {
      source: 'http',
      target: config.get('target') ?? 'cart',
      wit: 'wasi:http/incoming-handler',
      sourceConfig: { address: '127.0.0.1:8080' },
    },
  ],
});

export const namespace = lattice.namespace;
