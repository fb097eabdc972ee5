import type { HostUsage } from '../api';

/** What was measured. */
interface Measurement {
  readonly at: number;
  readonly cpuMicros: number;
}

/** Measures the process, and says only what is worth a write to the API server. */
export class UsageMeter {
  private last: Measurement = measure();
  private reported: { cpu: number; memory: number } | undefined;

  /** Processors and memory used since the last call, as quantities; the ones before where little has changed. */
  read(): HostUsage {
    const now = measure();
    const wallMicros = (now.at - this.last.at) * 1000;
    const current = {
      // Thousandths of a processor.
      cpu: wallMicros > 0 ? Math.round(((now.cpuMicros - this.last.cpuMicros) / wallMicros) * 1000) : 0,
      memory: Math.round(process.memoryUsage.rss() / 2 ** 20),
    };
    this.last = now;
    const before = this.reported;
    if (
      before === undefined ||
      differs(current.cpu, before.cpu, 50) ||
      differs(current.memory, before.memory, 8)
    )
      this.reported = current;
    const { cpu, memory } = this.reported ?? current;
    return { cpu: `${cpu}m`, memory: `${memory}Mi` };
  }
}

function measure(): Measurement {
  const { user, system } = process.cpuUsage();
  return { at: performance.now(), cpuMicros: user + system };
}

/** Whether a figure has moved by a tenth and by more than noise. */
function differs(now: number, before: number, noise: number): boolean {
  return Math.abs(now - before) > Math.max(noise, before / 10);
}
