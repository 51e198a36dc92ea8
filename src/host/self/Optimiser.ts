/**
 * When V8's optimiser takes a function on: late while the daemon starts and waits, early once it is busy.
 *
 * The optimiser is 7 MB of Node's program file, read in with the first function it compiles, and a daemon that only starts and waits
 * should never need it: `bin/agentd` asks for twice the calls that V8 would wait for. A person who types would then be served by
 * the interpreter for as many keystrokes, each at twice the processor time.
 */
import { setFlagsFromString } from "node:v8"

const FLAG = "--invocation-count-for-turbofan="

/** Calls of a function after which it is compiled once there is something to do: some words typed. */
const SOON = 300

/**
 * From now on. Nothing in a daemon that was started without the flag: its Node may not know it. V8 reads it when a function has used up
 * what it may do before it is looked at again, so it may change at any time.
 */
export const optimiseSoon = (
  given: ReadonlyArray<string> = process.execArgv,
  set: (flag: string) => void = setFlagsFromString
): void => {
  if (given.some((argument) => argument.startsWith(FLAG))) set(`${FLAG}${SOON}`)
}
