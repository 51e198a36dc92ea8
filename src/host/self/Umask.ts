/**
 * Two masks (umask(2)): what this daemon makes is its user's alone; what the programs make follows the mask the daemon was
 * started with, as in the shell it was started from.
 */

const OURS = 0o077

let theirs = process.umask()

/** From here on everything this process makes is private. */
export const makePrivate = (): void => {
  theirs = process.umask(OURS)
}

export const programsMask = (): number => theirs

/** Runs `fork` under the programs' mask. Nothing else of this process may make files meanwhile without naming their mode. */
export const withProgramsMask = <A>(fork: () => A): A => {
  const ours = process.umask(theirs)
  try {
    return fork()
  } finally {
    process.umask(ours)
  }
}
