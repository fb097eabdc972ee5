// A child of library.bench.mjs: synthesizes COUNT actors, each linked to one provider, with the constructs (`kasmcloud`; `ordered` in a
// PlatformApp) or with bare ApiObjects, and
// prints the seconds of processor from the first object to the written file (others on the machine do not count), and the most memory of
// the process in MB.
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { ApiObject, App, Chart } = require('cdk8s');

const { Actor, Lattice, PlatformApp, Provider } = process.argv[2] === 'bare' ? {} : require('kasmcloud');

const [kind, count] = [process.argv[2], Number(process.argv[3])];
const outdir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-bench-synth-'));
const image = 'registry.example.com/cart:1.4.0';

const declare = {
  kasmcloud(app) {
    const lattice = new Lattice(app, 'shop');
    const store = new Provider(lattice, 'store', { image: 'builtin://keyvalue-nats' });
    for (let at = 0; at < count; at++) {
      const actor = new Actor(lattice, `actor-${at}`, { image, instances: 10 });
      actor.linkTo(store, { wit: 'wasi:keyvalue/store', targetConfig: { bucket: `bucket-${at}` } });
    }
  },
  bare(app) {
    const shared = { 'app.kubernetes.io/part-of': 'shop', 'app.kubernetes.io/managed-by': 'kasmcloud' };
    const chart = new Chart(app, 'shop', { namespace: 'shop', labels: shared });
    const object = (kind, name, spec, labels = {}) =>
      new ApiObject(chart, `${kind}-${name}`, {
        apiVersion: 'kasmcloud.io/v1alpha1',
        kind,
        metadata: { name, labels },
        spec,
      });
    const named = (name) => ({ 'app.kubernetes.io/name': name });
    new ApiObject(chart, 'namespace', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
    object('WasmCloudProvider', 'store', { image: 'builtin://keyvalue-nats' }, named('store'));
    for (let at = 0; at < count; at++) {
      const name = `actor-${at}`;
      object('WasmCloudActor', name, { image, instances: 10 }, named(name));
      object('WasmCloudLink', `${name}-store-wasi-keyvalue`, {
        source: name,
        target: 'store',
        wit: { namespace: 'wasi', package: 'keyvalue', interfaces: ['store'] },
        targetConfig: { values: { bucket: `bucket-${at}` } },
      });
    }
  },
};

try {
  const before = process.cpuUsage();
  // cdk8s itself writes at most some 100,000 objects a chart.
  const app = kind === 'ordered' ? new PlatformApp({ outdir }) : new App({ outdir });
  (declare[kind] ?? declare.kasmcloud)(app);
  app.synth();
  const { user, system } = process.cpuUsage(before);
  console.log(
    JSON.stringify({ seconds: (user + system) / 1e6, megabytes: process.resourceUsage().maxRSS / 1024 }),
  );
} finally {
  rmSync(outdir, { recursive: true });
}
