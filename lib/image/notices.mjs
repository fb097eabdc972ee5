// Who wrote what is inside the bundles: their licences ask to be told wherever the code goes.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

/**
 * @typedef {object} BundledPackage
 * @property {string} name
 * @property {string} version
 * @property {string} license SPDX expression, as its package.json gives it
 * @property {string} notice text of its licence and notice files
 */

/**
 * The npm packages whose code esbuild put into bundles, each once, by name.
 * @param {import('esbuild').Metafile[]} metafiles
 * @returns {BundledPackage[]}
 * @throws when a package has no licence to show
 */
export function bundledPackages(metafiles) {
  const folders = new Set();
  for (const { outputs } of metafiles) {
    for (const { inputs } of Object.values(outputs)) {
      for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
        const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
        if (folder !== undefined && bytesInOutput > 0) folders.add(folder);
      }
    }
  }
  return [...folders].map(bundledPackage).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * @param {string} folder
 * @returns {BundledPackage}
 */
function bundledPackage(folder) {
  const { name, version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  if (typeof license !== 'string') throw new Error(`${folder}/package.json names no license`);
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
  const notice = files
    .sort()
    .map((file) => readFileSync(path.join(folder, file), 'utf8').trim())
    .join('\n\n');
  // Some packages only name their licence; their authors then stand in the manifest or nowhere.
  return { name, version, license, notice: notice || `Licensed under ${license}.` };
}

/**
 * @param {readonly BundledPackage[]} packages
 * @returns {string}
 */
export function noticeText(packages) {
  const rule = '-'.repeat(80);
  return packages
    .map(({ name, version, license, notice }) => `${name} ${version} (${license})\n\n${notice}\n\n${rule}\n`)
    .join('\n');
}

/**
 * What the build wrote about its bundles.
 * @param {string} dist
 * @returns {BundledPackage[]}
 */
export function readBundledPackages(dist) {
  const file = path.join(dist, 'bundled-packages.json');
  if (!existsSync(file)) throw new Error(`${file} is missing: run \`npm run build\` first`);
  return JSON.parse(readFileSync(file, 'utf8'));
}
