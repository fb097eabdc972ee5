import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { KubeClient, loadConnection } from '../../lib/kube';
import { bootstrap } from '../../lib/local/bootstrap';
import { startControlPlane } from '../../lib/local/control-plane';
import { startNats } from '../../lib/local/nats';
import { progressTo } from '../../lib/local/progress';
import teardown, { remember, rememberDir } from './teardown';

/**
 * Starts one API server that knows the six kinds and one NATS server for all integration tests, in a temporary folder. Tests find
 * them through `KASMCLOUD_TEST_KUBECONFIG` (admin) and `KASMCLOUD_TEST_NATS_URL`, `_CA`, `_CERT`, `_KEY` (files).
 * `KASMCLOUD_TEST_DIR` is the folder: `new Pki(path.join(dir, 'pki'))` issues more client certificates.
 */
export default async function setup(): Promise<void> {
  const dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-integration-'));
  rememberDir(dir);
  const progress = progressTo(process.stderr);
  try {
    const controlPlane = await startControlPlane({ dir, progress });
    remember(controlPlane);
    const nats = await startNats({ dir, progress });
    remember(nats);

    const kubeconfig = controlPlane.kubeconfig('admin');
    const connection = await loadConnection({ kubeconfig });
    await bootstrap(new KubeClient(connection));
    connection.close();

    const { ca, cert, key } = nats.client('test');
    Object.assign(process.env, {
      KASMCLOUD_TEST_DIR: dir,
      KASMCLOUD_TEST_KUBECONFIG: kubeconfig,
      KASMCLOUD_TEST_NATS_URL: nats.url,
      KASMCLOUD_TEST_NATS_CA: ca,
      KASMCLOUD_TEST_NATS_CERT: cert,
      KASMCLOUD_TEST_NATS_KEY: key,
    });
  } catch (error) {
    // Jest calls no teardown after a setup that failed.
    await teardown();
    throw error;
  }
}
