/** Who is asking, by control group: what a process says of itself, and whose child it is, make no difference. */
import { expect, it } from "vitest"
import { onSystems } from "./support/onSystems.ts"
import { said } from "./support/sessions.ts"

interface Who {
  readonly kind: string
  readonly agent: { readonly name: string } | null
  readonly session: string | null
}

onSystems("an agent's identity", ({ user }) => {
  it("is its session's, also for a process that has left its terminal, parent and environment", async () => {
    await using somebody = await user()
    const asks = `agentctl agent whoami --json`
    const script = [
      "agentctl agent register ant",
      `${asks} > near`,
      // Twice forked, its parents gone, without a terminal, without a variable that tells of the session.
      `(setsid env --ignore-environment PATH="$PATH" HOME="$HOME" XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR" sh -c '${asks} > far; echo left > done' < /dev/null > /dev/null 2>&1 &)`,
      "until [ -e done ]; do sleep 0.02; done",
      "echo asked; sleep 1000"
    ].join("\n")
    await somebody.agentctl("run", "-d", "--name", "one", "--", "bash", "-c", script)
    await said(somebody, "one", "asked")
    const near = JSON.parse(await somebody.read(`${somebody.home}/near`)) as Who
    const far = JSON.parse(await somebody.read(`${somebody.home}/far`)) as Who
    expect(near).toMatchObject({ kind: "agent", agent: { name: "ant" } })
    expect(far).toMatchObject({ kind: "agent", agent: { name: "ant" }, session: near.session })

    // And nobody becomes it by saying so.
    const claims = { AGENTD_SESSION: near.session!, AGENTD_AGENT: "ant" }
    const outside = await somebody.run(["agentctl", "agent", "whoami", "--json"], { env: claims })
    expect(JSON.parse(outside.stdout)).toMatchObject({ kind: "person", agent: null, session: null })
  })
})
