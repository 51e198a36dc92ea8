/**
 * Every command there is and the file it lives in: the one list that dispatch, help, completion and documentation read.
 * Topics are separated by a colon here, as oclif wants it, and by a space on the command line.
 */
import type { CommandTable } from "./CommandTable.ts"

type Load = () => Promise<{ readonly default: unknown }>

const commands = {
  "agent:cleanup": () => import("./commands/agent/cleanup.ts"),
  "agent:context": () => import("./commands/agent/context.ts"),
  "agent:delete": () => import("./commands/agent/delete.ts"),
  "agent:list": () => import("./commands/agent/list.ts"),
  "agent:purpose": () => import("./commands/agent/purpose.ts"),
  "agent:register": () => import("./commands/agent/register.ts"),
  "agent:show": () => import("./commands/agent/show.ts"),
  "agent:status": () => import("./commands/agent/status.ts"),
  "agent:whoami": () => import("./commands/agent/whoami.ts"),
  attach: () => import("./commands/attach.ts"),
  autocomplete: () => import("./commands/autocomplete.ts"),
  "bug-report": () => import("./commands/bug-report.ts"),
  connect: () => import("./commands/connect.ts"),
  "config:check": () => import("./commands/config/check.ts"),
  "config:path": () => import("./commands/config/path.ts"),
  "config:show": () => import("./commands/config/show.ts"),
  cp: () => import("./commands/cp.ts"),
  "daemon:logs": () => import("./commands/daemon/logs.ts"),
  "daemon:metrics": () => import("./commands/daemon/metrics.ts"),
  "daemon:restart": () => import("./commands/daemon/restart.ts"),
  "daemon:start": () => import("./commands/daemon/start.ts"),
  "daemon:status": () => import("./commands/daemon/status.ts"),
  "daemon:stop": () => import("./commands/daemon/stop.ts"),
  detach: () => import("./commands/detach.ts"),
  disconnect: () => import("./commands/disconnect.ts"),
  doctor: () => import("./commands/doctor.ts"),
  events: () => import("./commands/events.ts"),
  forward: () => import("./commands/forward.ts"),
  forwards: () => import("./commands/forwards.ts"),
  "group:delete": () => import("./commands/group/delete.ts"),
  "group:list": () => import("./commands/group/list.ts"),
  "group:set": () => import("./commands/group/set.ts"),
  help: () => import("./commands/help.ts"),
  hosts: () => import("./commands/hosts.ts"),
  import: () => import("./commands/import.ts"),
  inbox: () => import("./commands/message/inbox.ts"),
  inspect: () => import("./commands/inspect.ts"),
  logs: () => import("./commands/logs.ts"),
  ls: () => import("./commands/ls.ts"),
  mcp: () => import("./commands/mcp.ts"),
  "message:archive": () => import("./commands/message/archive.ts"),
  "message:delete": () => import("./commands/message/delete.ts"),
  "message:edit": () => import("./commands/message/edit.ts"),
  "message:history": () => import("./commands/message/history.ts"),
  "message:inbox": () => import("./commands/message/inbox.ts"),
  "message:mark-read": () => import("./commands/message/mark-read.ts"),
  "message:read": () => import("./commands/message/read.ts"),
  "message:reply": () => import("./commands/message/reply.ts"),
  "message:send": () => import("./commands/message/send.ts"),
  "message:sent": () => import("./commands/message/sent.ts"),
  "message:wait": () => import("./commands/message/wait.ts"),
  msg: () => import("./commands/message/send.ts"),
  pick: () => import("./commands/pick.ts"),
  rename: () => import("./commands/rename.ts"),
  reply: () => import("./commands/message/reply.ts"),
  resume: () => import("./commands/resume.ts"),
  rm: () => import("./commands/rm.ts"),
  rpc: () => import("./commands/rpc.ts"),
  run: () => import("./commands/run.ts"),
  screen: () => import("./commands/screen.ts"),
  send: () => import("./commands/send.ts"),
  sent: () => import("./commands/message/sent.ts"),
  "service:install": () => import("./commands/service/install.ts"),
  "service:restart": () => import("./commands/service/restart.ts"),
  "service:start": () => import("./commands/service/start.ts"),
  "service:status": () => import("./commands/service/status.ts"),
  "service:stop": () => import("./commands/service/stop.ts"),
  "service:uninstall": () => import("./commands/service/uninstall.ts"),
  stop: () => import("./commands/stop.ts"),
  subscribe: () => import("./commands/subscribe.ts"),
  tag: () => import("./commands/tag.ts"),
  top: () => import("./commands/top.ts"),
  version: () => import("./commands/version.ts"),
  wait: () => import("./commands/wait.ts"),
  /** The other end of a copy, run by ssh on the other machine. */
  __files: () => import("./commands/files.ts"),
  /** Run in the session that keeps a connection to another machine. */
  __tunnel: () => import("./commands/tunnel.ts"),
  "who-has": () => import("./commands/who-has.ts"),
  whoami: () => import("./commands/agent/whoami.ts"),
  /** Asked by the shells' completion scripts. */
  __complete: () => import("./commands/complete.ts")
} satisfies Record<string, Load>

const topics = {
  agent: "Agents: named identities that sessions act for.",
  config: "The configuration: what holds, where it comes from, whether a file is right.",
  daemon: "The daemon itself: start, stop, look after it.",
  group: "Groups of agents, to write to all of them at once.",
  message: "Messages between agents and people.",
  service: "The service manager that looks after the daemon."
}

export const commandTable = { commands, topics } as unknown as CommandTable
