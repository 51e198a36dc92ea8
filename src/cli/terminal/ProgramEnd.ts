/** How the end of somebody else's program becomes ours: its exit code, or 128 and the signal's number, as shells do. */
import { constants } from "node:os"
import type { ProgramExit } from "../../client/attachment/AttachmentMessage.ts"
import { ExitCode } from "../../contract/errors/ErrorCodes.ts"

export const signalExitCode = (signal: string): number => {
  const numbers: Readonly<Record<string, number | undefined>> = constants.signals
  return 128 + (numbers[signal] ?? 0)
}

export const programExitCode = (exit: Pick<ProgramExit, "code" | "signal">): number =>
  exit.signal !== null ? signalExitCode(exit.signal) : (exit.code ?? ExitCode.Failed)
