import * as pulumi from '@pulumi/pulumi';
import { Actor, Provider } from 'kasmcloud';
import { deployCrds, LatticeStack } from 'kasmcloud/stacks';

/** One lattice of the settings. */
interface LatticeSettings {
  readonly name: string;
  readonly image: string;
  readonly address: string;
  readonly instances?: number;
}

const config = new pulumi.Config();
const lattices = config.requireObject<LatticeSettings[]>('lattices');
const crds = config.requireBoolean('crds') ? deployCrds() : [];

for (const { name, image, address, instances = 10 } of lattices) {
  // A namespace each: names, links and calls of one lattice mean nothing in another.
  new LatticeStack(
    name,
    {
      awaitReady: config.requireBoolean('awaitReady'),
      declare: (lattice) => {
        const hello = new Actor(lattice, 'hello', { image, instances });
        const http = Provider.httpServer(lattice, 'http');
        http.linkTo(hello, { wit: 'wasi:http/incoming-handler', sourceConfig: { address } });
      },
    },
    { dependsOn: crds },
  );
}

export const urls = Object.fromEntries(lattices.map(({ name, address }) => [name, `http://${address}/`]));
