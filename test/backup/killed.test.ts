/** A backup whose process is killed while it writes. */
import { spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { mkdirSync, readdirSync, watch, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"
import { list, verify } from "../../src/backup/Job.ts"
import { temporary } from "../sessions/support.ts"
import { backUp, KEEP_ALL, makeHome, run } from "./support.ts"

const agentd = fileURLToPath(new URL("../../bin/agentd", import.meta.url))

it("is never listed, and stands in no way of the next", async () => {
  const home = await makeHome()
  const { backup } = await backUp(home)
  const { places, vault } = home
  const extra = temporary()
  for (let file = 0; file < 4; file++) writeFileSync(join(extra, `${file}`), randomBytes(8_000_000))
  mkdirSync(join(vault, "tmp"), { recursive: true })

  const job = spawn(agentd, ["--backup-job"], { stdio: ["pipe", "ignore", "inherit"] })
  const killed = new Promise<NodeJS.Signals | null>((resolve) => job.on("close", (_, signal) => resolve(signal)))
  // The moment that something of it is being written.
  const watcher = watch(join(vault, "tmp"), (_, name) => void (name === "object" && job.kill("SIGKILL")))
  const sources = {
    database: places.database,
    transcripts: places.transcripts,
    config: join(places.config, "agentd.toml"),
    extra
  }
  const id = `bak_${"0".repeat(26)}`
  const about = { at: 2_000, reason: "request", version: "0", host: "here", uid: process.getuid!() }
  job.stdin.write(`${JSON.stringify({ do: "create", id, directory: vault, sources, keep: KEEP_ALL, ...about })}\n`)
  expect(await killed).toBe("SIGKILL")
  watcher.close()

  expect(readdirSync(join(vault, "tmp"))).not.toEqual([])
  expect((await run(list({ do: "list", directory: vault }))).backups).toEqual([backup])
  const next = await backUp(home, { extra })
  expect(readdirSync(join(vault, "tmp"))).toEqual([])
  expect(await run(verify({ do: "verify", directory: vault, backup: next.backup.id }))).toMatchObject({
    backups: [{ id: next.backup.id, damaged: [] }]
  })
})
