/** Lists beyond this many items are told by their length and as many samples. */
const most = 400;

/**
 * A value as text. Guests and tests share the source, not the running code: a guest says what a value looks like on its side of the
 * component model, so two mistakes that cancel each other out are seen all the same.
 */
export function describeValue(value: unknown): string {
  if (value === undefined || value === null) return 'none';
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'string') return describeText(value);
  if (typeof value !== 'object') return value === true ? 'true' : 'false';
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return describeList(value as ArrayLike<unknown>);
  const entries = Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .map(([key, each]) => `${key}: ${describeValue(each)}`);
  return `{ ${entries.sort().join(', ')} }`;
}

function describeText(text: string): string {
  if (text.length <= most) return JSON.stringify(text);
  let sum = 0;
  for (let at = 0; at < text.length; at++) sum = (sum * 31 + text.charCodeAt(at)) | 0;
  return `${text.length} units of text, ${sum}`;
}

function describeList(list: ArrayLike<unknown>): string {
  const step = Math.ceil(list.length / most) || 1;
  const items: string[] = [];
  for (let at = 0; at < list.length; at += step) items.push(describeValue(list[at]));
  return `${list.length}[${items.join(', ')}]`;
}
