/** Shows a person what is going on: one step at a time. */
export interface Progress {
  /** Begins a step; it is shown as running until it is done or has failed. */
  step(text: string): Step;
}

/** A step that runs. */
export interface Step {
  /** Adds to what is shown, e.g. what is being waited for. */
  update(detail: string): void;
  /** Ends the step well. @param text What is shown in its place. @default the text of the step */
  done(text?: string): void;
  /** Ends the step badly; the error itself is the caller's to report. */
  fail(text?: string): void;
}

/** Where progress goes: standard error, in practice. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const spinMs = 100;
/** Least time between two lines about one step, where each line stays. */
const quietMs = 5000;

/** Says nothing. */
export const silent: Progress = { step: () => ({ update() {}, done() {}, fail() {} }) };

/** Progress for this stream: a spinner with the elapsed time on a terminal, plain lines anywhere else. */
export function progressTo(stream: ProgressStream): Progress {
  return { step: (text) => (stream.isTTY ? new SpinningStep(stream, text) : new PlainStep(stream, text)) };
}

/** Runs `work` as one step: done when it resolves, failed when it throws. */
export async function during<T>(
  progress: Progress,
  text: string,
  work: (step: Step) => Promise<T>,
): Promise<T> {
  const step = progress.step(text);
  try {
    const result = await work(step);
    step.done();
    return result;
  } catch (error) {
    step.fail();
    throw error;
  }
}

/** `3 s`, `2 min 05 s`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** Elapsed time behind a text, left out while it is too short to matter. */
function elapsed(sinceMs: number): string {
  const ms = Date.now() - sinceMs;
  return ms < 1000 ? '' : ` (${duration(ms)})`;
}

class PlainStep implements Step {
  private readonly since = Date.now();
  private shown = { detail: '', at: this.since };

  constructor(
    private readonly stream: ProgressStream,
    private readonly text: string,
  ) {
    this.stream.write(`${text} ...\n`);
  }

  update(detail: string): void {
    if (detail === this.shown.detail || Date.now() - this.shown.at < quietMs) return;
    this.shown = { detail, at: Date.now() };
    this.stream.write(`${this.text}: ${detail}${elapsed(this.since)}\n`);
  }

  done(text = this.text): void {
    this.stream.write(`${text}: done${elapsed(this.since)}\n`);
  }

  fail(text = this.text): void {
    this.stream.write(`${text}: failed${elapsed(this.since)}\n`);
  }
}

class SpinningStep implements Step {
  private readonly since = Date.now();
  private readonly timer: NodeJS.Timeout;
  private detail = '';
  private frame = 0;

  constructor(
    private readonly stream: ProgressStream,
    private readonly text: string,
  ) {
    this.timer = setInterval(() => this.draw(), spinMs).unref();
    this.draw();
  }

  update(detail: string): void {
    this.detail = `: ${detail}`;
    this.draw();
  }

  done(text = this.text): void {
    this.end(`✓ ${text}`);
  }

  fail(text = this.text): void {
    this.end(`✗ ${text}`);
  }

  private end(line: string): void {
    clearInterval(this.timer);
    this.stream.write(`\r\x1b[K${line}${elapsed(this.since)}\n`);
  }

  private draw(): void {
    const line = `${frames[this.frame++ % frames.length]} ${this.text}${elapsed(this.since)}${this.detail}`;
    // A wrapped line could not be taken back: it is cut at the width of the terminal.
    this.stream.write(`\r\x1b[K${line.slice(0, (this.stream.columns ?? 80) - 1)}`);
  }
}
