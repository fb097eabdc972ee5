// What the image needs below the bundles: Node 24 and the shared libraries that it is linked to, without a shell or a package manager.
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { rootCertificates } from 'node:tls';

/** Debian packages with what Node, or a provider for glibc, is linked to. */
const packages = ['libc6', 'libgcc-s1', 'libstdc++6'];
const libraries =
  /^(ld-linux.*|lib(c|m|dl|rt|util|pthread|resolv|nss_dns|nss_files|gcc_s|stdc\+\+))\.so\.\d+$/;

/**
 * @typedef {object} NodeRuntime
 * @property {import('./layer.mjs').Entry[]} entries
 * @property {{ name: string, version: string, kind: 'npm' | 'deb', license: string }[]} parts
 */

/**
 * @param {{ root: string, cache: string, architecture: string }} options `root`: the repository; `cache`: a folder that outlives it
 * @returns {NodeRuntime}
 */
export function nodeRuntime({ root, cache, architecture }) {
  const node = installNode(path.join(root, 'lib', 'local', 'tools', 'node'), cache, architecture);
  const debian = debianPackages(cache);
  return {
    entries: [
      { path: '/usr/bin/node', content: stripped(path.join(node.folder, 'bin', 'node')), mode: 0o755 },
      { path: '/usr/share/doc/node/LICENSE', content: readFileSync(path.join(node.folder, 'LICENSE')) },
      ...debian.entries,
      // For providers; Node brings its own.
      { path: '/etc/ssl/certs/ca-certificates.crt', content: `${rootCertificates.join('\n')}\n` },
      { path: '/etc/passwd', content: 'root:x:0:0:root:/:/\nnonroot:x:65532:65532:nonroot:/tmp:/\n' },
      { path: '/etc/group', content: 'root:x:0:\nnonroot:x:65532:\n' },
      { path: '/etc/nsswitch.conf', content: 'hosts: files dns\n' },
      { path: '/tmp', folder: true, mode: 0o1777 },
      { path: '/var/lib/kasmcloud', folder: true, mode: 0o700, uid: 65532 },
    ],
    parts: [{ name: 'node', version: node.version, kind: 'npm', license: 'MIT' }, ...debian.parts],
  };
}

/**
 * The Node that the lock file pins, from npm.
 * @param {string} source
 * @param {string} cache
 * @param {string} architecture
 */
function installNode(source, cache, architecture) {
  const { optionalDependencies } = JSON.parse(readFileSync(path.join(source, 'package.json'), 'utf8'));
  const name = `node-linux-${architecture}`;
  const version = optionalDependencies[name];
  if (version === undefined)
    throw new Error(`There is no ${name} in ${source}/package.json: build the image on x64 or arm64`);
  const installed = path.join(cache, `${name}-${version}`);
  if (!existsSync(installed)) {
    const draft = `${installed}.${process.pid}`;
    mkdirSync(draft, { recursive: true });
    for (const file of ['package.json', 'package-lock.json'])
      cpSync(path.join(source, file), path.join(draft, file));
    execFileSync(
      'npm',
      [
        'install',
        '--no-save',
        '--no-audit',
        '--no-fund',
        '--loglevel=error',
        '--os=linux',
        `--cpu=${architecture}`,
      ],
      {
        cwd: draft,
        stdio: ['ignore', 2, 2],
      },
    );
    renameSync(draft, installed);
  }
  return { folder: path.join(installed, 'node_modules', name), version };
}

/**
 * The program without its debugging symbols: a sixth of it.
 * @param {string} program
 */
function stripped(program) {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'kasmcloud-image-'));
  try {
    const copy = path.join(dir, 'node');
    copyFileSync(program, copy);
    execFileSync('strip', [copy], { stdio: ['ignore', 2, 2] });
    return readFileSync(copy);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/**
 * Libraries and copyright files of the packages as this Debian has them now.
 * @param {string} cache
 * @returns {{ entries: import('./layer.mjs').Entry[], parts: NodeRuntime['parts'] }}
 */
function debianPackages(cache) {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'kasmcloud-image-'));
  try {
    const files = packages.map((name) => debianPackage(name, cache));
    // The copyright of the compiler's libraries stands in the package that they share.
    const shared = field(/** @type {string} */ (files[1]), 'Depends').match(/gcc-\d+-base/)?.[0];
    if (shared !== undefined) files.push(debianPackage(shared, cache));
    for (const file of files) execFileSync('dpkg-deb', ['-x', file, dir]);
    /** @type {Map<string, import('./layer.mjs').Entry>} */
    const entries = new Map();
    const add = (/** @type {string} */ from, /** @type {string} */ to, mode = 0o644) =>
      entries.set(to, { path: to, content: readFileSync(from), mode });
    for (const folder of ['lib', 'usr/lib']) {
      const [triplet = ''] = readdirSync(path.join(dir, folder)).filter((name) =>
        name.endsWith('-linux-gnu'),
      );
      for (const name of readdirSync(path.join(dir, folder, triplet))) {
        const file = path.join(dir, folder, triplet, name);
        if (libraries.test(name)) add(realpathSync(file), `/lib/${triplet}/${name}`, 0o755);
        if (name.startsWith('ld-linux')) {
          const loader = architectureLoader(name);
          if (loader !== `/lib/${triplet}/${name}`)
            entries.set(loader, { path: loader, link: `/lib/${triplet}/${name}` });
        }
      }
    }
    for (const name of readdirSync(path.join(dir, 'usr/share/doc'))) {
      const copyright = path.join(dir, 'usr/share/doc', name, 'copyright');
      if (existsSync(copyright)) add(copyright, `/usr/share/doc/${name}/copyright`);
    }
    const parts = files.map((file) => ({
      name: field(file, 'Package'),
      version: field(file, 'Version'),
      kind: /** @type {const} */ ('deb'),
      license: 'NOASSERTION',
    }));
    return { entries: [...entries.values()], parts };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/**
 * Where programs look for the loader.
 * @param {string} name
 */
function architectureLoader(name) {
  return name.includes('x86-64') ? `/lib64/${name}` : `/lib/${name}`;
}

/**
 * @param {string} name
 * @param {string} cache
 * @returns {string} path of the package
 */
function debianPackage(name, cache) {
  const folder = path.join(cache, 'debian');
  mkdirSync(folder, { recursive: true });
  const version = execFileSync('apt-cache', ['show', '--no-all-versions', name], { encoding: 'utf8' }).match(
    /^Version: (.+)$/m,
  )?.[1];
  const architecture = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();
  // In names of packages the colon of an epoch is written so.
  const file = path.join(folder, `${name}_${version?.replace(':', '%3a')}_${architecture}.deb`);
  if (!existsSync(file)) {
    // The cache may be a folder that apt's own account cannot enter.
    const args = ['download', '-qq', '-o', 'APT::Sandbox::User=root', name];
    execFileSync('apt-get', args, { cwd: folder, stdio: ['ignore', 2, 2] });
  }
  return file;
}

/**
 * @param {string} file
 * @param {string} name
 */
function field(file, name) {
  return execFileSync('dpkg-deb', ['-f', file, name], { encoding: 'utf8' }).trim();
}
