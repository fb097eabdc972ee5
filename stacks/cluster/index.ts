import * as pulumi from '@pulumi/pulumi';
import { BuiltinImage, Distribution, Lattice } from 'kasmcloud';
import { PlatformStack } from 'kasmcloud/stacks';

const config = new pulumi.Config();

new PlatformStack('platform', {
  image: config.require('image'),
  nats: { image: config.require('natsImage') },
  hosts: { replicas: config.requireNumber('hosts') },
  crds: config.requireBoolean('crds'),
  skipAwait: config.requireBoolean('skipAwait'),
  declare: (app, platform) => {
    const lattice = new Lattice(app, 'shop');
    platform.grantLattice(lattice);
    const cart = new Distribution(lattice, 'cart', {
      actor: { image: config.require('actor') },
      instances: config.requireNumber('instances'),
    }).rollingUpdate();
    // A server on each host, so that a Service in front of the hosts reaches the actor wherever it runs.
    const http = new Distribution(lattice, 'http', {
      provider: { image: BuiltinImage.HTTP_SERVER },
    }).daemon();
    http.linkTo(cart, { wit: 'wasi:http/incoming-handler', sourceConfig: { address: '0.0.0.0:8080' } });
  },
});
