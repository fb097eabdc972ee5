import type { SecretValue } from '../../lattice/provider-contract';
import { WitError, type HostImports } from '../engine/engine';
import type { Guest } from './guest';

type Revealed =
  { readonly tag: 'string'; readonly val: string } | { readonly tag: 'bytes'; readonly val: Uint8Array };

/** `wasmcloud:secrets/store.secret`: a handle of a value that shows nowhere but in what `reveal` returns. */
class Secret {
  readonly #value: SecretValue;

  constructor(value: SecretValue) {
    this.#value = value;
  }

  static reveal(secret: Secret): Revealed {
    const { kind, value } = secret.#value;
    return kind === 'String' ? { tag: 'string', val: value } : { tag: 'bytes', val: Uint8Array.from(value) };
  }
}

/** wasmcloud:secrets: what the actor's `secretFrom` has. */
export function secrets(guest: Guest): HostImports {
  return {
    'wasmcloud:secrets/store': {
      Secret,
      get(key: string): Secret {
        const { secrets } = guest.context;
        const value = Object.hasOwn(secrets, key) ? secrets[key] : undefined;
        if (value === undefined) throw new WitError({ tag: 'not-found' });
        return new Secret(value);
      },
    },
    'wasmcloud:secrets/reveal': { reveal: (secret: Secret) => Secret.reveal(secret) },
  };
}
