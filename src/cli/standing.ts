/** Where the caller stands. A daemon that can asks the kernel; others have to be told. */
export const standing = () => ({ directory: process.cwd() })

/** Leaves out what was not given: the protocol knows no `undefined`. */
export const given = <A extends Readonly<Record<string, unknown>>>(values: A) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof A]?: Exclude<A[K], undefined>
  }
