/**
 * A program of an agent's session: says so many things to somebody, over so many connections at once.
 *
 *     talker.ts CONNECTIONS EACH @ADDRESS
 */
import { Client } from "../../src/client/Client.ts"

const [connections, each, to] = process.argv.slice(2)

const talk = async (connection: number) => {
  await using client = new Client()
  for (let n = 0; n < Number(each); n++) {
    await client.call("message.send", { to: [to!], text: `${connection} ${n}`, format: "plain", directory: "/" })
  }
}

await Promise.all(Array.from({ length: Number(connections) }, (_, connection) => talk(connection)))
console.log("said it all")
