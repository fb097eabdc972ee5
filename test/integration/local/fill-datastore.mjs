// Writes ConfigMaps straight into the datastore of a control plane that is stopped: what a large installation has gathered in years would
// take this machine an hour through the API. Usage: node fill-datastore.mjs STATE.DB NAMESPACE COUNT, with a Node that has node:sqlite.
import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';

const [file, namespace, count] = process.argv.slice(2);
const database = new DatabaseSync(file);
// A row of kine is one revision of one key; this is the first of each.
const insert = database.prepare(
  `INSERT INTO kine (name, created, deleted, create_revision, prev_revision, lease, value, old_value)
   VALUES (?, 1, 0, 0, 0, 0, ?, NULL)`,
);
database.exec('BEGIN');
for (let i = 0; i < Number(count); i++) {
  const name = `filled-${String(i).padStart(6, '0')}`;
  const metadata = { name, namespace, uid: randomUUID(), creationTimestamp: '2026-01-01T00:00:00Z' };
  const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata, data: { index: String(i) } };
  insert.run(`/registry/configmaps/${namespace}/${name}`, Buffer.from(JSON.stringify(object)));
}
database.exec('COMMIT');
database.close();
