import * as pulumi from '@pulumi/pulumi';
import { Actor, Provider } from 'kasmcloud';
import { deployCrds, LatticeStack } from 'kasmcloud/stacks';

const config = new pulumi.Config();
const address = config.require('address');

const crds = config.requireBoolean('crds') ? deployCrds() : [];
const stack = new LatticeStack(
  'hello',
  {
    awaitReady: config.requireBoolean('awaitReady'),
    declare: (lattice) => {
      const hello = new Actor(lattice, 'hello', {
        image: config.require('image'),
        instances: config.requireNumber('instances'),
      });
      const http = Provider.httpServer(lattice, 'http');
      http.linkTo(hello, { wit: 'wasi:http/incoming-handler', sourceConfig: { address } });
    },
  },
  { dependsOn: crds },
);

export const namespace = stack.namespace;
export const url = `http://${address}/`;
