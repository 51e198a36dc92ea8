/** Messages, agents and sessions of the socket as the tools hand them over (`contract/tools/Tool.ts`). */
import type { Agent } from "../../contract/Agent.ts"
import type { Message } from "../../contract/Message.ts"
import type { Session } from "../../contract/session/Session.ts"
import type { ToolAgent, ToolMessage, ToolSession } from "../../contract/tools/Tool.ts"

const time = (at: number): string => new Date(at).toISOString()

/** `text` is a piece of the message's, `next` where it goes on. */
export const toolMessage = (message: Message, text: string, next: number | null): ToolMessage => ({
  id: message.id,
  thread: message.thread,
  replyTo: message.replyTo,
  from: `@${message.author.name}`,
  to: message.to,
  sentAt: time(message.sentAt),
  edited: message.version > 1,
  deleted: message.deletedAt !== null,
  unread: message.unread,
  scopes: message.scopes,
  refs: message.refs,
  format: message.format,
  bytes: message.bytes,
  text,
  next,
  data: message.data
})

export const toolAgent = (agent: Agent): ToolAgent => ({
  address: agent.address,
  kind: agent.kind,
  role: agent.role,
  module: agent.module,
  display: agent.display,
  status: agent.status,
  note: agent.note,
  host: agent.host,
  worktree: agent.worktree,
  session: agent.session?.name ?? null,
  intent: agent.session?.intent ?? null,
  task: agent.session?.task ?? null
})

const toolState = (state: Session["state"]): ToolSession["state"] =>
  state === undefined ? null : { name: state.name, confidence: state.confidence, question: state.question }

export const toolSession = (session: Session, own: string | null): ToolSession => ({
  id: session.id,
  name: session.name,
  own: session.id === own,
  status: session.status,
  state: toolState(session.state),
  program: session.argv,
  directory: session.cwd,
  agent: session.agent === null ? null : `@${session.agent.name}`,
  intent: session.intent,
  task: session.task,
  tags: session.tags,
  startedAt: time(session.createdAt),
  printedAt: time(session.activeAt),
  exitCode: session.exit?.code ?? null,
  signal: session.exit?.signal ?? null
})
