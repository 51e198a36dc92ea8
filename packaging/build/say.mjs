/**
 * How the set-up speaks: progress as plain lines on stderr, so that a program's own output on stdout stays clean.
 */

/** Something a person has to do before it can go on; the message says what. */
export class SetupError extends Error {}

export const say = (line) => {
  process.stderr.write(`[agentd] ${line}\n`)
}
