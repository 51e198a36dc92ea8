/**
 * Plain shells. A prompt is whatever its owner likes, and a program that runs may look like anything: so this tells a prompt of the usual
 * forms with the cursor behind it, and questions that command-line programs ask in usual words, and never that something is at work.
 */
import type { Detector, Sighting, Snapshot } from "../Detector.ts"
import { isShell } from "./Innermost.ts"
import { beforeCursor, endsAtCursor, question } from "./Rows.ts"

/** Options that take the next word. */
const TAKES = /^(--rcfile|--init-file|-o|\+o|-O|\+O|-C|--init-command|--config|--env-config)$/

/** `user@host:~/project$ `, `[user@host project]# `, `user@host ~/project> `, `bash-5.2$ `, in an environment `(venv) `. */
const NAMED = /^(\([\w.-]+\) )*(\[?[\w.-]+@[\w.-]+[ :][^$#%>]*|(ba|z|k|da|mk)?sh(-[\d.]+)?|[\w.-]+:[~/][^$#%>]*)[$#%>] /
/** Nothing but its sign; a percent sign behind a number is progress, an angle bracket half a command. */
const BARE = /^(.*[^\d\s])?(?:[$#❯➜λ] |(?<=[^\d\s])% )$/u

const SECRET = /\b(password|passphrase|passcode|PIN)\b[^:?]*[:?] ?$/i
/** What was typed behind it stays a short answer. */
const CHOICE = /[[(](y|yes)\/(n|no)(\/[^\])]*)?[\])][ :?]*\w{0,3}$/i

export const shell: Detector = {
  name: "shell",
  recognises: ([program, ...args]) =>
    program !== undefined &&
    isShell(program) &&
    args.every((word, i) => (/^[-+]/.test(word) && !/^-[a-z]*c$/.test(word)) || TAKES.test(args[i - 1] ?? "")),
  detect: (snapshot) => (snapshot.alternate || !endsAtCursor(snapshot) ? undefined : lineOf(snapshot))
}

const lineOf = (snapshot: Snapshot): Sighting | undefined => {
  const line = beforeCursor(snapshot)
  if (SECRET.test(line)) return asks(line, "a secret is asked for at the cursor")
  if (CHOICE.test(line)) return asks(line, "yes or no is asked for at the cursor")
  if (!snapshot.cursor.visible) return undefined
  if (NAMED.test(line)) return { state: "idle", confidence: 0.7, why: "the cursor is behind a shell's prompt" }
  if (BARE.test(line)) return { state: "idle", confidence: 0.5, why: "the cursor is behind a prompt's sign" }
  return undefined
}

const asks = (line: string, why: string): Sighting => {
  const asked = question(line)
  return { state: "waiting-input", confidence: 0.6, why, ...(asked === undefined ? {} : { question: asked }) }
}
