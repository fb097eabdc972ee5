import { within } from '../../base/sleep';
import { ImagePullError } from '../images/errors';
import type { FetchOptions, ImageStore, StoredImage } from '../images/store';

/** How long a pass waits for an image: one that is in the cache is there at once. */
const PATIENCE_MS = 500;
/** Longest time of one pull; what it has downloaded by then, the next goes on from. */
const PULL_MS = 15 * 60_000;

/** An image is being pulled: nothing has failed, and nothing can be said of it yet. */
export class StillPulling extends Error {
  override readonly name = 'StillPulling';
  constructor(image: string) {
    super(`${image} is pulled and started`);
  }
}

interface Pull {
  readonly key: string;
  readonly abort: AbortController;
  readonly work: Promise<StoredImage>;
}

/**
 * Pulls the image of one object beside the passes over it. A registry that hangs, or sends a byte a minute, so holds up neither other
 * objects nor a correction of this one.
 */
export class ImagePull {
  private current: Pull | undefined;

  constructor(
    private readonly images: ImageStore,
    /** Called when a pull has ended that {@link fetch} did not wait for. */
    private readonly ended: () => void,
  ) {}

  /**
   * What {@link ImageStore.fetch} resolves with. A pull of anything else that is still under way is given up.
   * @throws StillPulling when that takes a while: to be asked again once it has ended; else as ImageStore.fetch
   */
  async fetch(
    image: string,
    options: Pick<FetchOptions, 'pullPolicy' | 'credentials'>,
  ): Promise<StoredImage> {
    const key = JSON.stringify([image, options.pullPolicy, options.credentials]);
    if (this.current?.key !== key) {
      this.cancel();
      this.current = this.begin(key, image, options);
    }
    const pull = this.current;
    const settled = pull.work.catch(() => undefined);
    if (!(await within(PATIENCE_MS, settled, false))) {
      void settled.then(() => {
        if (this.current === pull) this.ended();
      });
      throw new StillPulling(image);
    }
    if (this.current === pull) this.current = undefined;
    return pull.work;
  }

  /** Whether a pull goes on. */
  get underWay(): boolean {
    return this.current !== undefined;
  }

  /** Gives up what is under way. */
  cancel(): void {
    this.current?.abort.abort(new Error('The image is not wanted any more'));
    this.current = undefined;
  }

  private begin(key: string, image: string, options: FetchOptions): Pull {
    const abort = new AbortController();
    const late = new ImagePullError(
      'ImagePullFailed',
      `Image ${image} was not there after ${PULL_MS / 60_000} min`,
      'Its registry or the network is very slow; the next attempt goes on from what is there',
    );
    const timer = setTimeout(() => abort.abort(late), PULL_MS).unref();
    const work = this.images
      .fetch(image, { ...options, signal: abort.signal })
      .finally(() => clearTimeout(timer));
    return { key, abort, work };
  }
}
