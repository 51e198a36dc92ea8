/** Whom one may write to and what one may answer: agents, roles, groups and messages, as far as the daemon says so in time. */
import type { Client } from "../../client/Client.ts"
import type { Message } from "../../contract/Message.ts"
import { printable } from "../Paint.ts"
import { standing } from "../standing.ts"
import { oneLine } from "../words/MessageText.ts"
import { ANSWER_MS, type Candidate } from "./Candidate.ts"

/** Messages that are offered: the newest, about as many as a screen shows. */
const MESSAGES = 20
/** Characters of a message that are shown beside its id. */
const WIDTH = 50

/** Commands whose words these are; elsewhere flags of the same name mean something else. */
const COMMANDS = /^(agent|group|message):|^(msg|reply|inbox|sent|subscribe|whoami)$/

/** Values of a flag or an argument: `undefined` when it holds none of these. */
export const peopleWords = (
  id: string,
  name: string,
  current: string,
  client: Client
): Promise<ReadonlyArray<Candidate>> | undefined => {
  if (id === "run" && name === "agent") return orNone(agentNames(client))
  if (!COMMANDS.test(id)) return undefined
  switch (name) {
    case "to":
    case "from":
    case "also":
    case "mention":
    case "agent":
    case "add":
    case "remove":
      return orNone(addresses(client, current))
    case "role":
      return orNone(roles(client))
    case "group":
      return orNone(groups(client))
    case "message":
    case "thread":
      return orNone(messages(client, id))
    default:
      return undefined
  }
}

const options = { timeoutMs: ANSWER_MS }

const listed = async (client: Client) => (await client.call("agent.list", standing(), options)).agents

/** With an @ where one was begun with it, or with nothing. */
const addresses = async (client: Client, current: string): Promise<ReadonlyArray<Candidate>> => {
  const at = current === "" || current.startsWith("@") ? "@" : ""
  const agents = (await listed(client)).map(({ address, kind, role, session }) => ({
    word: `${at}${address.slice(1)}`,
    about: [kind === "person" ? "person" : session === null ? "away" : "live", role].filter(Boolean).join(", ")
  }))
  const others = [...(await groups(client)), ...(await roles(client))]
  return [...agents, ...others.map(({ about, word }) => ({ word: `${at}${word}`, about }))]
}

/** Whom a new session may act for. */
const agentNames = async (client: Client): Promise<ReadonlyArray<Candidate>> =>
  (await listed(client))
    .filter(({ here, kind, session }) => here && kind === "agent" && session === null)
    .map(({ name, role }) => ({ word: name, about: role ?? "" }))

const roles = async (client: Client): Promise<ReadonlyArray<Candidate>> => {
  const found = (await listed(client)).flatMap(({ role }) => (role === null ? [] : [role]))
  return [...new Set(found)].map((word) => ({ word, about: "role" }))
}

const groups = async (client: Client): Promise<ReadonlyArray<Candidate>> =>
  (await client.call("group.list", standing(), options)).groups.map(({ members, name }) => ({
    word: name,
    about: `group: ${members.map((one) => one.name).join(" ")}`
  }))

const messages = async (client: Client, id: string): Promise<ReadonlyArray<Candidate>> => {
  const page = { limit: MESSAGES, ...standing() }
  const own = id === "message:edit" || id === "message:delete"
  const found: { readonly messages: ReadonlyArray<Message> } = own
    ? await client.call("message.outbox", page, options)
    : // Nobody is told that they were seen: they were only offered.
      await client.call("message.list", { box: "all", peek: true, ...page }, options)
  return found.messages.map((one) => ({
    word: one.id,
    about: printable(`@${one.author.name}: ${oneLine(one.text, WIDTH)}`)
  }))
}

const orNone = (found: Promise<ReadonlyArray<Candidate>>): Promise<ReadonlyArray<Candidate>> => found.catch(() => [])
