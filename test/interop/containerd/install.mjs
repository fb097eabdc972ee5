// Makes sure that containerd and runc are here: node install.mjs. Debian has both; elsewhere they must be on the PATH already.
import { spawnSync } from 'node:child_process';

const programs = ['containerd', 'ctr', 'runc'];
const missing = () => programs.filter((program) => spawnSync('which', [program]).status !== 0);

if (missing().length > 0) {
  console.error('Installing containerd and runc from Debian packages (once)');
  const apt = (...args) => spawnSync('apt-get', ['-qq', ...args], { stdio: ['ignore', 2, 2] }).status === 0;
  const install = () => apt('install', '-y', '--no-install-recommends', 'containerd', 'runc');
  // A fresh machine may know no packages yet.
  if (!install() && apt('update')) install();
}
if (missing().length > 0) {
  console.error(
    `${missing().join(', ')} not found: install containerd and runc (as root, on Debian: apt-get install containerd runc)`,
  );
  process.exit(1);
}
