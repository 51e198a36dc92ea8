/**
 * One set-up of a tree at a time: `npm start` and `npm test` begun together must not both write node_modules.
 *
 * A file that names its holders, a line each: this process, and the npm it runs, which outlives it when it is killed. Holders
 * that no longer live, or whose pid is another process by now, hold nothing.
 */
import { appendFileSync, linkSync, mkdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { say } from "./say.mjs"

/** Milliseconds between two looks at a lock that somebody holds. */
const POLL_MS = 200

/** Polls between two lines that say what is being waited for. */
const POLLS_PER_NOTICE = 50

/** Milliseconds after which a half-done removal of a dead holder's lock is itself taken for dead; it takes microseconds. */
const REMOVAL_MS = 10_000

/**
 * `work` is given a function that names a child process as another holder.
 *
 * @template T
 * @param {string} file
 * @param {(alsoHeldBy: (pid: number) => void) => Promise<T>} work
 * @returns {Promise<T>}
 */
export const withSetupLock = async (file, work) => {
  mkdirSync(dirname(file), { recursive: true })
  for (let polls = 0; !acquire(file); polls++) {
    if (polls % POLLS_PER_NOTICE === 0)
      say(
        `Another set-up of this tree is running (${holdersOf(file)?.split(" started")[0] ?? "ending"}); waiting for it`
      )
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  try {
    return await work((pid) => appendFileSync(file, `${identity(pid)}\n`))
  } finally {
    rmSync(file, { force: true })
  }
}

const acquire = (file) => {
  if (create(file)) return true
  if (isHeld(holdersOf(file))) return false
  // Only one of several waiters may remove a dead holder's file, or the second would remove the first one's new lock.
  const removal = `${file}.removal`
  try {
    mkdirSync(removal)
  } catch {
    if (age(removal) > REMOVAL_MS) rmSync(removal, { recursive: true, force: true })
    return false
  }
  try {
    if (!isHeld(holdersOf(file))) rmSync(file, { force: true })
    return create(file)
  } finally {
    rmdirSync(removal)
  }
}

/** A link appears whole or not at all, so nobody ever reads a lock without its holder. */
const create = (file) => {
  const own = `${file}.${process.pid}`
  writeFileSync(own, `${identity(process.pid)}\n`)
  try {
    linkSync(own, file)
    return true
  } catch (error) {
    if (error.code === "EEXIST") return false
    throw error
  } finally {
    rmSync(own, { force: true })
  }
}

const holdersOf = (file) => {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return undefined
  }
}

/** `pid N`, and on Linux when it started (proc_pid_stat(5), field 22), which tells it from a later process with its number. */
const identity = (pid) => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    return `pid ${pid} started ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}`
  } catch {
    return `pid ${pid}`
  }
}

const isHeld = (holders) => (holders ?? "").split("\n").some((holder) => holder !== "" && isAlive(holder))

const isAlive = (holder) => {
  const pid = Number(holder.split(" ")[1])
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (error.code === "ESRCH") return false
  }
  return identity(pid) === holder
}

const age = (path) => {
  try {
    return Date.now() - statSync(path).mtimeMs
  } catch {
    return 0
  }
}
