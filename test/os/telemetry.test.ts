/** The daemon's metrics and traces below systemd, whose sandbox allows no network. */
import { expect, it } from "vitest"
import { onSystems } from "./support/onSystems.ts"
import type { User } from "./support/User.ts"

/** What a scraper gets, with bash alone. */
const scrape = (user: User) =>
  user.bash(
    `exec 3<>/dev/tcp/127.0.0.1/9469 && printf 'GET /metrics HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && cat <&3`,
    { mayFail: true }
  )

const CONFIG = '[telemetry]\nprometheus_listen = "127.0.0.1:9469"\notlp_endpoint = "http://127.0.0.1:4318"\n'
const NETWORK = "[Service]\nRestrictAddressFamilies=AF_INET AF_INET6\n"

onSystems("telemetry", ({ user }) => {
  it("needs a drop-in for a network address, and the log names it", async () => {
    await using somebody = await user()
    await somebody.write(`${somebody.home}/.config/agentd/agentd.toml`, CONFIG)
    await somebody.agentctl("run", "--", "true")
    expect((await scrape(somebody)).code).not.toBe(0)
    const way = "RestrictAddressFamilies=AF_INET AF_INET6"
    const journal = await somebody.until("both to be told", async () => {
      const text = await somebody.journal()
      return text.split(way).length > 2 && text
    })
    expect(journal).toMatch(/no metrics on 127\.0\.0\.1:9469: the unit's sandbox allows no network/)
    expect(journal).toMatch(/telemetry is not delivered, .*: the unit's sandbox allows no network/)

    await somebody.dropIn("agentd.service", "network", NETWORK)
    await somebody.systemctl("restart", "agentd.service")
    await somebody.agentctl("run", "--", "true")
    const { stdout } = await scrape(somebody)
    expect(stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(stdout).toMatch(/^agentd_sessions_started_total 1$/m)
    expect(stdout).toMatch(/^agentd_log_lines_lost_total 0$/m)
  })
})
