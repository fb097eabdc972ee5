import type { Readable } from 'node:stream';
import { KasmError } from '../base/errors';
import type { HostData } from '../lattice/provider-contract';

/** More than any host sends; a stream that is longer is something else. */
const maxBytes = 16 << 20;

/**
 * Reads the host's data: one line of base64. Hosts end the input after it, and some leave it open.
 *
 * @throws KasmError when the input is something else, as when the program was started by hand.
 */
export async function readHostData(input: Readable = process.stdin): Promise<HostData> {
  let text = '';
  for await (const chunk of input) {
    text += String(chunk);
    if (text.includes('\n') || text.length > maxBytes) break;
  }
  return parseHostData(text);
}

/** @throws KasmError */
export function parseHostData(text: string): HostData {
  let data: Partial<HostData>;
  try {
    data = JSON.parse(Buffer.from(text.trim(), 'base64').toString()) as Partial<HostData>;
  } catch (cause) {
    throw new KasmError(
      'Standard input holds no host data',
      'Start this program through a host, or pass nats, lattice and id to connect()',
      { cause },
    );
  }
  const strings = ['host_id', 'lattice_rpc_prefix', 'lattice_rpc_url', 'provider_key'] as const;
  const missing = strings.find((field) => typeof data[field] !== 'string' || data[field] === '');
  if (missing !== undefined) {
    throw new KasmError(`Host data has no ${missing}`, 'This SDK needs a host of wasmCloud 1.x or KasmCloud');
  }
  const given = data as HostData;
  return {
    ...given,
    lattice_rpc_user_jwt: data.lattice_rpc_user_jwt ?? '',
    lattice_rpc_user_seed: data.lattice_rpc_user_seed ?? '',
    link_definitions: data.link_definitions ?? [],
    config: data.config ?? {},
    secrets: data.secrets ?? {},
    host_xkey_public_key: data.host_xkey_public_key ?? '',
    provider_xkey_private_key: data.provider_xkey_private_key ?? '',
  };
}
