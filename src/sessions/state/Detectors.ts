/**
 * Whose detector reads a session's screen: that of the program its command line runs, or of an agent somebody starts in its shell.
 */
import type { Detector } from "./Detector.ts"
import { aider } from "./detectors/Aider.ts"
import { claudeCode } from "./detectors/ClaudeCode.ts"
import { codex } from "./detectors/Codex.ts"
import { gemini } from "./detectors/Gemini.ts"
import { innermost } from "./detectors/Innermost.ts"
import { openCode } from "./detectors/OpenCode.ts"
import { shell } from "./detectors/Shell.ts"

const agents: ReadonlyArray<Detector> = [aider, claudeCode, codex, gemini, openCode]

/** How much of an agent's own confidence is left where its command line does not say that it is there. */
const BY_HAND = 0.8

/** A shell, and any agent that somebody starts in it: their frames are not alike (a test compares them all). */
const shellAndAgents: Detector = {
  ...shell,
  detect: (snapshot) => {
    for (const agent of agents) {
      const sighting = agent.detect(snapshot)
      if (sighting !== undefined)
        return {
          ...sighting,
          confidence: sighting.confidence * BY_HAND,
          why: `${agent.name}, in a shell: ${sighting.why}`
        }
    }
    return shell.detect(snapshot)
  }
}

const detectors: ReadonlyArray<Detector> = [...agents, shellAndAgents]

/** Who reads the screens of this command line: of its innermost program (`env X=1 npx …`, `sh -c 'exec …'`). */
export const detectorFor = (argv: ReadonlyArray<string>): Detector | undefined => {
  const words = innermost(argv, (word) => detectors.some(({ recognises }) => recognises([word])))
  return detectors.find(({ recognises }) => recognises(words))
}
