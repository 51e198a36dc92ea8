/**
 * What every program is taken through, a scene at a time: each ends with a marker that says what is true of the program then. How a program
 * looks and what its tools are called is its own script's.
 */
import type { Question } from "./HeldModel.ts"
import { QUESTION, QUOTED } from "./quoted.ts"
import type { Play } from "./record.ts"

/** A tool that its model calls, and how the program asks whether it may run. */
interface Call {
  readonly tool: string
  readonly input: object
  /** On the screen while it asks. */
  readonly shown: RegExp
  /** What it asks about, as a person would put it. */
  readonly asks: string
  /** Milliseconds until its question is drawn. */
  readonly drawnMs?: number
}

/** Types a line; Enter in the same breath would be taken for something pasted. */
export const say = async ({ terminal }: Pick<Play, "terminal">, text: string): Promise<void> => {
  terminal.type(text)
  await terminal.settles()
  terminal.type("\r")
}

/** Waits until the program is drawn and wants nothing but to be told something. */
export const isIdle = async ({ terminal }: Play, shown: RegExp, drawnMs: number, note?: string): Promise<void> => {
  await terminal.shows(shown)
  await terminal.settles(drawnMs)
  terminal.mark({ state: "idle", ...(note === undefined ? {} : { note }) })
}

/** A person has begun to say what they want. */
export const isToldSomething = async ({ terminal }: Play): Promise<void> => {
  terminal.type("fix the build")
  await terminal.shows(/fix the build/)
  await terminal.settles()
  terminal.mark({ state: "idle", note: "somebody types" })
  terminal.type("\r")
}

const call = async ({ terminal }: Play, question: Question, { asks, drawnMs, input, shown, tool }: Call) => {
  question.call(tool, input)
  question.end()
  await terminal.shows(shown)
  await terminal.settles(drawnMs)
  terminal.mark({ state: "needs-permission", asks })
}

/** From what it was told to its model's next question: it waits, answers, asks for leave, gets it with `yes`, and runs a tool. */
export const works = async (play: Play, tests: Call, yes = "\r"): Promise<Question> => {
  const { model, terminal } = play
  const first = await model.next()
  await terminal.lasts(1_500)
  terminal.mark({ state: "working", note: "it waits for the model" })
  first.text("I will run the tests.\n\n")
  await terminal.lasts(1_000)
  terminal.mark({ state: "working", note: "the model answers" })
  await call(play, first, tests)
  terminal.type(yes)
  await terminal.lasts(1_200)
  terminal.mark({ state: "working", note: "a tool runs" })
  const second = await model.next()
  await terminal.lasts(1_000)
  terminal.mark({ state: "working", note: "it waits for the model again" })
  return second
}

/** Its model has something to ask the person, who takes the first answer. */
export const asksSomething = async (
  { terminal }: Play,
  question: Question,
  tool: string,
  input: object,
  drawnMs?: number
): Promise<void> => {
  question.call(tool, input)
  question.end()
  await terminal.shows(/Which colour/)
  await terminal.settles(drawnMs)
  terminal.mark({ state: "waiting-input", asks: QUESTION })
  terminal.type("\r")
}

/** Its answer looks like a question of its own, first while it is given and then when it is over, which `shown` tells if anything does. */
export const quotesQuestion = async ({ model, terminal }: Play, shown: RegExp | null): Promise<void> => {
  const note = "its answer looks like a question"
  const answer = await model.next()
  answer.text(QUOTED)
  await terminal.shows(/Somebody wrote/)
  await terminal.lasts(1_500)
  terminal.mark({ state: "working", note })
  answer.end()
  await (shown === null ? terminal.lasts(1_000) : terminal.shows(shown))
  await terminal.settles(1_500)
  terminal.mark({ state: "done", note })
}

/** It asks whether it may write a file. */
export const wantsToWrite = async (play: Play, write: Call): Promise<void> => {
  await say(play, "write hello.txt")
  await call(play, await play.model.next(), write)
}

/** It is in the middle of an answer. */
export const thinks = async ({ model, terminal }: Play): Promise<void> => {
  const answer = await model.next()
  answer.text("Let me think.\n\nWell")
  await terminal.shows(/Let me think/)
  await terminal.lasts(1_500)
  terminal.mark({ state: "working" })
}

/** It is interrupted with Esc. */
export const isInterrupted = async (play: Play, shown: RegExp): Promise<void> => {
  play.terminal.type("\x1b")
  await isIdle(play, shown, 1_500, "it was interrupted")
}

/** Its prompt is edited in vim, and left as it was. */
export const isEdited = async (play: Play, shown: RegExp): Promise<void> => {
  const { terminal } = play
  terminal.type("\x07")
  await terminal.shows(/^~$/m)
  await terminal.settles()
  terminal.mark({ state: "elsewhere", note: "its prompt is in vim" })
  terminal.type(`i${QUOTED.replaceAll("\n", "\r")}\x1b`)
  await terminal.settles()
  terminal.mark({ state: "elsewhere", note: "its prompt is in vim and looks like a question" })
  terminal.type(":q!\r")
  await isIdle(play, shown, 1_500)
}

/** It dies while it asks whether it may remove something. */
export const diesAsking = async (play: Play, remove: Call): Promise<void> => {
  await say(play, "remove it")
  await call(play, await play.model.next(), remove)
  await play.terminal.crash()
  play.terminal.mark({ state: "gone", note: "it was killed while it asked" })
}

/** In the shell that it has left, a program prints what looks like a question. */
export const shellPrintsQuestion = async ({ terminal }: Play): Promise<void> => {
  terminal.type("clear; printf '%s' \"$QUOTED\"; sleep 1\r")
  await terminal.lasts(500)
  terminal.mark({ state: "gone", note: "a program prints what looks like a question" })
}
