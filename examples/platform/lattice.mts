import { Secret } from 'cdk8s-plus-27';
import { ClusterPlatform, Distribution, kasmcloudImage, Lattice, PlatformApp, Provider } from 'kasmcloud';

const { REGISTRY = 'registry.example.com', ARGO = '' } = process.env;

// Definitions, platform and lattice in the order in which they are applied, for kubectl, kustomize, Argo CD, Flux and Helm.
const app = new PlatformApp({ argoSyncWaves: ARGO !== '', helmChart: { name: 'shop', version: '1.0.0' } });

const lattice = new Lattice(app, 'shop');
const cart = new Distribution(lattice, 'cart', { actor: { image: `${REGISTRY}/cart:1.4.0` }, instances: 300 })
  .spread('eu', { matchLabels: { region: 'eu' }, weight: 80, min: 50 })
  .spread('us', { matchLabels: { region: 'us' }, weight: 20 })
  .canary([{ weight: 10, pauseSeconds: 300 }, { weight: 50 }]);
const store = new Provider(lattice, 'store', { image: 'builtin://keyvalue-nats' });
cart.linkTo(store, { wit: 'wasi:keyvalue/store', targetConfig: { bucket: 'carts' } });
const http = new Distribution(lattice, 'http', { provider: { image: 'builtin://http-server' } }).daemon();
http.linkTo(cart, { wit: 'wasi:http/incoming-handler', sourceConfig: { address: '0.0.0.0:8080' } });

// A cluster of three NATS servers, two reconcilers, and a host on every node, which may read this lattice alone.
new ClusterPlatform(app, 'platform', {
  image: kasmcloudImage(`${REGISTRY}/kasmcloud`),
  nats: {
    image: `${REGISTRY}/nats:2.11-alpine`,
    jetStream: { size: '50Gi' },
    tls: Secret.fromSecretName(lattice, 'NatsTls', 'nats-tls'),
  },
  // Hosts elsewhere join the same API server and NATS with `--label region=us`.
  hosts: { replicas: 'Daemon', labels: { region: 'eu' } },
  lattices: [lattice],
});

app.synth();
