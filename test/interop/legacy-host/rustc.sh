#!/bin/sh
# Cargo calls this in place of rustc. The published host crate overflows the compiler's default query depth in a release
# build; the limit is an attribute of a crate, and from outside it can only be set by this unstable flag.
compiler=$1
shift
for argument in "$@"; do
  if [ "$argument" = wasmcloud_host ]; then
    RUSTC_BOOTSTRAP=1 exec "$compiler" "$@" -Zcrate-attr='recursion_limit="1024"'
  fi
done
exec "$compiler" "$@"
