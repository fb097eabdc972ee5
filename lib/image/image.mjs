// Writes the image of all roles to dist/, without a container engine: node lib/image/image.mjs [--name REFERENCE]
// The same sources on the same Debian give the same digest.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { layer } from './layer.mjs';
import { nodeRuntime } from './node-runtime.mjs';
import { readBundledPackages } from './notices.mjs';
import { ociArchive } from './oci-archive.mjs';
import { sbom } from './sbom.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const dist = path.join(root, 'dist');
const { name, version, description, license } = JSON.parse(
  readFileSync(path.join(root, 'package.json'), 'utf8'),
);
const { values } = parseArgs({
  options: { name: { type: 'string', default: `localhost/${name}:${version}` } },
});
const architecture = process.arch;
const created = new Date(Number(process.env.SOURCE_DATE_EPOCH ?? 0) * 1000).toISOString().replace('.000', '');
const cache = path.join(
  process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'),
  'kasmcloud',
  'tools',
  'image',
);

const runtime = nodeRuntime({ root, cache, architecture });
const parts = [
  ...runtime.parts,
  ...readBundledPackages(dist).map((each) => ({ ...each, kind: /** @type {const} */ ('npm') })),
];
const bill = sbom({ name, version, created, parts });
const file = (/** @type {string} */ relative) => ({
  path: `/app/${relative}`,
  content: readFileSync(path.join(root, relative)),
});
const app = [
  ...[
    'package.json',
    'LICENSE',
    'dist/kasmcloud.cjs',
    'dist/host-worker.cjs',
    'dist/third-party-licenses.txt',
  ].map(file),
  ...readdirSync(path.join(root, 'crds')).map((each) => file(`crds/${each}`)),
  { path: '/app/sbom.spdx.json', content: bill },
];

const labels = {
  'org.opencontainers.image.title': name,
  'org.opencontainers.image.description': description,
  'org.opencontainers.image.version': version,
  'org.opencontainers.image.licenses': license,
  'org.opencontainers.image.created': created,
};
const image = await ociArchive({
  // What changes with every build comes last: a registry and a node keep the first layer.
  layers: [await layer(runtime.entries), await layer(app)],
  reference: values.name,
  architecture,
  created,
  labels,
  config: {
    User: '65532:65532',
    Env: [
      'PATH=/usr/bin',
      'HOME=/tmp',
      'SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt',
      'KASMCLOUD_DATA_DIR=/var/lib/kasmcloud',
    ],
    Entrypoint: ['/usr/bin/node', '/app/dist/kasmcloud.cjs'],
    Cmd: ['--help'],
    WorkingDir: '/',
    Volumes: { '/var/lib/kasmcloud': {}, '/tmp': {} },
    StopSignal: 'SIGTERM',
  },
});
writeFileSync(path.join(dist, 'kasmcloud-image.tar'), image.archive);
writeFileSync(path.join(dist, 'kasmcloud-image.spdx.json'), bill);
writeFileSync(
  path.join(dist, 'image.json'),
  `${JSON.stringify({ reference: values.name, version, digest: image.digest, size: image.size })}\n`,
);
console.log(
  `dist/kasmcloud-image.tar  ${values.name}@${image.digest}  ${(image.size / 1e6).toFixed(1)} MB compressed`,
);
