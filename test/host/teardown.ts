import { rmSync } from 'node:fs';

export default function teardown(): void {
  rmSync(process.env['KASMCLOUD_TEST_DIR'] ?? '', { recursive: true, force: true });
}
