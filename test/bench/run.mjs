// Measures and prints one row a figure: `npm run bench` a table of all, `npm run bench -- spine.memory --json` JSON lines of those
// whose name starts so. A row has name, value, unit, and rival, rivalValue, ratio where the same run measured a rival.
import { loadavg } from 'node:os';
import { readdirSync } from 'node:fs';

const args = process.argv.slice(2);
const json = args.includes('--json');
const wanted = args.filter((arg) => !arg.startsWith('-'));

const files = readdirSync(new URL('.', import.meta.url)).filter((file) => file.endsWith('.bench.mjs'));
const benches = await Promise.all(files.sort().map((file) => import(new URL(file, import.meta.url).href)));
const isWanted = (name) =>
  wanted.length === 0 || wanted.some((prefix) => name === prefix || name.startsWith(`${prefix}.`));
const selected = benches.filter((bench) => bench.rows.some(isWanted));
if (selected.length === 0) {
  console.error(
    `No figure is named ${wanted.join(', ')}: there are ${benches.flatMap((bench) => bench.rows).join(', ')}`,
  );
  process.exit(2);
}

const rows = [];
for (const bench of selected) {
  for await (const row of bench.measure((name) => isWanted(name))) {
    if (!isWanted(row.name)) continue;
    const full = {
      ...row,
      ...(row.rivalValue === undefined ? {} : { ratio: round(row.value / row.rivalValue) }),
      load: round(loadavg()[0]),
    };
    rows.push(full);
    if (json) console.log(JSON.stringify(full));
    else console.error(`measured ${full.name}`);
  }
}
if (!json) table(rows);

function table(rows) {
  const cells = [
    ['figure', 'value', 'unit', 'rival', 'its value', 'ratio', 'load'],
    ...rows.map((row) => [
      row.name,
      row.value,
      row.unit,
      row.rival ?? '',
      row.rivalValue ?? '',
      row.ratio ?? '',
      row.load,
    ]),
  ].map((line) => line.map(String));
  const widths = cells[0].map((_, column) => Math.max(...cells.map((line) => line[column].length)));
  for (const line of cells)
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    );
}

function round(value) {
  return Math.round(value * 1000) / 1000;
}
