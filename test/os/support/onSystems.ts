/**
 * Describes what holds on every system: one machine for each, with agentd installed, that a file's tests share; each test takes a
 * user of its own.
 */
import { afterAll, afterEach, beforeAll, describe, inject } from "vitest"
import { SYSTEMS, type System } from "./Image.ts"
import { install } from "./install.ts"
import { Machine } from "./Machine.ts"
import type { User } from "./User.ts"

/** Milliseconds for one test: real daemons, restarts that a service manager paces. */
export const TEST_MS = 120_000

export interface Context {
  readonly system: System
  /** `agentd.socket` is listening for them, as after `systemctl --user enable --now agentd.socket`. */
  readonly user: () => Promise<User>
  readonly machine: () => Machine
}

export const onSystems = (about: string, tests: (context: Context) => void, systems = SYSTEMS): void => {
  const reason = inject("cannotBoot")
  for (const system of systems) {
    describe.skipIf(reason !== null)(
      `${about} (${system.name}, systemd ${system.systemd})`,
      { timeout: TEST_MS },
      () => {
        let machine: Machine
        let current: User | undefined
        beforeAll(async () => {
          machine = await Machine.boot(system)
          await install(machine)
        }, TEST_MS)
        afterAll(() => machine?.[Symbol.asyncDispose](), TEST_MS)
        afterEach(({ task }) => {
          if (task.result?.state === "fail" && current !== undefined) {
            process.stderr.write(`--- journal of ${current.name}, for: ${task.name}\n${current.lastJournal}---\n`)
          }
          current = undefined
        })
        const user = async () => {
          current = await machine.user()
          await current.systemctl("enable", "--now", "agentd.socket")
          return current
        }
        tests({ system, user, machine: () => machine })
      }
    )
  }
}
