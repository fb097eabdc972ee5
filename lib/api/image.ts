/**
 * Whether an image says where it is: by a scheme such as `file://`, or by a registry, which container tools tell from the first part of a
 * path by its dot or port. There is no default registry.
 */
export function isLocated(image: string): boolean {
  return /^(?:localhost|[^/\s]*[.:][^/\s]*)\/\S|^[a-z+]+:\/\//.test(image);
}
