import type { WasmCloudProviderSpec } from '../../api';
import { Backoff } from '../../base/backoff';
import { TerminalError } from '../../base/errors';
import { ImagePullError } from '../images/errors';
import { parseReference } from '../images/reference';
import type { HostContext } from './context';
import { ImagePull, StillPulling } from './image-pull';
import type { PullCredentials } from './pull-credentials';

/** The executable file of an image. */
export interface ProviderProgram {
  readonly path: string;
  readonly digest: string;
  /** The image by digest. */
  readonly resolved: string;
}

interface Failure {
  readonly attempt: string;
  readonly error: unknown;
  /** On the clock of `performance.now()`. */
  readonly retryAt: number;
}

/**
 * The program of one provider: fetched when the image changes or the file is gone, looked at in each pass where the image is a file. What
 * failed is not attempted again before its time.
 */
export class ProgramSource {
  private known: { readonly attempt: string; readonly program: ProviderProgram } | undefined;
  private failure: Failure | undefined;
  private readonly backoff = new Backoff({ minMs: 1_000, maxMs: 60_000 });
  private readonly pulling: ImagePull;

  /** @param changed called when another {@link fetch} is worth while */
  constructor(
    private readonly context: HostContext,
    changed: () => void,
  ) {
    this.pulling = new ImagePull(context.images, changed);
  }

  /** What was fetched last, which may be of an image that is no longer wanted. */
  get last(): ProviderProgram | undefined {
    return this.known?.program;
  }

  /** Milliseconds until a failed attempt is worth repeating; undefined when none has failed, or only a change can help. */
  get retryInMs(): number | undefined {
    const at = this.pulling.underWay ? Infinity : (this.failure?.retryAt ?? Infinity);
    return at === Infinity ? undefined : Math.max(0, at - performance.now());
  }

  /** @throws ImagePullError or TerminalError when there is no such program; StillPulling while it is on its way */
  async fetch(
    { image = '', imagePullPolicy }: WasmCloudProviderSpec,
    { credentials, problems }: PullCredentials,
    signal: AbortSignal,
  ): Promise<ProviderProgram> {
    const attempt = JSON.stringify([image, imagePullPolicy, credentials]);
    const isFile = parseReference(image).kind === 'file';
    if (this.failure?.attempt === attempt && performance.now() < this.failure.retryAt)
      throw this.failure.error;
    const isKnown = this.known?.attempt === attempt;
    try {
      const { processes } = this.context;
      // Once it runs, a tag that was moved changes nothing; the cache is asked all the same, so that the file stays.
      const pullPolicy = isKnown && imagePullPolicy !== 'Never' ? 'IfNotPresent' : imagePullPolicy;
      const stored = await this.pulling.fetch(image, { pullPolicy, credentials });
      const path = await processes.prepare(stored);
      const program = { path, digest: stored.digest, resolved: stored.resolved };
      this.known = { attempt, program };
      this.failure = undefined;
      this.backoff.reset();
      return program;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof StillPulling) throw error;
      const named = withProblems(error, problems);
      if (this.failure?.attempt !== attempt) this.backoff.reset();
      // A file may be built anew under the same name.
      const isFinal = named instanceof TerminalError && !isFile;
      this.failure = {
        attempt,
        error: named,
        retryAt: isFinal ? Infinity : performance.now() + this.backoff.next(),
      };
      throw named;
    }
  }

  /** Gives up a pull that is under way. */
  cancel(): void {
    this.pulling.cancel();
  }
}

function withProblems(error: unknown, problems: readonly string[]): unknown {
  const refused = error instanceof ImagePullError && error.reason === 'ImagePullUnauthorized';
  if (!refused || problems.length === 0) return error;
  const message = `${error.message}. spec.imagePullSecrets: ${problems.join('; ')}`;
  return new ImagePullError(error.reason, message, undefined, { cause: error });
}
