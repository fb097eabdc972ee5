type Labels = Readonly<Record<string, string>>;

/** What `sum(kasmcloud_NAME{LABELS})` is. */
export type Sum = (name: string, labels: Labels) => number;

/** Scrapes a process as Prometheus does. */
export async function samplesOf(url: string): Promise<Sum> {
  const text = await (await fetch(url)).text();
  const samples = text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    return name === undefined ? [] : [{ name, labels: new Set(labels.split(',')), value: Number(value) }];
  });
  return (name, of) => {
    const wanted = Object.entries(of).map(([key, value]) => `${key}="${value}"`);
    return samples
      .filter((each) => each.name === `kasmcloud_${name}` && wanted.every((one) => each.labels.has(one)))
      .reduce((total, { value }) => total + value, 0);
  };
}
