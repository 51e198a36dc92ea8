/**
 * Records what the state tests replay: a real program, driven through whole turns by a model that its script holds.
 *
 *   node test/sessions/state/programs/record.ts PROGRAM EXECUTABLE [COLSxROWS]
 *
 * writes test/sessions/state/fixtures/PROGRAM-COLSxROWS.cast.zst. SHOW_MARKS=1 prints the screen at every marker.
 */
import { spawnSync } from "node:child_process"
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { claude } from "./claude.ts"
import { codex } from "./codex.ts"
import { gemini } from "./gemini.ts"
import { HeldModel } from "./HeldModel.ts"
import { opencode } from "./opencode.ts"
import { QUOTED } from "./quoted.ts"
import { Recorder } from "./Recorder.ts"
import { isIdle, say } from "./scenes.ts"
import { bash, fish, zsh } from "./shells.ts"

/** What a script is given to play with. */
export interface Play {
  readonly terminal: Recorder
  readonly model: HeldModel
  /** The directory it works in. */
  readonly project: string
}

export interface Script {
  /** What is typed to start it. */
  readonly command: string
  readonly env: (url: string, home: string, project: string) => Readonly<Record<string, string>>
  /** Writes what its first start would ask a person. */
  readonly prepare: (url: string, home: string, project: string) => void
  readonly play: (play: Play) => Promise<void>
  /** Is on its screen when it can be told something; left out: it asks no model. */
  readonly ready?: RegExp
}

/** Started once more, and killed at work: its frame stays on the screen, with a shell's prompt in the middle of it. */
const dieAtWork = async (play: Play, { command, ready }: Script) => {
  if (ready === undefined) return
  const { model, terminal } = play
  terminal.type(`clear; ${command}\r`)
  await isIdle(play, ready, 2_000, "it was started again")
  await say(play, "work")
  await model.next()
  await terminal.lasts(2_000)
  terminal.mark({ state: "working" })
  await terminal.crash()
  terminal.mark({ state: "gone", note: "it was killed at work" })
}

const scripts: Readonly<Record<string, Script>> = { bash, claude, codex, fish, gemini, opencode, zsh }

/** The same for everybody who records, because programs show it. */
const STAGES = "/var/tmp/agentd-recording"

const [name = "", executable = "", size = "80x24"] = process.argv.slice(2)
const script = scripts[name]
const [cols = 0, rows = 0] = size.split("x").map(Number)
if (script === undefined || executable === "" || !(cols > 0 && rows > 0)) {
  process.stderr.write(`Usage: record.ts ${Object.keys(scripts).join("|")} EXECUTABLE [COLSxROWS]\n`)
  process.exit(2)
}

const stage = join(STAGES, `${name}-${cols}`)
rmSync(stage, { recursive: true, force: true })
const [home, project, bin] = ["home", "project", "bin"].map((folder) => join(stage, folder)) as [string, string, string]
for (const folder of [home, project, bin]) mkdirSync(folder, { recursive: true })
symlinkSync(resolve(executable), join(bin, name))
await using model = await HeldModel.start()
script.prepare(model.url, home, project)
const own = script.env(model.url, home, project)
const env = { PATH: `${bin}:${process.env.PATH}`, HOME: home, USER: "user", EDITOR: "vim", QUOTED, ...own }
const version = spawnSync(join(bin, name), ["--version"], { env, encoding: "utf8" }).stdout.split("\n")[0]!
using terminal = new Recorder(
  { env, cwd: project, cols, rows },
  { title: `${name} ${version}`, command: script.command }
)
try {
  await terminal.shows(/user@host:~\$$/m)
  terminal.type(`${script.command}\r`)
  await script.play({ terminal, model, project })
  await dieAtWork({ terminal, model, project }, script)
} catch (error) {
  process.stderr.write(`${String(error)}\n${terminal.rows.join("\n")}\n`)
  for (const { path, body } of model.requests.slice(-3))
    process.stderr.write(`${path} ${JSON.stringify(body).slice(0, 3000)}\n`)
  process.exit(1)
}
const cast = terminal.cast()
const file = join(import.meta.dirname, "..", "fixtures", `${name}-${cols}x${rows}.cast.zst`)
mkdirSync(join(file, ".."), { recursive: true })
writeFileSync(file, cast)
process.stdout.write(`${file}: ${cast.length} bytes, ${version}\n`)
// Whatever still runs on the terminal is hung up with it.
process.exit(0)
