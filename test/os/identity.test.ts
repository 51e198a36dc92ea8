/** Who is asking, and what they reach, by control group: what a process says of itself, and whose child it is, make no difference. */
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

  it("decides which sessions a program reaches, through the socket and as a model's tools", async () => {
    await using somebody = await user()
    await somebody.agentctl("run", "-d", "--name", "stranger", "--", "sh", "-c", "echo secret; sleep 1000")
    await said(somebody, "stranger", "secret")
    await somebody.write(`${somebody.home}/looks`, LOOKS)
    const look = (name: string, ...flags: ReadonlyArray<string>) =>
      somebody.agentctl("run", "-d", "--name", name, ...flags, "--", "bash", "looks", name)
    await look("own", "--agent", "ant")
    await look("all", "--access", "all")
    for (const name of ["own", "all"]) await said(somebody, name, "looked")

    // Its own child; another's screen, from within and by a process that has left; another's keyboard; stopping it; that it is there.
    const codes = async (name: string) => (await somebody.read(`${somebody.home}/${name}.codes`)).trim()
    expect(await codes("own")).toBe("0 5 5 5 5 0")
    const lines = (await somebody.read(`${somebody.home}/own.mcp`)).trim().split("\n")
    const [, whoami, child, other] = lines.map((line) => (JSON.parse(line) as { readonly result: Answer }).result)
    expect(whoami?.structuredContent).toMatchObject({ kind: "agent", agent: { address: "@ant" } })
    expect(child?.structuredContent?.lines).toContain("mine")
    expect(other).toMatchObject({ isError: true, _meta: { "agentd/error": { tag: "NotAllowed" } } })
    expect(JSON.stringify(other)).not.toContain("secret")

    expect(await codes("all")).toBe("0 0 0 0 0 0")
  })
})

interface Answer {
  readonly structuredContent?: { readonly lines?: ReadonlyArray<string> }
}

/** What a program in a session tries: with `agentctl`, and over MCP as a client does that starts the server. */
const LOOKS = `
name=$1
agentctl run -d --name "$name-child" -- sh -c 'echo mine; sleep 1000' > /dev/null
agentctl wait "$name-child" --for output=mine > /dev/null
codes=
try() { "$@" > /dev/null 2>&1; codes="$codes $?"; }
try agentctl screen "$name-child"
try agentctl screen stranger
try env -u AGENTD_SESSION setsid -w agentctl screen stranger
try agentctl send stranger x
if [ "$name" = own ]; then try agentctl stop stranger; else try agentctl inspect stranger; fi
try sh -c 'agentctl ls | grep -q stranger'
coproc MCP { agentctl mcp; }
ask() {
  printf '{"jsonrpc":"2.0","id":1,"method":"%s","params":%s}\\n' "$1" "$2" >&"\${MCP[1]}"
  IFS= read -r line <&"\${MCP[0]}"
  printf '%s\\n' "$line"
}
{
  ask initialize '{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"a test","version":"1"}}'
  echo '{"jsonrpc":"2.0","method":"notifications/initialized"}' >&"\${MCP[1]}"
  ask tools/call '{"name":"whoami","arguments":{}}'
  ask tools/call '{"name":"read_screen","arguments":{"session":"'"$name-child"'"}}'
  ask tools/call '{"name":"read_screen","arguments":{"session":"stranger"}}'
} > "$name.mcp"
echo $codes > "$name.codes"
echo looked
sleep 1000
`
